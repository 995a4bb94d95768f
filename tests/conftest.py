"""What tests share: one thread, no network, no GPU (bytes are compared), a tiny checkpoint, what is slow."""

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
from lowlight_ddpm.variants import VARIANTS
from lowlight_ddpm.variants import table as variant_table
from tests.helpers.grown import grow

torch.set_num_threads(1)
hypothesis.settings.register_profile("busy", deadline=None)  # another process may hold the processor
hypothesis.settings.load_profile("busy")

TESTS = Path(__file__).parent
# What `make quick-test` runs, but for files that mark themselves as slow: no page, no process of its own, no
# training, no figure. All else is slow.
QUICK = (
    "diffusion",
    "images",
    "metrics",
    "models",
    "runs",
    "study/test_bootstrap.py",
    "study/test_findings.py",
    "study/test_verdicts.py",
    "test_layers.py",
    "test_quick.py",
    "test_variants.py",
)
# Files that take long, though they may have few tests: where processes share the tests these are begun first,
# so that none of them is left for the end, while the other processes are done.
LONG = (
    "documents/test_newcomer.py",
    "test_one_row.py",
    "images/test_every_source.py",
    "cli/test_launch.py",
    "training/test_saved_state.py",
    "study/test_job_queue.py",
    "test_offline.py",
    "test_serving.py",
    "test_zero_gpu.py",
    "benchmarks/test_bench.py",
    "benchmarks/test_load.py",
    "figures/test_figures.py",
    "documents/test_docs.py",
)


def is_quick(path: Path) -> bool:
    """Whether a file of tests is, or a folder has, what QUICK names."""
    parts = path.relative_to(TESTS).parts
    named = [Path(name).parts for name in QUICK]
    return any(parts == name[: len(parts)] or name == parts[: len(name)] for name in named)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Importing what is slow takes longer than the quick tests: it is left out before."""
    left_out = config.option.markexpr == "not slow" and not is_quick(collection_path)
    return True if left_out else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow whatever is not quick, and begin with what takes long."""
    for item in items:
        if not is_quick(item.path):
            item.add_marker(pytest.mark.slow)
    places = {TESTS / name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.path, len(LONG)))


@pytest.fixture(scope="session")
def untrained_page_root(tmp_path_factory) -> Path:
    """Untrained checkpoints of 64 px, as the page has them, that take a few milliseconds a call."""
    root = save_tiny(tmp_path_factory.mktemp("page-checkpoints"), ["dim", "bright"])
    grow(root / "dim")
    return root


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
def table():
    """The table of variants and what is offered, as they are again after the test."""
    before = dict(VARIANTS)
    yield VARIANTS
    VARIANTS.clear()
    VARIANTS.update(before)
    checkpoints._OFFERED.clear()
    variant_table._ALSO.clear()


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
