"""A zip of a model's folder, as somebody uploads it: unpacked without believing what it says of itself."""

import stat
from pathlib import Path, PurePosixPath
from zipfile import ZipFile, ZipInfo

from lowlight_ddpm.errors import Refusal

MOST_FILES, MOST_BYTES = 1000, 300_000_000  # entries; unpacked, of 60 million weights with some to spare
_WANTED = {".json", ".safetensors"}  # nothing else of a model is opened
_PIECE = 2**20


def unpack(path: Path, into: Path, most: int = MOST_BYTES) -> Path:
    """Unpack a zip's JSON and safetensors files into an empty folder; returns the model's folder there.

    Raises Refusal, in one sentence, for what is no zip, is encrypted or damaged, has links or paths that lead
    out of it, unpacks to more than `most` bytes, or holds no model.
    """
    try:
        with ZipFile(path) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_FILES:
                raise Refusal(f"The zip has {len(entries):,} entries: one of a model's folder has a dozen.")
            left = most
            for entry in entries:
                if (place := _path(entry)) is not None:
                    left -= _written(archive, entry, into / place, left, most)
    except Refusal:
        raise
    except Exception as error:  # zipfile and zlib raise many kinds
        raise Refusal(
            "The file is no zip, or a damaged or an encrypted one: zip the folder again."
        ) from error
    return _model_in(into)


def _path(entry: ZipInfo) -> PurePosixPath | None:
    """Where an entry goes, None for one that is not wanted. Raises Refusal for one that leads elsewhere."""
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    outside = path.is_absolute() or ".." in path.parts or ":" in entry.filename or "\0" in entry.orig_filename
    if outside or stat.S_ISLNK(entry.external_attr >> 16):
        raise Refusal("The zip has links, or paths that lead out of it: zip the folder of a model itself.")
    return None if entry.is_dir() or path.suffix not in _WANTED else path


def _written(archive: ZipFile, entry: ZipInfo, place: Path, left: int, most: int) -> int:
    """Write an entry, counting what really comes out of it; how many bytes."""
    place.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with archive.open(entry) as packed, place.open("xb") as file:
        while piece := packed.read(_PIECE):
            size += len(piece)
            if size > left:
                raise Refusal(f"The zip unpacks to more than {most / 1e6:,.0f} MB: give the model's Hub id.")
            file.write(piece)
    return size


def _model_in(folder: Path) -> Path:
    """The folder that holds a model, the nearest to the top."""
    found = [path.parent for path in folder.rglob("scheduler_config.json")]
    models = [path.parent for path in found if path.name == "scheduler" and (path.parent / "unet").is_dir()]
    if not models:
        raise Refusal("The zip holds no model: zip a folder that has unet and scheduler.")
    return min(models, key=lambda path: (len(path.parts), path))
