"""A root of tiny 64 px checkpoints, one of them damaged, that the page's code takes for its own."""

from functools import partial

import pytest
import torch

from lowlight_ddpm import checkpoints
from lowlight_ddpm.images import draw
from lowlight_ddpm.network import build_unet
from lowlight_ddpm.schedule import trained_scheduler
from lowlight_ddpm.settings import run_settings
from lowlight_ddpm.ui.run import Picked, Run
from lowlight_ddpm.variants import find_variant

RECORD = {"held_out": [], "channel_mean": [-0.2, -0.25, -0.3]}


@pytest.fixture(scope="session", autouse=True)
def tiny_root(tmp_path_factory):
    """`dim` works and `bright` is damaged; whatever the page loads comes from here."""
    root = tmp_path_factory.mktemp("ui-checkpoints")
    torch.manual_seed(0)
    for name in ("dim", "bright"):
        unet = build_unet(1, channels=(8, 8, 8, 8), resolution=64)  # attention at 16 px is cheap
        checkpoints.save(root / name, unet, trained_scheduler(find_variant(name)), RECORD, f"# {name}\n")
    (root / "bright" / checkpoints.WEIGHTS).write_bytes(b"damaged")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoints, "load", partial(checkpoints.load, root=root))
        patch.setattr(checkpoints, "available", partial(checkpoints.available, root=root))
        yield root


@pytest.fixture
def make_run():
    """A run of `steps` steps of the tiny network, not walked yet."""

    def make(steps=4, **values) -> Run:
        return Run(run_settings(steps=steps, **values), Picked("butterfly 0", draw(0, 64)))

    return make


@pytest.fixture
def finished(make_run):
    """A restoration in four steps."""
    run = make_run()
    for _ in run.walk():
        pass
    return run
