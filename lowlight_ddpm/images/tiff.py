"""TIFFs of more than 8 bits, and those that Pillow does not know, by tifffile, which scikit-image installs.

Pillow takes signed and unsigned, WhiteIsZero and BlackIsZero for one, and lacks floats of three channels and
grey with alpha. tifffile without its codecs knows no compression but Deflate: the rest stays Pillow's.
"""

import logging
import math
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from lowlight_ddpm.images.pixels import Samples, Stored, eight_bits, negative, scaled

if TYPE_CHECKING:
    from tifffile import TiffPage

# It reports each broken tag, so that a server's log could be filled with an upload; a refusal says enough.
logging.getLogger("tifffile").setLevel(logging.CRITICAL + 1)

MAX_SEGMENTS = 1_000_000  # strips or tiles
_UNSIGNED, _SIGNED, _FLOATS = 1, 2, 3  # sample formats
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB = 0, 1, 2  # photometric interpretations that are read here
_OF_CAMERAS = {32803: "a colour filter's values", 34892: "linear raw values"}  # ... and of raw files
_ASSOCIATED, _UNASSOCIATED = 1, 2  # alpha that colours were multiplied by, and were not
_NONE, _DEFLATE = 1, (8, 32946)
_COMPRESSIONS = {
    5: "LZW",
    7: "JPEG",
    32773: "PackBits",
    34712: "JPEG 2000",
    34925: "LZMA",
    50000: "Zstandard",
}
_PREDICTORS = (1, 2)  # none, and differences of whole numbers; tifffile needs its codecs for those of floats


@dataclass(frozen=True)
class Tiff:
    """The first image of a TIFF, as its tags describe it; nothing of it is decoded yet."""

    page: "TiffPage"
    size: tuple[int, int]  # width and height
    photometric: int | None
    depth: int  # bits of a sample
    format: int
    channels: int  # samples of a pixel
    kind: np.dtype | None  # None for a type that numpy lacks
    compression: int
    predictor: int
    most: int | None  # the number that is white, where the file says that it is less than the depth allows
    alpha: int | None  # the kind of the sample beyond the colours
    orientation: int  # as EXIF counts: 1 is upright
    profile: bytes | None
    raw: str | None  # the kind of camera's raw file that it is: its first image is but a preview

    @property
    def is_deep(self) -> bool:
        """Whether it is grey or RGB of more than 8 bits, or of another kind than whole numbers from 0 up."""
        is_known = self.photometric in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB)
        return is_known and (self.depth > 8 or self.format != _UNSIGNED)

    @property
    def stored(self) -> Stored | None:
        """How a sample is stored, for Pillow, which does not say; None for a type that is not known."""
        most = 2**self.depth - 1 if 8 < self.depth < 16 else self.most
        return None if self.kind is None else Stored(self.kind, most, self.photometric == _WHITE_IS_ZERO)

    @property
    def lacking(self) -> str | None:
        """What keeps it from being read here, in words that go on from “is a TIFF with”; None for nothing."""
        if self.photometric is None:
            return "no word on what its numbers are"
        if self.photometric not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB):
            return (
                f"colours of another kind than grey and RGB (photometric interpretation {self.photometric})"
            )
        if self.page.imagedepth != 1 or self.channels - self._colours not in (0, 1):
            return f"{self.channels} samples a pixel"
        if self.kind is None or self.kind.kind not in "iuf" or self.kind.itemsize * 8 != self.depth:
            return f"{self.depth} bits a sample"
        numbers = {_SIGNED: "signed integers", _FLOATS: "floating-point numbers"}.get(self.format, "integers")
        if self.compression not in (_NONE, *_DEFLATE):
            compression = _COMPRESSIONS.get(self.compression, f"kind {self.compression} of")
            return f"{self.depth}-bit {numbers} in {compression} compression"
        if self.predictor not in _PREDICTORS:
            return f"{self.depth}-bit {numbers} and predictor {self.predictor}"
        return None

    @property
    def _colours(self) -> int:
        return 3 if self.photometric == _RGB else 1

    def samples(self) -> Samples:
        """Its pixels, where nothing is `lacking`. Raises ValueError, in words, for what is damaged."""
        self._refuse_what_swells()
        values = self.page.asarray(maxworkers=1)
        if self.page.planarconfig == 2 and self.channels > 1:
            values = np.moveaxis(values, 0, -1)
        width, height = self.size
        values = values.reshape(height, width, self.channels)
        levels = scaled(values[..., : self._colours], self.most)
        if self.photometric == _WHITE_IS_ZERO:
            levels = negative(levels)
        if self.channels == self._colours or self.alpha not in (_ASSOCIATED, _UNASSOCIATED):
            return Samples(levels)
        alpha = Samples(scaled(values[..., self._colours :], self.most)).sixteen_bits()
        if self.alpha == _ASSOCIATED:
            levels = _unmultiplied(Samples(levels).sixteen_bits(), alpha)
        return Samples(levels, eight_bits(alpha[..., 0]))

    def _refuse_what_swells(self) -> None:
        """Each strip or tile must hold what it is to hold: inflated without a limit it could fill memory."""
        page, chunk = self.page, math.prod(self.page.chunks)
        count = len(page.dataoffsets)
        if count > MAX_SEGMENTS or count != len(page.databytecounts):
            raise ValueError("its list of strips is none")
        if chunk > 4 * math.prod(page.shape) + 2**20:
            raise ValueError("its tiles are larger than itself")
        if self.compression == _NONE:
            return
        most, file = chunk * self.depth // 8, page.parent.filehandle
        for offset, length in zip(page.dataoffsets, page.databytecounts, strict=True):
            file.seek(offset)
            part = zlib.decompressobj()
            try:
                part.decompress(file.read(length), most)
                if part.decompress(part.unconsumed_tail, 1):
                    raise ValueError("a part holds more than it should")
            except zlib.error as error:
                raise ValueError("a part cannot be inflated") from error


