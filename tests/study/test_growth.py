"""What trainings kept on their way, read again; the figure of it and what the page shows."""

import shutil

import pytest
import torch
from PIL import Image

from lowlight_ddpm.figures import Inputs, Missing
from lowlight_ddpm.figures.growth import draw_epochs
from lowlight_ddpm.figures.style import look, write
from lowlight_ddpm.images.display import curve
from lowlight_ddpm.study.growth import milestones
from lowlight_ddpm.ui.findings.growth import grown
from tests.helpers.grown import SHEET_COLOURS, grow


@pytest.fixture(scope="module")
def root(checkpoint_root, tmp_path_factory):
    """`dim` has kept milestones, `bright` has not."""
    root = shutil.copytree(checkpoint_root, tmp_path_factory.mktemp("grown") / "checkpoints")
    grow(root / "dim")
    return root


def test_milestones_are_read_with_their_sheets(root):
    ((name, kept),) = milestones(root)
    assert name == "dim"
    assert [milestone.epoch for milestone in kept] == [*SHEET_COLOURS]
    assert kept[1].error == pytest.approx(0.06)
    assert kept[1].transmission[0.08] == pytest.approx(0.75)
    assert kept[1].sheet == root / "dim" / "milestones" / "epoch-5.png"


def test_one_without_its_sheet_is_left_out(root, tmp_path):
    copy = shutil.copytree(root, tmp_path / "checkpoints")
    (copy / "dim" / "milestones" / "epoch-1.png").unlink()
    ((_, kept),) = milestones(copy)
    assert [milestone.epoch for milestone in kept] == [5]


def test_the_figure_shows_every_sheet_brightened(root, tmp_path):
    with look():
        write(draw_epochs(Inputs(root), ("bright", "dim")), tmp_path / "epochs.png")
    with Image.open(tmp_path / "epochs.png") as image:
        colours = {colour for _, colour in image.getcolors(image.width * image.height)}
    for colour in SHEET_COLOURS.values():
        assert tuple(curve(2 * torch.tensor(colour) / 255).round().int().tolist()) in colours
        assert colour not in colours


def test_it_is_missing_where_nothing_was_kept(checkpoint_root):
    with pytest.raises(Missing, match="has kept"):
        draw_epochs(Inputs(checkpoint_root), ("bright", "dim"))


def test_the_page_has_every_epoch_s_sheet_and_measures(root):
    value = grown(dict(milestones(root)))
    assert value["epochs"] == [1, 5]
    (network,) = value["networks"]
    assert network["title"] == "Dim control"
    assert network["levels"][127] == pytest.approx(178 / 255, abs=0.01), "white at half brightness"
    assert network["kept"]["5"]["sheet"].endswith("/dim/milestones/epoch-5.png")
    assert network["kept"]["5"]["measured"] == (
        "75% of a tint passes, backgrounds deviate by 10.0 of 255, error of the noise 0.0600"
    )
