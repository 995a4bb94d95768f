"""Which formats are opened, with an explicit list; what is said of a file that is none of them.

Pillow knows some forty formats. One of them, PostScript, it hands to Ghostscript, which runs the file as the
program that it is; others have parsers that nobody has looked at for years. What is not listed is not tried.
"""

import importlib
from functools import cache
from pathlib import Path

from lowlight_ddpm.errors import Refusal

# Pillow's names. JPEG is MPO too, a phone's JPEG with a second image in it; PPM is PGM, PBM and PFM.
FORMATS = ["PNG", "JPEG", "WEBP", "AVIF", "GIF", "TIFF", "BMP", "JPEG2000", "PPM"]
OPENED = {*FORMATS, "MPO", "HEIF"}  # what Pillow calls the formats of images that those have opened
HEAD = 32  # bytes of a file that tell what it is
TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
CHOICE = "choose a PNG, JPEG, WebP, AVIF, GIF or TIFF"
_HEIF = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"heif")
_RAW_HEADS = {
    b"IIRO": "Olympus ORF",
    b"IIRS": "Olympus ORF",
    b"MMOR": "Olympus ORF",
    b"IIU\0": "Panasonic RW2",
    b"FUJIFILMCCD-RAW": "Fujifilm RAF",
    b"FOVb": "Sigma X3F",
    b"\0MRM": "Minolta MRW",
}
_RAW_SUFFIXES = {
    *(".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".iiq", ".kdc", ".mef", ".mos", ".mrw"),
    *(".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f"),
}


@cache
def reads_heif() -> bool:
    """Whether pillow-heif, the extra `heif`, is installed; then Pillow is told of it."""
    try:
        importlib.import_module("pillow_heif").register_heif_opener()
    except ImportError:
        return False
    return True


def formats(head: bytes) -> list[str]:
    """Pillow's names of the formats that a file with this beginning is tried as."""
    return [*FORMATS, "HEIF"] if _brand(head) in _HEIF and reads_heif() else FORMATS


def unread(name: str, head: bytes, suffix: str = "") -> Refusal:
    """What to say of a file that no listed format opens, by its first bytes, else by its name's end."""
    kind = raw(head)
    if kind or suffix.lower() in _RAW_SUFFIXES:
        return raw_refusal(name, kind or suffix[1:].upper())
    if _brand(head) in _HEIF and not reads_heif():
        return Refusal(
            f"{name} is a HEIC image, and pillow-heif, which reads those, is not installed here: save it as "
            "JPEG, or install the extra heif."
        )
    if head[:2] == b"\xff\x0a" or head[4:12] == b"JXL \r\n\x87\n":
        return Refusal(f"{name} is a JPEG XL image, which is not read here: save it as a PNG or JPEG.")
    if head[:4] in (b"%!PS", b"\xc5\xd0\xd3\xc6"):
        return Refusal(f"{name} is PostScript, a program that is never run here: save it as a PNG or JPEG.")
    return Refusal(f"{name} is no picture that can be read: {CHOICE}.")


def raw_refusal(name: str, kind: str) -> Refusal:
    """What to say of a camera's raw file."""
    return Refusal(f"{name} is a camera's raw file ({kind}): develop it, and choose the JPEG, PNG or TIFF.")


def suffix_of(source: object) -> str:
    """How the name of a file ends, with its dot; nothing for what has no name."""
    return Path(source).suffix if isinstance(source, str | Path) else ""


def raw(head: bytes) -> str | None:
    """The kind of a raw file that says so in its first bytes; Canon's CR2 is a TIFF that does."""
    if head[:4] in TIFF and head[8:10] == b"CR":
        return "Canon CR2"
    if _brand(head) == b"crx ":
        return "Canon CR3"
    return next((kind for begin, kind in _RAW_HEADS.items() if head.startswith(begin)), None)


def _brand(head: bytes) -> bytes:
    return head[8:12] if head[4:8] == b"ftyp" else b""
