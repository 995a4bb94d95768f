"""Small files of many kinds, each written as its specification says, and not with what reads them.

`colours()` and `greys()` are what they show; `encoded` gives the same in other spaces.
"""

import struct
import zlib
from collections.abc import Callable
from functools import cache
from io import BytesIO

import numpy as np
from PIL import Image

SIDE = 48
D65, D50 = (0.3127, 0.3290), np.array([0.9642, 1, 0.8249])
SRGB = (*D65, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
P3 = (*D65, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)
ADOBE = (*D65, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
PROPHOTO = (0.3457, 0.3585, 0.734699, 0.265301, 0.159597, 0.840403, 0.036598, 0.000105)
BT2020 = (*D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046)


# Colours, by their formulae.


@cache
def colours() -> np.ndarray:
    """A smooth image, as sRGB values in 0..1: float64 (SIDE, SIDE, 3)."""
    y, x = np.mgrid[:SIDE, :SIDE] / (SIDE - 1)
    return np.stack([0.3 + 0.45 * x, 0.3 + 0.4 * y, 0.6 - 0.2 * x - 0.05 * y], -1)


def greys() -> np.ndarray:
    """From black to white, as sRGB values: float64 (SIDE, SIDE)."""
    return np.linspace(0, 1, SIDE * SIDE).reshape(SIDE, SIDE)


def image(values: np.ndarray) -> Image.Image:
    """The RGB image of sRGB values in 0..1."""
    return Image.fromarray((values * 255).round().astype(np.uint8)).convert("RGB")


def light(values: np.ndarray) -> np.ndarray:
    """sRGB values as linear light (IEC 61966-2-1)."""
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def srgb_curve(linear: np.ndarray) -> np.ndarray:
    """Linear light as sRGB values."""
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear.clip(0) ** (1 / 2.4) - 0.055)


def power(gamma: float) -> Callable[[np.ndarray], np.ndarray]:
    """A curve that raises light to 1 / gamma."""
    return lambda linear: linear.clip(0) ** (1 / gamma)


def bt709_curve(linear: np.ndarray) -> np.ndarray:
    """Linear light as values of BT.709 and BT.2020."""
    return np.where(linear < 0.018054, 4.5 * linear, 1.099297 * linear.clip(0) ** 0.45 - 0.099297)


def primaries(points: tuple[float, ...]) -> np.ndarray:
    """The XYZ under D50 of a space's red, green and blue, as columns; x and y of white come first."""
    xyz = np.array([[x / y, 1, (1 - x - y) / y] for x, y in zip(points[::2], points[1::2], strict=True)])
    white, columns = xyz[0], xyz[1:].T
    columns = columns * np.linalg.solve(columns, white)
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    gain = np.diag((bradford @ D50) / (bradford @ white))
    return np.linalg.inv(bradford) @ gain @ bradford @ columns


def encoded(points: tuple[float, ...], curve: Callable, values: np.ndarray | None = None) -> np.ndarray:
    """sRGB values, `colours()` by default, as those of a space of these primaries and this curve."""
    linear = light(colours() if values is None else values)
    across = np.linalg.inv(primaries(points)) @ primaries(SRGB)
    return curve(linear @ across.T).clip(0, 1)


def levels(values: np.ndarray, bits: int = 8) -> np.ndarray:
    """Values in 0..1 as whole numbers of 8 or 16 bits."""
    return (values * (2**bits - 1)).round().astype(np.uint8 if bits == 8 else np.uint16)


# Files, by their specifications.


def png(
    pixels: np.ndarray,
    *chunks: tuple[bytes, bytes],
    depth: int | None = None,
) -> bytes:
    """A PNG of uint8 or uint16 (H, W) or (H, W, 1 to 4), chunks before the pixels; `depth` packs greys."""
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    height, width, channels = pixels.shape
    depth = depth or pixels.dtype.itemsize * 8
    if depth < 8:
        bits = np.unpackbits(pixels.astype(np.uint8)[..., None], axis=-1)[..., -depth:]
        pixels = np.packbits(bits.reshape(height, -1), axis=1)
    elif depth == 16:
        pixels = pixels.astype(">u2")
    lines = b"".join(b"\0" + line.tobytes() for line in pixels)
    header = struct.pack(">IIBBBBB", width, height, depth, {1: 0, 2: 4, 3: 2, 4: 6}[channels], 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(lines)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(name, data) for name, data in parts)


def chunk(name: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def iccp(profile: bytes) -> tuple[bytes, bytes]:
    """The chunk of an ICC profile."""
    return b"iCCP", b"a profile\0\0" + zlib.compress(profile)


def gama(gamma: float) -> tuple[bytes, bytes]:
    """The chunk of a curve that raises light to 1 / gamma."""
    return b"gAMA", struct.pack(">I", round(100_000 / gamma))


def chrm(points: tuple[float, ...]) -> tuple[bytes, bytes]:
    """The chunk of white and primaries."""
    return b"cHRM", struct.pack(">8I", *(round(100_000 * point) for point in points))


def cicp(primary: int, transfer: int, matrix: int = 0, full: int = 1) -> tuple[bytes, bytes]:
    """The chunk of a space in H.273's numbers."""
    return b"cICP", bytes([primary, transfer, matrix, full])


def icc(
    name: str,
    curve: bytes,
    points: tuple[float, ...] | None = None,
    tables: dict[bytes, bytes] | None = None,
    kind: bytes = b"",
    device: bytes = b"mntr",
    pcs: bytes = b"XYZ ",
) -> bytes:
    """An ICC profile of version 2.4: RGB if it has primaries, grey if not; `tables` are further tags."""
    text = name.encode() + b"\0"
    tags = {b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78)}
    tags |= {b"wtpt": _xyz(D50), b"cprt": b"text\0\0\0\0none\0"}
    if points is not None:
        columns = primaries(points).T
        tags |= {f"{c}XYZ".encode(): _xyz(column) for c, column in zip("rgb", columns, strict=True)}
        tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    elif curve:
        tags[b"kTRC"] = curve
    tags |= tables or {}
    place, index, body = 128 + 4 + 12 * len(tags), b"", b""
    for tag, data in tags.items():
        data += bytes(-len(data) % 4)
        index += struct.pack(">4sII", tag, place + len(body), len(data))
        body += data
    kind = kind or (b"RGB " if points is not None else b"GRAY")
    head = struct.pack(">I4sI4s4s4s", place + len(body), bytes(4), 0x02400000, device, kind, pcs)
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + _xyz(D50)[8:]
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + index + body


def gamma_curve(gamma: float) -> bytes:
    """A profile's curve of one number; of 1, of none."""
    return b"curv\0\0\0\0" + (struct.pack(">IH", 1, round(gamma * 256)) if gamma != 1 else bytes(4))


def table_curve(to_light: Callable[[np.ndarray], np.ndarray], count: int = 1024) -> bytes:
    """A profile's curve of many points."""
    points = (to_light(np.linspace(0, 1, count)) * 65535).round().astype(">u2")
    return b"curv\0\0\0\0" + struct.pack(">I", count) + points.tobytes()


def parametric_curve(function: int, *numbers: float) -> bytes:
    """A profile's curve by a formula."""
    values = (round(number * 65536) for number in numbers)
    return b"para\0\0\0\0" + struct.pack(f">HH{len(numbers)}i", function, 0, *values)


SRGB_PARAMETERS = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def srgb_of_lab(lightness: float, a: float, b: float) -> np.ndarray:
    """CIE Lab under D50 as sRGB values, clipped."""
    y = (lightness + 16) / 116
    f = np.array([y + a / 500, y, y - b / 200])
    xyz = D50 * np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    return srgb_curve((np.linalg.inv(primaries(SRGB)) @ xyz).clip(0, 1))


def press() -> bytes:
    """A CMYK profile of tables: all inks at once are black, and between their corners it is linear in Lab."""
    corners = np.array([[ink >> 3 & 1, ink >> 2 & 1, ink >> 1 & 1, ink & 1] for ink in range(16)])
    lab = np.array([press_lab(*inks) for inks in corners])
    table = np.stack([lab[:, 0] * 2.55, lab[:, 1] + 128, lab[:, 2] + 128], -1).round().astype(np.uint8)
    straight = bytes(range(256))
    matrix = struct.pack(">9i", *(65536 * np.eye(3, dtype=int)).ravel())
    mft1 = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + matrix + straight * 4 + table.tobytes() + straight * 3
    return icc("press", b"", tables={b"A2B0": mft1}, kind=b"CMYK", device=b"prtr", pcs=b"Lab ")


def press_lab(c: int, m: int, y: int, k: int) -> tuple[int, int, int]:
    """The Lab colour of inks that are there (1) or not (0), whole numbers."""
    if k:
        return 0, 0, 0
    dark = 100 - 30 * c - 40 * m - 8 * y
    return dark, -25 * c + 50 * m - 3 * y, -30 * c - 4 * m + 70 * y


def _xyz(values: np.ndarray) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(float(value) * 65536) for value in values))


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    """A file that Pillow writes."""
    content = BytesIO()
    picture.save(content, kind, **options)
    return content.getvalue()


