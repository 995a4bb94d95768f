"""What a run leaves on disk: the result, a contact sheet, an animation, and its measures."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from lowlight_ddpm import __version__, versions
from lowlight_ddpm.diffusion.sampling import Step
from lowlight_ddpm.diffusion.settings import RunSettings
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images.photometry import picture_grid
from lowlight_ddpm.images.writing import save_png

SHEET_COLUMNS = 10
GIF_FRAMES = 50
GIF_SCALE = 3  # screen pixels for one of the picture's,
GIF_WIDTH = 1024  # as long as the animation is no wider than this


def write_run(folder: Path, report: dict[str, Any], steps: list[Step], gain: float = 1.0) -> list[Path]:
    """Write result.png, steps.png, steps.gif and measures.json, and return their paths.

    Images are shown with `gain` on their pixel values. The same steps give the same bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / name for name in ("result.png", "steps.png", "steps.gif", "measures.json")]
    result, sheet, animation, measures = paths
    save_png(picture_grid(steps[-1].x0, gain=gain), result)
    save_png(contact_sheet(steps, gain), sheet)
    save_gif(animation, steps, gain)
    measures.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return paths


def check_folder_name(folder: Path) -> None:
    """Raise Refusal for the name of a picture's file: the results are several files in a folder."""
    if folder.suffix.lower() in (".png", ".jpg", ".jpeg", ".gif", ".webp") and not folder.is_dir():
        raise Refusal(
            f"The results are several files, and “{folder}” is the name of one: name a folder for them."
        )


def run_report(
    settings: RunSettings, x0_means: dict[int, tuple[Any, ...]], /, **measures: object
) -> dict[str, Any]:
    """Settings, `measures`, and x0's mean R, G, B of 255 by timestep; JSON-able."""
    return {"settings": settings.model_dump(), **measures, "x0_means": x0_means}


def provenance(seed: int, count: int, pixels: Tensor | None, origin: Mapping[str, str]) -> dict:
    """What a run is made from, beside settings and network: versions, the seed of each picture, the image.

    The image has the name and the sha256 of its file, as `origin` has them, and as `pixels_sha256` that of
    the `pixels` that the run takes of it, uint8 (3, H, W), row by row, all of red first.
    """
    taken = None
    if pixels is not None:
        content = pixels.contiguous().numpy().tobytes()
        taken = {**origin, "pixels_sha256": hashlib.sha256(content).hexdigest()}
    seeds = [(seed + place) % 2**32 for place in range(count)]
    made_by = {"lowlight_ddpm": __version__, **versions("torch", "diffusers")}
    return {"versions": made_by, "count": count, "seeds": seeds, "picture": taken}


def contact_sheet(steps: list[Step], gain: float = 1.0) -> Image.Image:
    """Up to ten steps of a run's first picture from left to right: x_t above, the x0 estimate below."""
    chosen = spread(steps, SHEET_COLUMNS)
    pictures = [step.x_t[0] for step in chosen] + [step.x0[0] for step in chosen]
    return picture_grid(torch.stack(pictures), len(chosen), gain)


def save_gif(path: Path, steps: list[Step], gain: float = 1.0) -> None:
    """Write a run's first picture as an animation: x_t beside x0, up to 50 frames, a rest on the last."""
    frames = [
        picture_grid(torch.stack([step.x_t[0], step.x0[0]]), 2, gain) for step in spread(steps, GIF_FRAMES)
    ]
    scale = max(1, min(GIF_SCALE, GIF_WIDTH // frames[0].width))
    frames = [
        frame.resize((frame.width * scale, frame.height * scale), Image.Resampling.NEAREST)
        for frame in frames
    ]
    milliseconds = [80] * (len(frames) - 1) + [2000]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=milliseconds, loop=0)


def spread(steps: list[Step], count: int) -> list[Step]:
    """Up to `count` of the steps, evenly spaced, the first and the last among them."""
    places = torch.linspace(0, len(steps) - 1, min(count, len(steps))).round().int()
    return [steps[place] for place in places]
