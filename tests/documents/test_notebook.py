"""docs/explore.ipynb, in a kernel of its own, with networks that answer at once."""

import nbformat
import pytest
from nbclient import NotebookClient

from benchmarks.tiny import save_tiny
from lowlight_ddpm.paths import REPOSITORY

NOTEBOOK = REPOSITORY / "docs" / "explore.ipynb"


@pytest.fixture
def written():
    return nbformat.read(NOTEBOOK, as_version=4)


def test_the_notebook_runs_from_top_to_bottom(written, tmp_path, monkeypatch):
    networks = save_tiny(tmp_path / "networks", ["dim", "dim-deep-low", "dim-deep-zsnr"])
    environment = {"LOWLIGHT_CHECKPOINTS": networks, "PYTHONPATH": REPOSITORY, "OMP_NUM_THREADS": 1}
    for name, value in environment.items():
        monkeypatch.setenv(name, str(value))
    NotebookClient(written, timeout=120, resources={"metadata": {"path": tmp_path}}).execute()
    shown = [output for cell in written.cells for output in cell.get("outputs", []) if "data" in output]
    kinds = ["text/html" if "text/html" in output.data else "image/png" for output in shown]
    assert kinds == ["text/html", "image/png", *["text/html"] * 5]
    sheet, _, judged, *from_noise, shift = (str(output.data) for output in shown)
    assert "25 of 25 steps" in sheet
    assert all("delta_e" in measured for measured in (judged, shift))
    assert all("In the training set" in run for run in from_noise)


def test_it_is_committed_without_outputs(written):
    assert [cell.outputs for cell in written.cells if cell.get("outputs")] == []
    assert NOTEBOOK.stat().st_size < 20_000
