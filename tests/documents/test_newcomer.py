"""A new experiment is one row: that of the documents is trained, measured and shown, in a copy of it all."""

import json
import re
import shutil

import pytest

from tests.helpers.newcomer import HOUSE, NAME, follow

# How a line begins that stands once in the package -> the same in small.
SMALL = {
    "CHANNELS = (24, 32, 64, 128)": "CHANNELS = (8, 8, 8, 8)",
    "    drawn: int = 150": "    drawn: int = 0",
    "STEPS_FROM = {50: 10, 300: 50, 600: 50, 999: 50}": "STEPS_FROM = {300: 1}",
    "NOISE_SEEDS = 2": "NOISE_SEEDS = 1",
    "SAMPLES = 64": "SAMPLES = 4",
    "STEPS, FINE_STEPS = 50, 250": "STEPS, FINE_STEPS = 1, 1",
}


@pytest.fixture
def house(tmp_path):
    """What a clone has, without the results and the other networks."""
    for folder in ("lowlight_ddpm", "checkpoints/dim", "docs/figures"):
        shutil.copytree(HOUSE / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(HOUSE / "app.py", tmp_path)
    modules = list((tmp_path / "lowlight_ddpm").rglob("*.py"))
    for line, small in SMALL.items():
        (file,) = (module for module in modules if f"\n{line}" in module.read_text())
        file.write_text(file.read_text().replace(f"\n{line}", f"\n{small}"))
    return tmp_path


def quick(command):
    return re.sub(r"--epochs \d+", "--epochs 1", re.sub(r"drawn:\d+", "drawn:32", command))


def test_one_row_is_all_that_a_new_variant_takes(house):
    told = follow(house, quick)
    assert told["settings"]["variant"] == NAME
    assert told["settings"]["beta_end"] == 0.015
    measured = [json.loads(path.read_text()) for path in (house / "results").glob(f"{NAME}-*.json")]
    assert {report["settings"]["mode"] for report in measured} == {"restore", "generate"}
