import json

import pytest
import torch
from PIL import Image

from lowlight_ddpm.diffusion.sampling import denoise
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.images.photometry import picture_grid, prepare
from lowlight_ddpm.runs.export import contact_sheet, provenance, run_report, write_run
from lowlight_ddpm.runs.run import History

SETTINGS = run_settings(start=600, steps=12)


@pytest.fixture(scope="module")
def run(tiny_checkpoint):
    picture = prepare(torch.arange(3 * 16 * 16).remainder(256).reshape(1, 3, 16, 16).byte(), 0.5)
    history = History()
    for step in denoise(tiny_checkpoint, SETTINGS, picture):
        history.keep(step)
    return history


@pytest.fixture
def steps(run):
    return run.steps


def test_a_run_leaves_its_four_files_and_the_same_bytes_again(run, tmp_path):
    report = run_report(SETTINGS, run.means, measures={"ssim": 1.0})
    first, second = (write_run(tmp_path / name, report, run.steps) for name in "ab")
    assert [path.name for path in first] == ["result.png", "steps.png", "steps.gif", "measures.json"]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_the_result_is_the_last_estimate_to_the_pixel(run, tmp_path):
    result = write_run(tmp_path, {}, run.steps)[0]
    with Image.open(result) as picture:
        assert picture.tobytes() == picture_grid(run.steps[-1].x0).tobytes()
        assert picture.size == (16, 16)


def test_the_animation_ends_on_the_last_step(run, tmp_path):
    with Image.open(write_run(tmp_path, {}, run.steps)[2]) as animation:
        assert animation.n_frames == len(run.steps)
        animation.seek(animation.n_frames - 1)
        assert animation.info["duration"] == 2000


def test_the_report_is_json_with_settings_versions_and_every_step(run):
    made_from = provenance(0, 1, None, {})
    report = json.loads(json.dumps(run_report(SETTINGS, run.means, measures={"ssim": 1.0}, **made_from)))
    assert report["settings"] == SETTINGS.model_dump()
    assert report["versions"]["torch"] == torch.__version__.split("+")[0]
    assert list(report["x0_means"]) == [str(step.timestep) for step in run.steps]
    assert report["measures"] == {"ssim": 1.0}


def test_the_sheet_has_at_most_ten_columns_over_two_rows(steps):
    assert contact_sheet(steps).size == (10 * 20 + 4, 2 * 20 + 4)
    assert contact_sheet(steps[:3]).size == (3 * 20 + 4, 2 * 20 + 4)


def test_a_grid_is_nearly_square_with_white_gaps_at_any_gain():
    pictures = prepare(torch.full((7, 3, 16, 16), 200, dtype=torch.uint8), 0.5)
    grid = picture_grid(pictures, gain=0.5)
    assert grid.size == (3 * 20 + 4, 3 * 20 + 4)
    assert grid.getpixel((0, 0)) == (255, 255, 255)
    assert grid.getpixel((10, 10)) == (50, 50, 50)
