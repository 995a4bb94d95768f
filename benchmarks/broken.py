"""Image files that are broken: whole ones of every format that is opened, and faults to put into them."""

import random
import zipfile
from io import BytesIO

from PIL import features

from benchmarks.formats import made
from lowlight_ddpm.images import draw
from lowlight_ddpm.images.formats import FORMATS

# Of what Pillow is allowed to open, what it was built with here.
PLAIN = tuple(
    kind
    for kind in FORMATS
    if features.check({"AVIF": "avif", "JPEG2000": "jpg_2000", "WEBP": "webp"}.get(kind, "zlib"))
)
# Files that say which colours or which numbers they hold: each part of them is a way into another decoder.
TAGGED = {
    "tagged PNG": (
        *("linear-16.png", "P3.png", "P3-palette.png", "cICP-over-profile.png", "gamma-and-primaries.png"),
        *("grey-16-key.png", "rgb-16-key.png", "grey-alpha-16.png", "long-text.png"),
    ),
    "tagged JPEG": ("P3.jpg", "press.jpg", "grey-2.2.jpg", "Adobe-RGB-exif.jpg"),
    "deep TIFF": (
        *("Adobe-RGB.tif", "ProPhoto-16-lzw.tif", "press.tif", "float-rgb-big.tif", "rgb-16-big.tif"),
        *("grey-alpha-16-little.tif", "white-is-zero-16-big.tif", "deflate-16.tif", "12-in-16.tif"),
    ),
}
KINDS = (*PLAIN, *TAGGED, "zip")


def whole(kind: str) -> list[bytes]:
    """Whole files of one kind: still, grey, with a palette or alpha where it has them, moving; or tagged."""
    if kind in TAGGED:
        data = {one.name: one.data for one in made()}
        return [data[name] for name in TAGGED[kind]]
    if kind == "zip":
        return [_archive(method) for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)]
    picture = draw(3, 48)
    modes = {
        "BMP": ("RGB", "RGBA", "L", "P", "1"),
        "JPEG": ("RGB", "L", "CMYK"),
        "JPEG2000": ("RGB", "RGBA", "L", "I;16"),
        "PPM": ("RGB", "L", "1", "I;16", "F"),
        "GIF": ("P", "L"),
        **dict.fromkeys(("WEBP", "AVIF"), ("RGB", "RGBA")),
    }
    found = []
    for mode in modes.get(kind, ("RGB", "RGBA", "L", "P", "I;16")):
        file = BytesIO()
        through = picture.convert("L") if mode in ("I;16", "F") else picture
        through.convert(mode).save(file, kind)
        found.append(file.getvalue())
    if kind in ("GIF", "WEBP", "TIFF", "PNG", "AVIF"):
        file = BytesIO()
        picture.save(file, kind, save_all=True, append_images=[draw(4, 48), draw(5, 48)])
        found.append(file.getvalue())
    return found


def _archive(method: int) -> bytes:
    """A zip archive of a few small files."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for number, kind in enumerate(("PNG", "JPEG", "BMP")):
            archive.writestr(f"folder/{number}.{kind.lower()}", whole(kind)[0])
    return file.getvalue()


def broken(file: bytes, chance: random.Random) -> bytes:
    """A file with one to eight faults: bits, bytes, runs of bytes changed, left out, doubled, or cut off."""
    data = bytearray(file)
    for _ in range(chance.randint(1, 8)):
        if not data:
            break
        # Half of the faults are near the beginning, where what governs the rest stands.
        place = chance.randrange(min(len(data), 64) if chance.random() < 0.5 else len(data))
        run = slice(place, place + chance.choice((1, 2, 4, 16, 64)))
        fault = chance.randrange(6)
        if fault == 0:
            data[place] ^= 1 << chance.randrange(8)
        elif fault == 1:
            data[run] = chance.randbytes(len(data[run]))
        elif fault == 2:
            data[run] = chance.choice((b"\xff", b"\x00", b"\x7f", b"\x80")) * len(data[run])
        elif fault == 3:
            del data[run]
        elif fault == 4:
            data[place:place] = data[run] * chance.randint(1, 3)
        else:
            del data[place:]
    return bytes(data)


def gif() -> tuple[bytes, bytes]:
    """A small GIF's header with its palette, and its picture."""
    file = BytesIO()
    draw(3, 48).convert("P").save(file, "GIF")
    data = file.getvalue()
    palette = 3 * (2 << (data[10] & 7))
    return data[: 13 + palette], data[13 + palette : -1]
