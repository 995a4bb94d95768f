"""The command that makes the images of the tab Start: `python -m lowlight_ddpm.ui.start.sheets`.

From the checkpoints that are here, to be run again whenever one has changed: some minutes on one thread.
Colours are kept to 1/255 of each channel's mean: AVIF with 4:4:4, since subsampled chroma would shift them.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2.functional import pil_to_tensor, to_pil_image
from torchvision.utils import make_grid

from lowlight_ddpm import api
from lowlight_ddpm.figures.images import most_contrary
from lowlight_ddpm.images import display, draw
from lowlight_ddpm.images.photometry import prepare, taken_apart
from lowlight_ddpm.images.sources import DRAWN
from lowlight_ddpm.images.writing import save_png
from lowlight_ddpm.metrics.image import measure
from lowlight_ddpm.metrics.sets import set_colours
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.paths import RESULTS
from lowlight_ddpm.study import results
from lowlight_ddpm.study.growth import milestones
from lowlight_ddpm.ui.start.prepared import FOLDER, RECORD
from lowlight_ddpm.variants import find_variant

COUNT, COLUMNS, STEPS, FRAMES = 16, 4, 50, 12
GAP, GAP_LEVEL = 2, 24 / 255  # pixels between images, as dark as the page behind them
QUALITY, FINE = 90, 82  # AVIF's, of frames that move and of images that stand
_SHOWN = 8  # steps of the strip that shows how one image grows

SAMPLED: dict[str, dict[str, Any]] = {
    "bright": {"variant": "bright"},
    "dim": {"variant": "dim"},
    "corrected": {"variant": "dim", "mean_correction": "training"},
    "large": {"variant": "dim-large"},
    "deep": {"variant": "dim-deep"},
    "low": {"variant": "dim-deep-low"},
    "mid": {"variant": "dim-deep-mid"},
    "high": {"variant": "dim-deep-high"},
}
"""Sheets of sixteen images from pure noise, seeds 0 to 15, DDPM in 50 steps: name -> the other settings."""
MOVING = ("bright", "dim", "corrected")  # those whose estimates are kept on the way: the tab's three


@dataclass(frozen=True)
class Sampled:
    """Estimates (STEPS, COUNT, 3, H, W) and the first image's inputs (STEPS, 1, 3, H, W), in model range."""

    x0: Tensor
    x_t: Tensor


@dataclass
class Written:
    """The files of one run of the command, and the record of them."""

    folder: Path
    record: dict[str, dict[str, Any]] = field(default_factory=dict)

    def keep(self, name: str, picture: Image.Image, kind: str, variants: list[str], **known: Any) -> None:
        """Write an image; `kind` is png or avif, `variants` are those whose networks it is by."""
        weights = {variant: checkpoints.record(variant)["weights_sha256"] for variant in variants}
        self.record[name] = {
            "file": self._save(name, _encoded(picture, kind, FINE)),
            "size": picture.size,
            "weights": weights,
        } | known

    def keep_frames(self, name: str, atlas: Image.Image, means: list[list[float]], steps: list[int]) -> None:
        """Write the frames of an image that is there, with each one's mean R, G, B and its step."""
        file = self._save(name, _encoded(atlas, "avif", QUALITY))
        self.record[name] |= {"frames": file, "means": means, "steps": steps}

    def _save(self, name: str, content: tuple[bytes, str]) -> str:
        data, kind = content
        file = f"{name}-{hashlib.sha256(data).hexdigest()[:12]}.{kind}"
        (self.folder / file).write_bytes(data)
        return file

    def close(self) -> None:
        """Write the record, and delete what it does not name."""
        text = json.dumps(self.record, indent=1) + "\n"
        (self.folder / RECORD).write_text(text, encoding="utf-8")
        named = {RECORD, *(one[of] for one in self.record.values() for of in ("file", "frames") if of in one)}
        for file in self.folder.iterdir():
            if file.name not in named:
                file.unlink()


def make(folder: Path = FOLDER) -> None:
    """Sample, measure, and write all images and their record; networks that are not here are left out."""
    folder.mkdir(parents=True, exist_ok=True)
    written = Written(folder)
    there = checkpoints.available()
    for name, settings in SAMPLED.items():
        if settings["variant"] in there:
            sheet(written, name, sample(settings), settings["variant"])
            print(f"{name}: {written.record[name]['file']}", flush=True)
    _grown(written)
    _data(written)
    _misled(written)
    written.close()


def sample(settings: dict[str, Any]) -> Sampled:
    """Sixteen images, and their estimates on the way."""
    steps = list(api.generate(COUNT, steps=STEPS, seed=0, **settings))
    return Sampled(torch.stack([step.x0 for step in steps]), torch.stack([step.x_t[:1] for step in steps]))


