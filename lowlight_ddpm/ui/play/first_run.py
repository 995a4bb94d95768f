"""The run that the page opens with: made beforehand, so that the first paint waits for no network.

`python -m lowlight_ddpm.ui.play.first_run` makes it again, which a new checkpoint of `dim` asks for.
"""

import json
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2.functional import pil_to_tensor

from lowlight_ddpm.diffusion.sampling import Step
from lowlight_ddpm.diffusion.schedule import trailing_timesteps
from lowlight_ddpm.diffusion.settings import RunSettings, run_settings
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import draw
from lowlight_ddpm.images.photometry import prepare, to_image
from lowlight_ddpm.images.writing import save_png
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.paths import STATIC
from lowlight_ddpm.ui.components.controls import opening
from lowlight_ddpm.ui.session import Picked, Watched

FOLDER = STATIC / "first_run"
VARIANT, NUMBER = "dim", 0  # the network, and the drawn butterfly, that are chosen when the page opens
RECORD, SHEETS = "run.json", ("x_t", "x0")
COLUMNS = 10  # pictures side by side in a sheet


def make() -> None:
    """Run it and write it down: settings and origin as JSON, every step's pictures as two PNG sheets."""
    settings = opening(VARIANT)
    steps = list(Watched(settings, picked()).walk())
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in SHEETS:
        sheet = _joined(torch.cat([getattr(step, name) for step in steps]))
        save_png(to_image(sheet), FOLDER / f"{name}.png", optimize=True)
    record = {"settings": settings.model_dump(), "weights_sha256": weights()}
    (FOLDER / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def load() -> Watched | None:
    """The run as if it had just ended, its tensors rounded to 8 bits; None where `dim` is another network."""
    try:
        record = json.loads((FOLDER / RECORD).read_text(encoding="utf-8"))
        if record["weights_sha256"] != weights():
            return None
        return _restored(run_settings(**record["settings"]))
    except (OSError, ValueError, KeyError, Refusal):
        return None


def weights() -> str:
    """The sha256 of the weights of `dim`. Raises Refusal where there are none."""
    return checkpoints.record(VARIANT)["weights_sha256"]


def picked() -> Picked:
    """The drawn butterfly that it restores."""
    return Picked(f"drawn_{NUMBER:04d}", draw(NUMBER))


def _restored(settings: RunSettings) -> Watched:
    watched = Watched(settings, picked(), beforehand=True)
    watched.begun = watched.over = True
    timesteps = trailing_timesteps(settings.start, settings.steps).tolist()
    x_t, x0 = (_cut(FOLDER / f"{name}.png", len(timesteps), settings.size) for name in SHEETS)
    for index, timestep in enumerate(timesteps):
        alpha_bar = settings.alphas_cumprod[timestep].item()
        step = Step(index, len(timesteps), timestep, alpha_bar, x_t[index, None], x0[index, None])
        watched.run.history.keep(step)
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
