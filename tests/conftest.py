"""What tests share: one thread, no network, no GPU (bytes are compared), and a tiny checkpoint."""

import os
import sys

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ["HF_HUB_OFFLINE"] = "1"

from pathlib import Path

import hypothesis
import pytest
import torch

from benchmarks.tiny import save_tiny
from lowlight_ddpm import cli
from lowlight_ddpm.models import checkpoints

torch.set_num_threads(1)
hypothesis.settings.register_profile("busy", deadline=None)  # another process may hold the processor
hypothesis.settings.load_profile("busy")


@pytest.fixture(scope="session")
def untrained_page_root(tmp_path_factory) -> Path:
    """Untrained checkpoints of 64 px, as the page has them, that take a few milliseconds a call."""
    return save_tiny(tmp_path_factory.mktemp("page-checkpoints"), ["dim", "bright"])


@pytest.fixture(scope="session")
def checkpoint_root(tmp_path_factory) -> Path:
    """A folder with untrained checkpoints of 16 px, `dim` and `bright`; copy it before you damage it."""
    root = tmp_path_factory.mktemp("checkpoints")
    return save_tiny(root, ["dim", "bright"], channels=(8, 16), side=16, mean=(-0.2, -0.2, -0.3))


@pytest.fixture(scope="session")
def tiny_checkpoint(checkpoint_root) -> checkpoints.Checkpoint:
    """The untrained checkpoint of `dim`: 16 px, 43 thousand weights, a few milliseconds a call."""
    return checkpoints.load("dim", checkpoint_root)


@pytest.fixture
def run(monkeypatch, capsys):
    """Call the command line in this process: (exit status, stdout, stderr)."""

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["lowlight_ddpm", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        output = capsys.readouterr()
        return stop.value.code or 0, output.out, output.err

    return call


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