def sheet(written: Written, name: str, sampled: Sampled, variant: str) -> None:
    """Write one sheet of SAMPLED; of those that move the last frame as a PNG, and the frames."""
    gain = 1 / find_variant(variant).brightness
    errors = background_errors(sampled.x0[-1], variant)
    known = {"error": round(float(np.median(errors)), 1), "errors": [round(one, 1) for one in errors]}
    kind = "png" if name in MOVING else "avif"
    written.keep(name, tiled(sampled.x0[-1], gain), kind, [variant], **known)
    if name in MOVING:
        places = torch.linspace(0, STEPS - 1, FRAMES).round().int().tolist()
        frames = [tiled(sampled.x0[place], gain) for place in places]
        means = [channel_means(frame) for frame in frames]
        written.keep_frames(name, atlas(frames), means, [place + 1 for place in places])
    if name == "dim":
        places = torch.linspace(0, STEPS - 1, _SHOWN).round().int()
        strip = torch.cat([sampled.x_t[places, 0], sampled.x0[places, 0]])
        written.keep("growing", tiled(strip, gain, _SHOWN), "avif", [variant])


def background_errors(pictures: Tensor, variant: str) -> list[float]:
    """How far each image's border is from the mean one of the training images: RMS over R, G, B.

    In 1/255 as at full brightness, like `ground` of results.table(). Where results/ does not describe the
    training images, from white.
    """
    brightness = find_variant(variant).brightness
    try:
        learned = results.training_set(variant, RESULTS)
        aim = learned[[f"border_{axis}" for axis in "rgb"]].mean().to_numpy(float)
    except KeyError:
        aim = np.full(3, 255 * brightness)
    borders = set_colours(pictures)[1]
    return (((borders - aim) ** 2).mean(axis=1) ** 0.5 / brightness).tolist()


def tiled(pictures: Tensor, gain: float | None, columns: int = COLUMNS) -> Image.Image:
    """Images (N, 3, H, W) in rows of `columns`, as images are shown where they are compared."""
    shown = display.show(pictures, gain)
    level = round(255 * GAP_LEVEL)
    grid = make_grid(shown, columns, padding=GAP, pad_value=level)
    return to_pil_image(grid[:, GAP:-GAP, GAP:-GAP])


def atlas(frames: list[Image.Image]) -> Image.Image:
    """Frames of one size side by side, COLUMNS in a row."""
    return to_pil_image(make_grid(torch.stack([pil_to_tensor(one) for one in frames]), COLUMNS, padding=0))


def cut(joined: Image.Image, count: int = FRAMES) -> Iterator[Image.Image]:
    """The frames of an `atlas` again."""
    width, height = joined.width // COLUMNS, joined.height // -(-count // COLUMNS)
    for place in range(count):
        row, column = divmod(place, COLUMNS)
        left, upper = column * width, row * height
        yield joined.crop((left, upper, left + width, upper + height))


def channel_means(picture: Image.Image) -> list[float]:
    """The mean R, G and B of an image, of 255."""
    return [round(mean, 2) for mean in np.asarray(picture, dtype=float).mean(axis=(0, 1)).tolist()]


def _encoded(picture: Image.Image, kind: str, quality: int) -> tuple[bytes, str]:
    file = BytesIO()
    if kind == "png":
        save_png(picture, file, optimize=True)
    else:
        picture.save(file, "AVIF", quality=quality, subsampling="4:4:4", speed=8)
    return file.getvalue(), kind


def _grown(written: Written) -> None:
    """What two noises became after each epoch that the dim network's training kept."""
    kept = dict(milestones()).get("dim", [])
    if not kept:
        return
    first = []
    for milestone in kept:
        with Image.open(milestone.sheet, formats=("PNG", "JPEG")) as sheet:
            first.append(taken_apart(sheet.convert("RGB"), 2))
    pictures = torch.stack(first, dim=1).flatten(0, 1)
    gain = 1 / find_variant("dim").brightness
    written.keep("epochs", tiled(pictures, gain, len(kept)), "avif", ["dim"])


def _data(written: Written) -> None:
    """Sixteen synthetic butterflies, and the same dimmed as the post does it: both as a network sees them."""
    pixels = torch.stack([pil_to_tensor(draw(number, 64)) for number in range(COUNT)])
    for name, brightness in (("full", 1.0), ("halved", 0.5)):
        written.keep(name, tiled(prepare(pixels, brightness), None), "avif", [])


def _misled(written: Written) -> None:
    """The pair on one synthetic butterfly that MSE ranks most plainly against the eye."""
    rows = results.table(RESULTS)
    if rows.empty:
        return
    one_size = rows.loc[
        (rows["mode"] == "restore") & rows.as_trained & rows.leaks & (rows.source == DRAWN), :
    ]
    pair = most_contrary(one_size.loc[one_size.start.isin((300, 600)), :]) if len(one_size) else None
    if pair is None:
        return
    shown = {"preferred": pair.preferred, "better": pair.better}
    for name, row in shown.items():
        number = int(row.picture.removeprefix("drawn_"))
        how = {"start": int(row.start), "steps": int(row.steps), "variance_type": row.variance_type}
        run = api.denoise(f"drawn:{number}", row.variant, seed=int(row.run_seed), **how)
        dim: Any = run.dim  # never None: an image was given
        gain = 1 / row.brightness
        figures = measure(run.x0[0], dim[0])
        known = {"mse": figures.mse, "delta_e": figures.delta_e}
        written.keep(name, tiled(run.x0, gain), "png", [row.variant], **known)
        if name == "preferred":
            written.keep("original", tiled(dim, gain), "png", [])


if __name__ == "__main__":
    make()
