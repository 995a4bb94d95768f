"""What the containers PNG and ISO-BMFF (AVIF, HEIC) say of colour that Pillow does not tell.

Nothing is decoded here: chunks and boxes are found by their lengths, as many and as long as set limits allow.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO, NamedTuple

PNG = b"\x89PNG\r\n\x1a\n"
MAX_CHUNKS = 200_000  # of a PNG; 100 megapixels in chunks of 8 KiB are fewer
MAX_PROFILE = 16 * 2**20  # bytes of an ICC profile, inflated; a press's largest have 3 MiB
# What Pillow inflates of a text or profile before it refuses the whole image: PngImagePlugin.MAX_TEXT_CHUNK.
PILLOWS_LIMIT = 2**20
PILLOWS_TEXTS = 64 * PILLOWS_LIMIT  # and of all texts together, MAX_TEXT_MEMORY
MAX_META = 16 * 2**20  # bytes of an ISO-BMFF file's meta box, which holds an AVIF's ICC profile too
MAX_BOXES = 10_000
_LENGTHS = {b"IHDR": 13, b"cICP": 4, b"sRGB": 1, b"gAMA": 4, b"cHRM": 32}
_PLAIN, _DEFLATED, _INTERNATIONAL = b"tEXt", b"zTXt", b"iTXt"


class Cicp(NamedTuple):
    """A colour space in the numbers of ITU-T H.273, as PNG's cICP chunk and AVIF's colour box give it."""

    primaries: int
    transfer: int
    matrix: int
    full_range: bool


@dataclass(frozen=True)
class Png:
    """What a PNG's chunks say; None for a chunk that is not there, or not of its length.

    `profile` is an inflated ICC profile; `gamma` what light is raised to when it is encoded (1/2.2);
    `chromaticities` x and y of white, red, green and blue.
    """

    depth: int  # bits of a sample
    cicp: Cicp | None = None
    profile: bytes | None = None
    is_srgb: bool = False
    gamma: float | None = None
    chromaticities: tuple[float, ...] | None = None


def png(file: BinaryIO) -> tuple[Png | None, BinaryIO]:
    """A PNG's chunks, and a file that Pillow takes: the same one, or a copy without what it would refuse.

    Pillow gives up an image for one text or profile over a MiB, which is no fault of the image: a workflow, a
    press's profile. None for what is no PNG; a damaged one is left for Pillow to refuse. Leaves the file's
    position undefined.
    """
    file.seek(0)
    if file.read(8) != PNG:
        return None, file
    held: dict[bytes, bytes] = {}
    left_out, texts = [], 0
    for name, start, length in _chunks(file):
        if name in (_PLAIN, _DEFLATED, _INTERNATIONAL):
            size = _text_size(name, file.read(length))
            texts += size
            if size > PILLOWS_LIMIT or texts > PILLOWS_TEXTS:
                left_out.append((start, length))
        elif name == b"iCCP" and length <= MAX_PROFILE:
            data = file.read(length)
            held.setdefault(name, data)
            if len(_inflated(data.partition(b"\0")[2][1:], PILLOWS_LIMIT + 1)) > PILLOWS_LIMIT:
                left_out.append((start, length))
        elif length == _LENGTHS.get(name):
            held.setdefault(name, file.read(length))
        elif name in _LENGTHS:
            left_out.append((start, length))
    if b"IHDR" not in held:
        return None, file
    return _said(held[b"IHDR"][8], held), _without(file, left_out) if left_out else file


def _said(depth: int, held: dict[bytes, bytes]) -> Png:
    cicp, gamma, points = held.get(b"cICP"), held.get(b"gAMA"), held.get(b"cHRM")
    return Png(
        depth,
        Cicp(cicp[0], cicp[1], cicp[2], bool(cicp[3])) if cicp else None,
        # A name, a zero byte and the method of compression come first.
        _inflated(held.get(b"iCCP", b"").partition(b"\0")[2][1:], MAX_PROFILE) or None,
        b"sRGB" in held,
        int.from_bytes(gamma, "big") / 100_000 if gamma else None,
        tuple(point / 100_000 for point in struct.unpack(">8I", points)) if points else None,
    )


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Names, places of the data, and lengths, of what is not cut off; the file stands at the data of each."""
    place, end = len(PNG), file.seek(0, 2)
    for _ in range(MAX_CHUNKS):
        file.seek(place)
        head = file.read(8)
        length = int.from_bytes(head[:4], "big")
        if len(head) < 8 or place + 8 + length > end:
            return
        yield head[4:], place + 8, length
        place += 12 + length


