"""From the colour space that an image says it is in to sRGB, in which every number of this software is.

Colours of a matrix and curves (nearly every RGB and grey profile, and all of PNG's and AVIF's own numbers)
are computed here in floating point, for 8 and 16 bits alike: Pillow offers Little CMS 8 bits a channel and no
more, and in 8 bits of linear light a dark image has a handful of levels. Profiles of tables (CMYK, scanners)
go through Little CMS in 8 bits: relative colorimetric, with black-point compensation. Of curves and a matrix
there is but one rendering, the same, and its black is black.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import cast

import numpy as np
from PIL import Image, ImageCms

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images.containers import Cicp
from lowlight_ddpm.images.icc import STEPS, BrokenProfile, Profile
from lowlight_ddpm.images.pixels import eight_bits

BLOCK = 2**20  # pixels that are converted at once, so that a large image does not fill memory with floats
SAME = 1  # level of 8 bits: a space that changes no colour by more is sRGB, rounded
PQ, HLG = 16, 18  # H.273's transfer functions whose white is no display's white
_LONGEST_NAME = 60
_REMEMBERED = 4 * 2**20  # bytes of a profile at most, so that uploads do not fill memory

# x and y of white, red, green and blue.
_D65 = (0.3127, 0.3290)
_SRGB = (*_D65, 0.640, 0.330, 0.300, 0.600, 0.150, 0.060)
_P3 = (*_D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060)
_ADOBE = (*_D65, 0.640, 0.330, 0.210, 0.710, 0.150, 0.060)
_PRIMARIES: dict[int, tuple[str, tuple[float, ...]]] = {  # ITU-T H.273, table 2
    1: ("BT.709", _SRGB),
    4: ("BT.470 M", (0.310, 0.316, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08)),
    5: ("BT.601, 625 lines", (*_D65, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06)),
    6: ("BT.601, 525 lines", (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070)),
    7: ("SMPTE 240M", (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070)),
    8: ("Generic film", (0.310, 0.316, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049)),
    9: ("BT.2020", (*_D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046)),
    10: ("CIE XYZ", (1 / 3, 1 / 3, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0)),
    11: ("DCI-P3", (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060)),
    12: ("Display P3", _P3),
    22: ("EBU Tech. 3213", (*_D65, 0.630, 0.340, 0.295, 0.605, 0.155, 0.077)),
}


def _of_srgb(x: np.ndarray) -> np.ndarray:
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)


def _of_bt709(x: np.ndarray) -> np.ndarray:
    """The inverse of the camera's curve of BT.601, BT.709 and BT.2020, as H.273 gives it."""
    a, b = 1.09929682680944, 0.018053968510807
    return np.where(x < 4.5 * b, x / 4.5, ((x + a - 1) / a) ** (1 / 0.45))


def _of_smpte_240m(x: np.ndarray) -> np.ndarray:
    return np.where(x < 0.0913, x / 4, ((x + 0.1115) / 1.1115) ** (1 / 0.45))


# H.273, table 3, without the logarithms (9, 10), which no still image has.
_TRANSFERS: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    **dict.fromkeys((1, 6, 11, 12, 14, 15), _of_bt709),
    4: lambda x: x**2.2,
    5: lambda x: x**2.8,
    7: _of_smpte_240m,
    8: lambda x: x,
    13: _of_srgb,
    17: lambda x: x**2.6 * (52.37 / 48),
}
_LEVELS = np.linspace(0, 1, STEPS)
_ENCODED = np.where(_LEVELS <= 0.0031308, 12.92 * _LEVELS, 1.055 * _LEVELS ** (1 / 2.4) - 0.055)
# The 8-bit sRGB value of light in 65536 steps, which are finer than a 20th of a level where sRGB is steepest.
_TO_SRGB = (_ENCODED * 255).round().astype(np.uint8)


@dataclass(frozen=True)
class Tags:
    """What a file says of its colours: a profile, PNG's chunks, AVIF's numbers, EXIF's word for Adobe RGB."""

    profile: bytes | None = None
    cicp: Cicp | None = None
    is_srgb: bool = False
    gamma: float | None = None
    chromaticities: tuple[float, ...] | None = None
    nclx: Cicp | None = None
    adobe: bool = False


