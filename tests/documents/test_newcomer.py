"""A new experiment is one row in a file: that of the documents is trained, measured and shown, in a copy."""

import json
import re
import shutil

import pytest

from lowlight_ddpm.paths import REPOSITORY
from tests.helpers.newcomer import NAME, ROW, follow


@pytest.fixture
def house(tmp_path):
    """What a clone has, without the results and the other networks."""
    for folder in ("lowlight_ddpm", "checkpoints/dim", "docs/figures"):
        shutil.copytree(REPOSITORY / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "app.py", tmp_path)
    return tmp_path


def quick(command):
    """The same with a tiny network and few steps, from one epoch on few images."""
    command = command.replace("-m lowlight_ddpm", "-m tests.helpers.tiny_cli")
    return re.sub(r"--epochs \d+", "--epochs 1", re.sub(r"drawn:\d+", "drawn:32", command))


def changed(house):
    """The files of the package that are not as they are here."""
    files = [path.relative_to(house) for path in (house / "lowlight_ddpm").rglob("*.py")]
    return [str(file) for file in files if (house / file).read_bytes() != (REPOSITORY / file).read_bytes()]


def test_a_row_in_a_file_is_all_that_a_new_variant_takes(house, monkeypatch):
    monkeypatch.setenv("TINY_SIDE", "64")
    told = follow(house, quick, REPOSITORY, row=f"{ROW}channels = [8, 8, 8, 8]\n")
    assert changed(house) == []
    assert told["settings"]["variant"] == NAME
    assert told["settings"]["beta_end"] == 0.015
    lines = map(json.loads, (house / "results" / f"{NAME}.jsonl").read_text().splitlines())
    measured = [line for line in lines if line["kind"] == "condition"]
    assert {report["settings"]["mode"] for report in measured} == {"restore", "generate"}
