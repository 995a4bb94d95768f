"""What a run starts from is known before its first network call."""

import pytest
import torch

from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.images import draw, square
from lowlight_ddpm.runs.noised import noised
from lowlight_ddpm.runs.run import Run


@pytest.mark.parametrize(
    "values", [{"start": 300}, {"mode": "generate"}, {"mode": "generate", "leak_start": True}]
)
def test_it_is_what_the_first_step_gets(tiny_checkpoint, values, monkeypatch):
    settings = run_settings(steps=2, seed=3, **values)
    pixels = None if settings.mode == "generate" else square(draw(1), tiny_checkpoint.size)
    run = Run(settings, pixels, checkpoint=tiny_checkpoint)
    with monkeypatch.context() as patch:
        patch.setattr(tiny_checkpoint.unet, "forward", None)
        before = noised(run)
    torch.testing.assert_close(before, next(iter(run)).x_t, rtol=0, atol=0)
