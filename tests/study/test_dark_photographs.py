"""Photographs taken in the dark: every method on every pair, once, and what is told of them."""

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.figures import Inputs
from lowlight_ddpm.images.pairs import DARK, LIT, find_pairs
from lowlight_ddpm.photographs import denoising
from lowlight_ddpm.report import written
from lowlight_ddpm.report.dark_photographs import losses
from lowlight_ddpm.study import dark_photographs
from lowlight_ddpm.study.camera_response import Response

CAMERA = Response(2.0, 2.0)
NETWORK = dark_photographs.Method(
    "dim from 300", run_settings(variant="dim", brightness=1, start=300, steps=2, whole=True)
)


@pytest.fixture
def pairs(tmp_path):
    """Two pairs of 24×20 pixels of one camera, whose curve is known."""
    noise = np.random.default_rng(0)
    for ratio in (2, 8):
        lit = noise.uniform((90, 70, 60), (240, 220, 200), (20, 24, 3))
        for folder, pixels in ((LIT, lit), (DARK, CAMERA.darkened(lit, ratio))):
            path = tmp_path / folder / f"desk_div{ratio}.png"
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(pixels.round().astype(np.uint8)).save(path)
    return find_pairs(tmp_path)


@pytest.fixture
def job(pairs, tmp_path, checkpoint_root):
    """A function from a method to its run."""
    return lambda method: dark_photographs.MethodRun(
        method, dark_photographs.exposures(pairs), tmp_path / "results", checkpoint_root
    )


def test_exposure_alone_undoes_the_camera(job):
    alone = job(dark_photographs.Method("exposure"))
    assert [pair.name for pair in alone.run()] == ["desk_div2", "desk_div8"]
    rows = alone.record["rows"]
    assert all(row["ssim"] > 0.95 for row in rows)
    assert all(abs(row[f"shift_{axis}"]) < 2 for row in rows for axis in "rgb")


@pytest.mark.parametrize(
    "method", [*map(dark_photographs.Method, dark_photographs.PLAIN), NETWORK], ids=lambda method: method.name
)
def test_every_method_gives_a_picture_of_the_same_size_that_can_be_shown(method, checkpoint_root):
    picture = torch.rand(3, 20, 24, generator=torch.Generator().manual_seed(1)) * 0.4 - 1
    lit = method.apply(picture, lambda pixels: (2 * pixels).clip(0, 1), checkpoint_root)
    assert lit.shape == picture.shape
    assert lit.dtype == torch.float32
    assert -1 <= lit.min() < lit.max() <= 1
    assert lit.mean() > picture.mean() or method.name == "as it is"


@pytest.mark.parametrize("name", ["non-local means", "total variation"])
@pytest.mark.parametrize("size", [0.02, 0.15])
def test_filters_take_a_strength_near_the_best(name, size, monkeypatch):
    noise = size * np.random.default_rng(0).normal(size=(48, 48, 3))
    y, x = np.mgrid[:48, :48]
    clean = np.repeat((0.5 + 0.2 * np.sin(x / 6) * np.cos(y / 7))[..., None], 3, axis=2)

    def left(*strengths):
        monkeypatch.setattr(denoising, "STRENGTHS", strengths)
        return np.abs(dark_photographs.PLAIN[name](clean + noise, lambda pixels: pixels) - clean).mean()

    tried = denoising.STRENGTHS
    chosen, alone = left(*tried), [left(strength) for strength in tried]
    assert chosen < 0.75 * max(alone)
    assert chosen <= 2 * min(alone)


def test_what_is_there_is_not_run_again_until_a_picture_changes(job, pairs):
    first = job(NETWORK)
    assert not first.done
    list(first.run())
    assert first.done
    Image.new("RGB", (24, 20), (9, 9, 9)).save(pairs[0].dark)
    assert not job(NETWORK).done


def test_a_run_that_is_cut_short_leaves_nothing(job):
    cut = job(NETWORK)
    next(cut.run())
    assert cut.record is None


def test_the_table_has_plain_methods_first_and_no_network_that_is_another_now(job):
    for method in (NETWORK, dark_photographs.Method("CLAHE"), dark_photographs.Method("exposure")):
        list(job(method).run())
    first = job(NETWORK)
    rows = dark_photographs.method_table(first.folder, first.root)
    assert list(rows.method.unique()) == ["exposure", "CLAHE", "dim from 300"]
    assert list(rows.pair) == ["desk_div2", "desk_div8"] * 3
    first.keep(first.record | {"network": "another"})
    assert list(dark_photographs.method_table(first.folder, first.root).method.unique()) == [
        "exposure",
        "CLAHE",
    ]


def test_nothing_measured_is_said_to_be_so(tmp_path, checkpoint_root):
    inputs = Inputs(checkpoint_root, tmp_path)
    for name in ("exposures", "dark", "dark-pairs"):
        assert written(name, inputs).startswith("Not measured yet: ")


def test_exposures_are_told_with_their_errors(job, tmp_path, checkpoint_root):
    dark_photographs.write_exposures(job(NETWORK).predictions, job(NETWORK).folder)
    text = written("exposures", Inputs(checkpoint_root, tmp_path / "results"))
    said, _, *lines = text.splitlines()
    assert said.startswith("Median error over the 2 pairs")
    assert len(lines) == 4
    rows = dark_photographs.exposure_table(job(NETWORK).folder)
    assert f"**{rows.error.median():.1%}**" in said
    assert f"| {rows.error[1]:.1%} |" in lines[3]


def test_where_a_network_loses_is_counted_at_its_best_start():
    likeness = {
        "exposure": (0.5, 0.5, 0.5),
        "CLAHE": (0.9, 0.1, 0.1),
        "dim from 50": (0.6, 0.6, 0.4),
        "dim from 999": (0.1, 0.2, 0.3),
    }
    rows = pd.DataFrame(
        [
            {"method": method, "pair": f"p{number}", "ssim": value}
            for method, values in likeness.items()
            for number, value in enumerate(values)
        ]
    )
    (said,) = losses(rows)
    assert "dim is at its best from 50" in said
    assert "loses to exposure alone in 1 of 3 pairs, and to the best plain method in 2" in said


def test_the_best_method_of_a_pair_is_marked(job, tmp_path):
    for method in (dark_photographs.Method("CLAHE"), dark_photographs.Method("exposure")):
        list(job(method).run())
    text = written("dark-pairs", Inputs(job(NETWORK).root, tmp_path / "results"))
    assert [line.count("**") for line in text.splitlines()[2:]] == [2, 2]
