"""What tests share: one thread, no network, no GPU (bytes are compared), and a tiny checkpoint."""

import os

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ["HF_HUB_OFFLINE"] = "1"

from pathlib import Path

import hypothesis
import pytest
import torch

from lowlight_ddpm import checkpoints
from lowlight_ddpm.network import build_unet
from lowlight_ddpm.schedule import trained_scheduler
from lowlight_ddpm.variants import find_variant

torch.set_num_threads(1)
hypothesis.settings.register_profile("busy", deadline=None)  # another process may hold the processor
hypothesis.settings.load_profile("busy")

TINY = {"layers_per_block": 1, "channels": (8, 16), "resolution": 16}


@pytest.fixture(scope="session")
def save_untrained():
    """A function that fills a folder with untrained `dim` and `bright`; `shape` is for build_unet."""

    def save(root: Path, channel_mean: list[float], **shape) -> Path:
        covariance = [[0.02, 0.01, 0.01], [0.01, 0.02, 0.01], [0.01, 0.01, 0.03]]
        colours = {"channel_mean": channel_mean, "channel_covariance": covariance}
        record = {"command": "none", "held_out": [], **colours}
        for number, name in enumerate(("dim", "bright")):
            torch.manual_seed(number)
            scheduler = trained_scheduler(find_variant(name))
            checkpoints.save(root / name, build_unet(**shape), scheduler, record, f"# {name}\n")
        return root

    return save


@pytest.fixture(scope="session")
def untrained_page_root(tmp_path_factory, save_untrained) -> Path:
    """Untrained checkpoints of 64 px, as the page has them, that take a few milliseconds a call."""
    root = tmp_path_factory.mktemp("page-checkpoints")
    shape = {"layers_per_block": 1, "channels": (8, 8, 8, 8), "resolution": 64}
    return save_untrained(root, [-0.2, -0.25, -0.3], **shape)


@pytest.fixture(scope="session")
def checkpoint_root(tmp_path_factory, save_untrained) -> Path:
    """A folder with untrained checkpoints of 16 px, `dim` and `bright`; copy it before you damage it."""
    return save_untrained(tmp_path_factory.mktemp("checkpoints"), [-0.2, -0.2, -0.3], **TINY)


@pytest.fixture(scope="session")
def tiny_checkpoint(checkpoint_root) -> checkpoints.Checkpoint:
    """The untrained checkpoint of `dim`: 16 px, 43 thousand weights, a few milliseconds a call."""
    return checkpoints.load("dim", checkpoint_root)


@pytest.fixture
def one_sentence():
    """A check that a refusal's text is one sentence for people."""

    def check(refusal) -> str:
        text = str(getattr(refusal, "value", refusal))
        assert text.endswith(".")
        assert not text.endswith("..")
        assert "\n" not in text
        assert ". " not in text
        assert not text[0].islower() or "." in text.split()[0], "only a file's name may open in lower case"
        for jargon in ("pydantic", "Traceback", "Input should", "NoneType", "Errno"):
            assert jargon not in text
        return text

    return check