def _inflated(data: bytes, limit: int) -> bytes:
    """At most `limit` bytes of what is compressed in `data`; none where it is damaged."""
    try:
        return zlib.decompressobj().decompress(data, limit)
    except zlib.error:
        return b""


def _text_size(name: bytes, data: bytes) -> int:
    """How long a text is, inflated, as far as Pillow would have it."""
    _, _, rest = data.partition(b"\0")
    if name == _INTERNATIONAL:
        is_deflated, rest = rest[:1] == b"\1", rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    else:
        is_deflated, rest = name == _DEFLATED, rest[1:] if name == _DEFLATED else rest
    return len(_inflated(rest, PILLOWS_LIMIT + 1)) if is_deflated else len(rest)


def _without(file: BinaryIO, left_out: list[tuple[int, int]]) -> BinaryIO:
    """A copy of a PNG without the chunks of these places and lengths."""
    copy, place = BytesIO(), 0
    for start, length in left_out:
        file.seek(place)
        copy.write(file.read(start - 8 - place))
        place = start + length + 4
    file.seek(place)
    copy.write(file.read())
    return copy


def nclx(file: BinaryIO) -> Cicp | None:
    """The colour space in numbers that an AVIF or HEIC gives its main image; None where it gives none.

    A file holds more images than one (transparency, a gain map), each with boxes of its own, so that it does
    not do to take the first colour box. Leaves the file's position undefined.
    """
    try:
        meta = _meta(file)
        boxes = {} if meta is None else dict(_boxes(meta[4:]))
        properties = dict(_boxes(boxes.get(b"iprp", b"")))
        main = _number(boxes[b"pitm"][4:], 2 if boxes[b"pitm"][0] == 0 else 4)
        listed = list(_boxes(properties.get(b"ipco", b"")))
        for index in _indices(properties[b"ipma"], main):
            name, data = listed[index - 1] if 0 < index <= len(listed) else (b"", b"")
            if name == b"colr" and data[:4] == b"nclx":
                primaries, transfer, matrix, flags = struct.unpack(">HHHB", data[4:11])
                return Cicp(primaries, transfer, matrix, bool(flags & 0x80))
    except (KeyError, IndexError, struct.error):
        pass  # a file that is cut off, or that holds no images
    return None


def _meta(file: BinaryIO) -> bytes | None:
    """The content of a file's meta box."""
    place = 0
    for _ in range(MAX_BOXES):
        file.seek(place)
        head = file.read(16)
        if len(head) < 8:
            return None
        length, begin = _length(head)
        if head[4:8] == b"meta":
            file.seek(place + begin)
            return file.read(min(length - begin, MAX_META)) if length else file.read(MAX_META)
        if length < begin:  # 0 is for a box that goes on to the file's end
            return None
        place += length
    return None


def _length(head: bytes) -> tuple[int, int]:
    """A box's length, and where in it the content begins."""
    length = int.from_bytes(head[:4], "big")
    return (int.from_bytes(head[8:16], "big"), 16) if length == 1 else (length, 8)


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names and contents of the boxes in another's content."""
    place = 0
    for _ in range(MAX_BOXES):
        head = data[place : place + 16]
        if len(head) < 8:
            return
        length, begin = _length(head)
        if length < begin:
            return
        yield head[4:8], data[place + begin : place + length]
        place += length


def _indices(ipma: bytes, item: int) -> Iterator[int]:
    """Which properties, counted from 1, an association box gives an item."""
    wide_items, wide_indices = ipma[0] > 0, ipma[3] & 1
    count, place = _number(ipma[4:], 4), 8
    for _ in range(min(count, MAX_BOXES)):
        width = 4 if wide_items else 2
        number, place = _number(ipma[place:], width), place + width
        entries, place = ipma[place], place + 1
        width = 2 if wide_indices else 1
        if number == item:
            mask = 0x7FFF if wide_indices else 0x7F  # without the bit that says it is essential
            yield from (_number(ipma[place + width * i :], width) & mask for i in range(entries))
        place += width * entries


def _number(data: bytes, width: int) -> int:
    if len(data) < width:
        raise IndexError("cut off")
    return int.from_bytes(data[:width], "big")
