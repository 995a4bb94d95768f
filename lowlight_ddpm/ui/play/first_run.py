"""The run that the page opens with: made beforehand, so that the first paint waits for no network.

`python -m lowlight_ddpm.ui.play.first_run` makes it again, which a new checkpoint of `dim` asks for.
"""

import json
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2.functional import pil_to_tensor

from lowlight_ddpm.diffusion.backends import BATCH
from lowlight_ddpm.diffusion.sampling import Step
from lowlight_ddpm.diffusion.schedule import trailing_timesteps
from lowlight_ddpm.diffusion.settings import RunSettings, run_settings
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import draw
from lowlight_ddpm.images.photometry import prepare, to_image
from lowlight_ddpm.images.writing import save_png
from lowlight_ddpm.metrics.background import OFF
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.paths import STATIC
from lowlight_ddpm.runs.export import spread
from lowlight_ddpm.runs.run import Run
from lowlight_ddpm.runs.verdict import backgrounds
from lowlight_ddpm.ui.components.choices import opening
from lowlight_ddpm.ui.session import Picked, Watched

FOLDER = STATIC / "first_run"
VARIANT = "dim"  # the network that is chosen when the page opens
RECORD, SHEETS = "run.json", ("x_t", "x0")
KEPT = 20  # steps whose pictures are kept, evenly spread: all of them would be half a megabyte more
COLUMNS = 10  # pictures side by side in a sheet
SEEDS = 100  # images that are generated to count in how many the background is off
ASIDE = f"{{off}} of {{seeds}} seeds show it: a background that is off by more than {OFF} of 255."


def make() -> None:
    """Run it and write it down: settings, colours and origin as JSON, steps' pictures as two PNG sheets."""
    settings = opening(VARIANT, "generate")
    watched = Watched(settings, picked())
    steps = spread(list(watched.walk()), KEPT)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in SHEETS:
        sheet = _joined(torch.cat([getattr(step, name) for step in steps]))
        save_png(to_image(sheet), FOLDER / f"{name}.png", optimize=True)
    record = {
        "settings": settings.model_dump(),
        "weights_sha256": weights(),
        "kept": [step.index for step in steps],
        "means": list(watched.run.history.means.values()),
        "seeds": SEEDS,
        "off": tinted(settings),
    }
    (FOLDER / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def tinted(settings: RunSettings) -> int:
    """In how many images of the seeds from 0 up to SEEDS the background is off by more than OFF."""
    found = 0
    for seed in range(0, SEEDS, BATCH):
        batch = settings.model_copy(update={"seed": seed})
        run = Run(batch, count=min(BATCH, SEEDS - seed))
        found += sum(one.error > OFF for one in backgrounds(run.x0, settings.row.brightness))
    return found


def load() -> Watched | None:
    """The run as if it had just ended, its tensors rounded to 8 bits; None where `dim` is another network."""
    try:
        record = json.loads((FOLDER / RECORD).read_text(encoding="utf-8"))
        if record["weights_sha256"] != weights():
            return None
        return _restored(record)
    except (OSError, ValueError, KeyError, TypeError, IndexError, Refusal):
        return None


def weights() -> str:
    """The sha256 of the weights of `dim`. Raises Refusal where there are none."""
    return checkpoints.record(VARIANT)["weights_sha256"]


def picked() -> Picked:
    """The image that is chosen when the page opens; the run itself takes none."""
    return Picked("drawn_0000", draw(0))


def _restored(record: dict[str, Any]) -> Watched:
    settings = run_settings(**record["settings"])
    watched = Watched(settings, picked(), beforehand=True)
    watched.begun = watched.over = True
    watched.aside = ASIDE.format(off=record["off"], seeds=record["seeds"])
    timesteps = trailing_timesteps(settings.start, settings.steps).tolist()
    kept, history = record["kept"], watched.run.history
    x_t, x0 = (_cut(FOLDER / f"{name}.png", len(kept), settings.size) for name in SHEETS)
    for place, index in enumerate(kept):
        alpha_bar = settings.alphas_cumprod[timesteps[index]].item()
        pictures = x_t[place, None], x0[place, None]
        history.steps.append(Step(index, len(timesteps), timesteps[index], alpha_bar, *pictures))
    means = ((red, green, blue) for red, green, blue in record["means"])
    history.means = dict(zip(timesteps, means, strict=True))
    return watched


def _joined(pictures: Tensor) -> Tensor:
    """(N, 3, H, W) as one (3, N / COLUMNS · H, COLUMNS · W), row by row."""
    rows = pictures.unflatten(0, (-1, COLUMNS))
    return rows.permute(2, 0, 3, 1, 4).flatten(3).flatten(1, 2)


def _cut(path: Path, count: int, size: int) -> Tensor:
    """The pictures of a sheet again: (N, 3, size, size) in model range."""
    with Image.open(path, formats=["PNG"]) as sheet:
        pixels = pil_to_tensor(sheet)
    cut = pixels.unflatten(1, (-1, size)).unflatten(3, (COLUMNS, size))
    return prepare(cut.permute(1, 3, 0, 2, 4).flatten(0, 1)[:count], 1.0)


if __name__ == "__main__":
    make()