@dataclass(frozen=True)
class Conversion:
    """A way to sRGB: its source's name, its kind of channels (RGB, GREY, CMYK), and what converts levels.

    `convert` makes uint8 (N, 3) of uint8 or uint16 (N, channels).
    """

    name: str
    kind: str
    convert: Callable[[np.ndarray], np.ndarray]

    def __call__(self, levels: np.ndarray) -> Image.Image:
        """An RGB image of 8-bit or 16-bit levels, uint8 or uint16 (H, W, channels)."""
        height, width = levels.shape[:2]
        converted = np.empty((height, width, 3), np.uint8)
        rows = max(1, BLOCK // width)
        for row in range(0, height, rows):
            block = levels[row : row + rows]
            converted[row : row + rows] = self.convert(block.reshape(-1, block.shape[-1])).reshape(
                *block.shape[:2], 3
            )
        return Image.fromarray(converted)


def conversion(tags: Tags, kind: str, name: str) -> Conversion | None:
    """How an image of `kind` (RGB, GREY, CMYK) comes to sRGB; None where it is in sRGB, or does not say.

    A profile that is broken, or of another kind than the image, says nothing. Raises Refusal, which calls the
    image `name`, for one that is brighter than a screen's white.
    """
    found = _found(tags, kind, name)
    return found if found and not _is_srgb(found) else None


def _found(tags: Tags, kind: str, name: str) -> Conversion | None:
    """PNG's order of precedence: cICP, iCCP, sRGB, gAMA and cHRM; and AVIF's, a profile before numbers."""
    if tags.cicp and (found := _of_cicp(tags.cicp, kind, name)):
        return found
    if found := _of_profile(tags.profile, kind, name):
        return found
    if tags.is_srgb or kind == "CMYK":
        return None
    if tags.gamma or tags.chromaticities:
        return _of_gamma(tags.gamma, tags.chromaticities, kind)
    if tags.nclx and not (tags.nclx.primaries == 1 and _TRANSFERS.get(tags.nclx.transfer) is _of_bt709):
        # BT.709 throughout is what video encoders write on whatever they get; browsers show it as sRGB.
        # The matrix and the range there are those of luma and chroma, which the decoder has undone.
        return _of_cicp(tags.nclx._replace(matrix=0, full_range=True), kind, name)
    if tags.adobe and kind == "RGB":
        return _computed("Adobe RGB", kind, lambda x: x ** (563 / 256), _ADOBE)
    return None


def _of_cicp(cicp: Cicp, kind: str, name: str) -> Conversion | None:
    if kind == "CMYK" or cicp.matrix != 0:  # an image's own numbers are RGB, or grey
        return None
    if cicp.transfer in (PQ, HLG):
        raise Refusal(_too_bright(name, cicp.transfer))
    space, transfer = _PRIMARIES.get(cicp.primaries), _TRANSFERS.get(cicp.transfer)
    if not space or not transfer:  # reserved, or said to be unknown
        return None

    def curve(x: np.ndarray) -> np.ndarray:
        return transfer(x if cicp.full_range else ((x * 255 - 16) / 219).clip(0, 1))

    title, primaries = space
    usual = {4: "gamma 2.2", 5: "gamma 2.8", 8: "linear", 13: "sRGB's curve"}.get(cicp.transfer)
    as_named = (cicp.primaries, cicp.transfer) in {(12, 13), (9, 1), (9, 14), (9, 15), (1, 1)}
    return _computed(f"{title}, {usual}" if usual and not as_named else title, kind, curve, primaries)


def _of_gamma(gamma: float | None, chromaticities: tuple[float, ...] | None, kind: str) -> Conversion | None:
    """PNG's gAMA and cHRM; without the one the curve is sRGB's, without the other the primaries are.

    A gamma of 1/2.2 with sRGB's primaries, or none, is what PNG has encoders write beside or instead of an
    sRGB chunk: there it stands for sRGB's own curve, as libpng has it (png_gamma_not_sRGB), not for a power.
    """
    is_srgb = chromaticities is None or np.allclose(chromaticities, _SRGB, atol=0.002)
    if gamma and abs(gamma * 2.2 - 1) < 0.01 and is_srgb:
        return None
    power = 1 / gamma if gamma and 0.01 < gamma < 100 else None
    said = [f"gamma {power:.2f}"] if power else []
    if not is_srgb and kind == "RGB":
        said.append("primaries of its own")
    name = " and ".join(said).capitalize() or "PNG chromaticities"
    return _computed(name, kind, (lambda x: x**power) if power else _of_srgb, chromaticities or _SRGB)


def _computed(
    name: str, kind: str, curve: Callable[[np.ndarray], np.ndarray], chromaticities: tuple[float, ...]
) -> Conversion | None:
    """None for chromaticities of no colours."""
    to_d50 = _to_d50(chromaticities) if kind == "RGB" else np.eye(3)
    if to_d50 is None:
        return None
    return _simple(name, kind, [curve(_LEVELS).clip(0, 1)] * (3 if kind == "RGB" else 1), to_d50)


def _of_profile(data: bytes | None, kind: str, name: str) -> Conversion | None:
    if not data:
        return None
    try:
        profile = Profile(data)
        if profile.kind != kind:
            return None
        if profile.transfer in (PQ, HLG):
            raise Refusal(_too_bright(name, profile.transfer))
        return _read_profile(data) if len(data) <= _REMEMBERED else _read_profile.__wrapped__(data)
    except BrokenProfile:
        return None


@lru_cache(maxsize=8)  # a folder's images have one or two profiles among them
def _read_profile(data: bytes) -> Conversion | None:
    profile = Profile(data)
    curves, title = profile.curves(), _title(data)
    if curves:
        return _simple(title, profile.kind, curves, profile.matrix() if profile.kind == "RGB" else np.eye(3))
    return _by_tables(title, profile)


def _simple(name: str, kind: str, curves: list[np.ndarray], to_d50: np.ndarray) -> Conversion:
    """A conversion by curves, float64 (65536) each, and for RGB by a matrix (3, 3) to XYZ under D50."""
    light = [curve.astype(np.float32) for curve in curves]
    # Grey is of no colour, so that its white is sRGB's.
    matrix = (_FROM_D50 @ to_d50).astype(np.float32)

    def convert(levels: np.ndarray) -> np.ndarray:
        levels = levels if levels.dtype == np.uint16 else levels.astype(np.uint16) * 257
        if kind == "GREY":
            return _encoded(light[0][levels[:, :1]]).repeat(3, axis=1)
        return _encoded(np.stack([light[i][levels[:, i]] for i in range(3)], axis=1) @ matrix.T)

    return Conversion(name, kind, convert)


def _encoded(light: np.ndarray) -> np.ndarray:
    """Light as 8-bit sRGB; what no screen shows becomes the nearest value of each channel."""
    return _TO_SRGB[(light.clip(0, 1) * (STEPS - 1) + 0.5).astype(np.uint16)]


def _by_tables(name: str, profile: Profile) -> Conversion | None:
    mode = {"GREY": "L"}.get(profile.kind, profile.kind)
    try:
        transform = ImageCms.buildTransform(
            ImageCms.ImageCmsProfile(BytesIO(profile.data)),
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError):  # its tables are broken
        return None

    def convert(levels: np.ndarray) -> np.ndarray:
        levels = levels if levels.dtype == np.uint8 else eight_bits(levels)
        picture = Image.frombytes(mode, (len(levels), 1), levels.tobytes())
        converted = ImageCms.applyTransform(picture, transform)
        return np.asarray(converted).reshape(-1, 3)

    return Conversion(name, profile.kind, convert)


def from_lab(picture: Image.Image) -> Image.Image:
    """An RGB image of one in CIE Lab, Pillow's mode LAB, as some TIFFs are."""
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(picture, lab, srgb, outputMode="RGB")
    return cast(Image.Image, converted)


def _is_srgb(found: Conversion) -> bool:
    """Whether it leaves every colour as it is, but for rounding."""
    if found.kind == "CMYK":
        return False
    steps = np.arange(0, 256, 15, dtype=np.uint8)
    greys = np.arange(256, dtype=np.uint8)[:, None].repeat(3, axis=1)
    colours = np.concatenate([greys, np.stack(np.meshgrid(steps, steps, steps), -1).reshape(-1, 3)])
    levels = greys[:, :1] if found.kind == "GREY" else colours
    off = np.abs(found.convert(levels).astype(int) - levels)
    return off.max() <= SAME


def _to_d50(points: tuple[float, ...]) -> np.ndarray | None:
    """From light of these primaries to XYZ under D50, adapted as Bradford has it: (3, 3); None if none is."""
    xy = np.reshape(points, (4, 2))
    if not (xy[0] > 0).all() or abs(np.linalg.det(np.c_[xy[1:], np.ones(3)])) < 1e-3:
        return None
    # XYZ up to a factor each, which is that with which the primaries add up to white.
    xyz = np.c_[xy, 1 - xy.sum(1)]
    white, primaries = xyz[0] / xyz[0, 1], xyz[1:].T
    to_xyz = primaries * np.linalg.solve(primaries, white)
    cone = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    d50 = np.array([0.9642, 1, 0.8249])
    return np.linalg.inv(cone) @ np.diag((cone @ d50) / (cone @ white)) @ cone @ to_xyz


_FROM_D50 = np.linalg.inv(cast(np.ndarray, _to_d50(_SRGB)))


def _title(data: bytes) -> str:
    """What a profile calls itself: one line of what prints, which whoever shows it must still escape."""
    try:
        said = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(BytesIO(data)))
    except (ImageCms.PyCMSError, OSError, ValueError):
        said = ""
    said = "".join(c for c in " ".join(said.split()) if c.isprintable())
    return said[:_LONGEST_NAME].strip() or "An ICC profile without a name"


def _too_bright(name: str, transfer: int | None) -> str:
    curve = "PQ" if transfer == PQ else "HLG"
    return f"{name} is a high-dynamic-range image ({curve}), brighter than white: save it in sRGB first."