def tiff(values: np.ndarray, byteorder: str = "<", **tags: object) -> bytes:
    """A TIFF of any numbers, by tifffile."""
    import tifffile

    content = BytesIO()
    tifffile.imwrite(content, values, byteorder=byteorder, metadata=None, **tags)
    return content.getvalue()


def lzw_tiff(values: np.ndarray, profile: bytes = b"", white_is_zero: bool = False) -> bytes:
    """A TIFF in LZW of uint16 (H, W) or (H, W, 3), which neither Pillow nor tifffile writes."""
    values = values[..., None] if values.ndim == 2 else values
    height, width, channels = values.shape
    # Codes stay 9 bits wide if the table is cleared (256) before it grows; 257 ends it.
    data = values.astype("<u2").tobytes()
    codes = [256] + [code for at in range(0, len(data), 200) for code in (*data[at : at + 200], 256)] + [257]
    strip = np.packbits(np.unpackbits(np.array(codes, ">u2").view(np.uint8)).reshape(-1, 16)[:, 7:]).tobytes()
    extra = struct.pack(f"<{channels}H", *[16] * channels).ljust(8, b"\0") + profile
    extra += bytes(len(extra) % 2)
    photometric = 2 if channels == 3 else 0 if white_is_zero else 1
    depth = 8 if channels == 3 else 16  # of three samples the place where their bits are listed
    entries = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, channels, depth), (259, 3, 1, 5)]
    entries += [(262, 3, 1, photometric), (273, 4, 1, 8 + len(extra)), (277, 3, 1, channels)]
    entries += [(278, 4, 1, height), (279, 4, 1, len(strip))]
    entries += [(34675, 7, len(profile), 16)] if profile else []
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    body = extra + strip + bytes(len(strip) % 2)
    return b"II*\0" + struct.pack("<I", 8 + len(body)) + body + directory + bytes(4)


def with_nclx(avif: bytes, primary: int, transfer: int) -> bytes:
    """An AVIF of Pillow's whose numbers of the colour space are these."""
    at = avif.index(b"colrnclx") + 8
    return avif[:at] + struct.pack(">HH", primary, transfer) + avif[at + 4 :]


def adobe_exif() -> bytes:
    """EXIF that says Adobe RGB, in the way of cameras."""
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA001] = 65535
    exif.get_ifd(0x8769)[0xA005] = {1: "R03"}
    return exif.tobytes()


P3_ICC = icc("Display P3", parametric_curve(3, *SRGB_PARAMETERS), P3)
ADOBE_ICC = icc("Adobe RGB (1998)", gamma_curve(563 / 256), ADOBE)
PROPHOTO_ICC = icc("ProPhoto RGB", gamma_curve(1.8), PROPHOTO)
LINEAR_ICC = icc("Linear sRGB", gamma_curve(1), SRGB)
SRGB_ICC = icc("sRGB IEC61966-2.1", table_curve(light), SRGB)
GREY_ICC = icc("Linear grey", gamma_curve(1))
DOT_GAIN_ICC = icc("Grey gamma 2.2", gamma_curve(2.2))
BEST_JPEG = {"quality": 100, "subsampling": 0}
