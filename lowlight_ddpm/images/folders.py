"""The image files of a folder or of zip archives, by their names; whatever else lies there is told, with why.

Names are paths relative to the folder, sorted: they decide which images are held out of a training, so a file
has the same one on every machine, whatever the locale.
"""

import logging
import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path, PurePosixPath
from stat import S_ISREG
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from lowlight_ddpm.errors import Refusal, encodable
from lowlight_ddpm.images.formats import reads_heif

SUFFIXES = {
    *(".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".webp", ".avif", ".gif", ".tif", ".tiff"),
    *(".bmp", ".dib", ".jp2", ".j2k", ".jpc", ".jpf", ".jpx", ".j2c", ".ppm", ".pgm", ".pbm", ".pnm", ".pfm"),
}
HEIF = {".heic", ".heif", ".hif"}
_OTHERS = {  # what is said of files that might be taken for images
    ".eps": "PostScript, a program that is never run here",
    ".ps": "PostScript, a program that is never run here",
    ".jxl": "a JPEG XL image, which is not read here",
    ".svg": "a drawing of lines, not of pixels",
}
PARQUET, ZIP = ".parquet", ".zip"
MAX_MEMBERS = 100_000  # files of one zip archive
MAX_BYTES = 2**28  # of one file in it, unpacked: a camera's largest TIFF is smaller
SHOWN = 8  # files that a line names of those that are left out
log = logging.getLogger("lowlight_ddpm.images")
_METHODS = {ZIP_STORED, ZIP_DEFLATED}  # zipfile cannot limit what the others unpack to


@dataclass(frozen=True)
class Member:
    """An image file in a zip archive, which is unpacked into memory when it is read, never to the disk."""

    archive: Path
    info: ZipInfo

    def read(self, name: str) -> bytes:
        """Its bytes; raises Refusal, in which it is called `name`, where the archive is damaged."""
        try:
            with _archive(self.archive).open(self.info) as file:
                return file.read(self.info.file_size + 1)  # with no length it unpacks 2 GiB before it looks
        except Exception as error:  # zipfile and zlib raise many kinds
            raise Refusal(f"{name} is damaged in its zip archive: pack the archive again.") from error


@dataclass(frozen=True)
class Listing:
    """Files by name, in the order of their names; what was left out by name, each with why.

    `images` have a path or a Member, `tables` are parquet files, `archives` are zips.
    """

    images: dict[str, Path | Member]
    tables: dict[str, Path]
    archives: dict[str, Path]
    left_out: dict[str, str]


def name_of(path: str | Path) -> str:
    r"""A file's name as text: its bytes read as UTF-8, whatever the locale; \xe9 for a byte that is none."""
    return os.fsencode(Path(path).as_posix()).decode("utf-8", "backslashreplace")


def list_folder(folder: Path) -> Listing:
    """What lies in a folder and below it. Links are followed; a file of two names is read once.

    Hidden files and folders are left out, as is what is no image, parquet or zip file.
    """
    found, left_out = {}, {}
    seen: dict[tuple[int, int], str] = {}
    for path, reason in _walk(folder):
        name = name_of(path.relative_to(folder))
        reason = reason or reason_of(path)
        if not reason:
            state = path.stat()
            first = seen.setdefault((state.st_dev, state.st_ino), name)
            if first != name:
                reason = f"the same file as {first}"
            elif name in found:
                reason = "another file has this name once it is written as text"
        if reason:
            left_out[name] = reason
        else:
            found[name] = path
    ordered = {name: found[name] for name in sorted(found)}
    tables, archives = ({n: p for n, p in ordered.items() if _suffix(n) == kind} for kind in (PARQUET, ZIP))
    images = {name: path for name, path in ordered.items() if name not in tables and name not in archives}
    return Listing(images, tables, archives, left_out)


def list_zips(archives: dict[str, Path]) -> tuple[dict[str, Member], dict[str, str]]:
    """The images in zip archives, as ARCHIVE/PATH, by these names in order; what was left out, with why.

    An archive called "" gives names without it.
    """
    found, left_out = {}, {}
    for prefix, path in archives.items():
        for name, member in _members(path, prefix, left_out):
            if name in found:
                left_out[name] = "in the archive twice: the later one is read"
            found[name] = member
    return {name: found[name] for name in sorted(found)}, left_out


def tell(label: str, count: int, left_out: dict[str, str], what: str = "image", more: bool = False) -> None:
    """Log what was found in a source, in one line: a warning where something was left out."""
    log.log(logging.WARNING if left_out else logging.INFO, summary(label, count, left_out, what, more))


def summary(label: str, count: int, left_out: dict[str, str], what: str = "image", more: bool = False) -> str:
    """One line on a source: how many images were found, how many files or rows were left out, which and why.

    `more` says that they are the first of more.
    """
    found = f"{'the first ' if more else ''}{count} {what}{'' if count == 1 else 's'}"
    said = f"Found {found} in “{legible(label)}”"
    if not left_out:
        return f"{said}."
    shown = [f"{legible(name)} ({reason})" for name, reason in islice(left_out.items(), SHOWN)]
    if len(left_out) > SHOWN:
        shown.append(f"and {len(left_out) - SHOWN} more")
    return f"{said}; left out {len(left_out)}: {', '.join(shown)}."


def legible(name: str) -> str:
    """A name within one line: what cannot be printed, as a line break or a code for colour, is a “?”."""
    return "".join(sign if sign.isprintable() else "?" for sign in encodable(name))


def _walk(top: Path) -> Iterator[tuple[Path, str]]:
    """(path, why it is left out or "") of every file below a folder: first those that no link leads to.

    So a file that is linked to as well goes by its own name. No folder is listed twice, which ends cycles.
    """
    own, links, linked, seen = deque([top]), deque(), deque(), set()
    while own or links or linked:
        if links and not own:
            yield links.popleft(), ""
            continue
        folder = own.popleft() if own else linked.popleft()
        try:
            state = folder.stat()
            if (state.st_dev, state.st_ino) in seen:
                continue
            seen.add((state.st_dev, state.st_ino))
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            yield folder, "a folder that cannot be opened"
            continue
        for entry in entries:
            path = Path(entry.path)
            if path.is_dir():
                if _is_hidden(entry.name, folder=True):
                    yield path, "a hidden folder"
                else:
                    (linked if entry.is_symlink() else own).append(path)
            elif entry.is_symlink():
                links.append(path)
            else:
                yield path, ""


def reason_of(path: Path) -> str:
    """Why a file on the disk is no image, parquet or zip file that is read; "" if it is one."""
    try:
        regular = S_ISREG(path.stat().st_mode)
    except OSError:
        return "a link to nothing" if path.is_symlink() else "a file that cannot be opened"
    return _reason_of_name(path.name) or ("" if regular else "not a regular file")


def _reason_of_name(name: str) -> str:
    """Why a file of such a name is not read; "" if it may be."""
    suffix = _suffix(name)
    if name.startswith("._"):
        return "a Mac's resource file"
    if _is_hidden(name):
        return "a hidden file"
    if suffix in SUFFIXES or suffix in (PARQUET, ZIP):
        return ""
    if suffix in HEIF:
        return "" if reads_heif() else "a HEIC image, for which the extra heif must be installed"
    return _OTHERS.get(suffix, "not an image file that is read here")


def _members(path: Path, prefix: str, left_out: dict[str, str]) -> Iterator[tuple[str, Member]]:
    """The images of one archive, by name; `left_out` gets the rest."""
    try:
        infos = [info for info in _archive(path).infolist() if not info.is_dir()]
    except (OSError, BadZipFile, NotImplementedError, ValueError):
        left_out[prefix or path.name] = "a damaged zip archive"
        return
    if len(infos) > MAX_MEMBERS:
        left_out[prefix or path.name] = f"a zip archive of more than {MAX_MEMBERS} files"
        return
    for info in infos:
        name = encodable(f"{prefix}/{info.filename}" if prefix else info.filename)
        reason = _reason_in_zip(info)
        if reason:
            left_out[name] = reason
        else:
            yield name, Member(path, info)


def _reason_in_zip(info: ZipInfo) -> str:
    path = PurePosixPath(info.filename)
    reason = _reason_of_name(path.name)
    if reason:
        return reason
    if any(_is_hidden(part, folder=True) for part in path.parts[:-1] if part != ".."):
        return "in a hidden folder"
    if _suffix(path.name) in (PARQUET, ZIP):
        return "packed twice: unpack the archive around it"
    if info.flag_bits & 1:
        return "encrypted"
    if info.compress_type not in _METHODS:
        return "packed by a method that is not known here"
    return f"more than {MAX_BYTES >> 20} MiB" if info.file_size > MAX_BYTES else ""


def _archive(path: Path) -> ZipFile:
    state = path.stat()
    return _opened(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=8)
def _opened(path: Path, *_version: int) -> ZipFile:
    """An archive, whose list of files is read once; the latest few stay open."""
    return ZipFile(path)


def _is_hidden(name: str, folder: bool = False) -> bool:
    """Whether a name begins as those of hidden files do; folders like __MACOSX hold what no one put there."""
    return name.startswith(".") or (folder and name.startswith("__"))


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()