def tiff(file: BinaryIO) -> Tiff | None:
    """The first image of a TIFF; None where its tags cannot be read. Leaves the file's position undefined."""
    # Imported here, since a page that is never sent a TIFF does not need it.
    import tifffile

    try:
        file.seek(0)
        page = tifffile.TiffFile(file, _multifile=False).pages.first
        return _described(page)  # type: ignore[arg-type]
    except Exception:  # as many kinds as tags can be broken in
        return None


def _described(page: "TiffPage") -> Tiff:
    def value(code: int, usual: Any = None) -> Any:
        tag = page.tags.get(code)
        return usual if tag is None else tag.value

    depth, sample_format = int(page.bitspersample), int(page.sampleformat)
    photometric, profile = value(262), value(34675)
    extra = [int(kind) for kind in page.extrasamples]
    return Tiff(
        page=page,
        size=(int(page.imagewidth), int(page.imagelength)),
        photometric=None if photometric is None else int(photometric),
        depth=depth,
        format=sample_format,
        channels=int(page.samplesperpixel),
        kind=page.dtype,
        compression=int(page.compression),
        predictor=int(page.predictor),
        most=_most(value(281), depth) if sample_format == _UNSIGNED else None,
        alpha=extra[0] if extra else None,
        orientation=int(value(274, 1)),
        profile=bytes(profile) if isinstance(profile, bytes) else None,
        raw=_raw(value, int(page.subfiletype)),
    )


def _most(said: Any, depth: int) -> int | None:
    """White by MaxSampleValue, which tells how many bits are used if it is a power of 2 less 1.

    Any other value is the highest that there happens to be: TIFF 6.0 calls the tag one for statistics.
    """
    most = said[0] if isinstance(said, tuple) and said else said
    if not isinstance(most, int) or most & (most + 1):
        return None
    return most if 255 <= most < 2**depth - 1 else None


def _raw(value: Any, subfile: int) -> str | None:
    """The kind of raw file, by the tags in which those are unlike a photograph's TIFF."""
    if value(50706) is not None:  # the version of DNG
        return "DNG"
    maker = " ".join(str(value(271, "")).split("\0")[0].split())[:40]
    if value(262) in _OF_CAMERAS:
        return maker or _OF_CAMERAS[value(262)]
    # NEF, ARW and their like open with a small preview and have the photograph in a directory below.
    is_preview = subfile & 1 and value(330) is not None
    return maker if is_preview and maker else None


def _unmultiplied(levels: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Colours that were multiplied by alpha, as they were: uint16 (H, W, C)."""
    whole = np.maximum(alpha, 1).astype(np.float64)
    return (levels / whole * 65535).clip(0, 65535).round().astype(np.uint16)
