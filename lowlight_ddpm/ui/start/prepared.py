"""The images that are made beforehand: where they lie, which weights made them, what was measured on them.

`python -m lowlight_ddpm.ui.start.sheets` makes them. Their names hold a hash of their bytes, so that a
browser may keep them for ever.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import HTTPException
from fastapi.responses import FileResponse

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.paths import STATIC

FOLDER = STATIC / "prepared"
RECORD = "record.json"
ADDRESS = "prepared"  # of the route, relative to the page's
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}


@cache
def record(folder: Path = FOLDER) -> dict[str, Any]:
    """Name -> what is known of an image: `file`, `size`, `weights`, what was measured; {} without any."""
    try:
        return json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def current(name: str) -> bool:
    """Whether an image is by the very networks that are here."""
    try:
        made_by = record()[name]["weights"]
        return all(checkpoints.record(variant)["weights_sha256"] == sha for variant, sha in made_by.items())
    except (KeyError, Refusal):
        return False


def url(name: str, of: str = "file") -> str | None:
    """The relative URL of an image, or of its frames; None where there is none."""
    file = record().get(name, {}).get(of)
    return f"{ADDRESS}/{file}" if file else None


def serve(name: str) -> FileResponse:
    """Answer a request for a prepared file. Raises HTTPException 404 for any other name."""
    known = {one.get(of) for one in record().values() for of in ("file", "frames")} - {None}
    if name not in known or not (FOLDER / name).is_file():
        raise HTTPException(404, "There is no such image.")
    return FileResponse(FOLDER / name, headers=FOR_EVER)
