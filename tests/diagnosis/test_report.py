"""The report as text, JSON and one offline page, by the command and from Python."""

import json
import re

import pytest
from diffusers import DDPMPipeline, DDPMScheduler, UNet2DModel
from PIL import Image

import lowlight_ddpm
from benchmarks.constructed import SHAPE, Constructed, images, scheduler
from lowlight_ddpm.images import draw

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The report on a network that passes every tint, with its folder."""
    folder, network = tmp_path_factory.mktemp("report"), Constructed(scheduler(), passes=0.95)
    given = {"images": images(), "steps": 10, "quick": True, "out": folder}
    return lowlight_ddpm.diagnose(network, network.scheduler, shape=SHAPE, **given), folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder by plain diffusers, of a network without training."""
    place = tmp_path_factory.mktemp("model")
    sizes = {"sample_size": 16, "block_out_channels": (8, 8), "norm_num_groups": 4, "layers_per_block": 1}
    kinds = {"down_block_types": ["DownBlock2D"] * 2, "up_block_types": ["UpBlock2D"] * 2}
    DDPMPipeline(UNet2DModel(**sizes, **kinds), DDPMScheduler(1000)).save_pretrained(place)
    return place


def test_the_text_says_what_is_wrong_why_and_what_to_change(written):
    text = str(written[0])
    assert re.search(r"^  Its colours are off by \d+/255 \(\d+ to \d+\)\.$", text, re.M)
    assert re.search(r"^  1 Insensitive .* passes 0\.9\d of a tint .*\[measured\]$", text, re.M)
    assert re.search(r"^      To change: .*v_prediction", text, re.M)
    assert "[not a cause]" in text
    assert "Compared with 200 images" in text
    assert "restorations are not checked" in text


def test_a_page_needs_nothing_but_itself(written):
    report, folder = written
    page = (folder / "report.html").read_text(encoding="utf-8")
    linked = re.findall(r"(?:src|href|url)\s*[=(]\s*[\"']?([^\"')>\s]{5})", page)
    assert linked
    assert set(linked) == {"data:"}
    assert "<script" not in page
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page
    assert page.count("<img alt=") == len(report.images) > 1
    assert report.verdict.sentence in page
    for finding in report.verdict.findings:
        assert finding.strength in page


def test_what_a_model_is_called_cannot_write_into_the_page():
    def named(x_t, timesteps):
        return x_t

    named.__name__ = "<script>alert(1)</script>"
    from lowlight_ddpm.diagnosis.page import page

    report = lowlight_ddpm.diagnose(named, DDPMScheduler(1000), shape=(1, 8, 8), steps=2, quick=True)
    assert "<script" not in page(report)


def test_the_folder_holds_the_figures_and_every_set_of_samples(written):
    report, folder = written
    assert json.loads((folder / "report.json").read_text()) == json.loads(json.dumps(report.as_dict()))
    for name in report.images:
        assert Image.open(folder / f"{name}.png").size[0] > 8


def test_the_command_prints_text_or_json_and_writes_the_report(run, folder, tmp_path):
    for number in range(8):
        draw(number, 32).save(tmp_path / f"{number}.png")
    quick = [folder, "--quick", "--steps", 2, "--count", 3]
    code, text, progress = run("diagnose", *quick, "--images", tmp_path, "--out", tmp_path / "out")
    assert code == 0
    assert "16 px, 3 channels, predicts epsilon" in text
    assert "error by timestep …" in progress
    assert {"report.json", "report.html", "configured.png"} <= {
        file.name for file in (tmp_path / "out").iterdir()
    }
    moments = ["--mean=-0.2,-0.1,-0.3", "--covariance", "0.02,0.01,0.01,0.01,0.02,0.01,0.01,0.01,0.03"]
    code, text, _ = run("diagnose", *quick, *moments, "--json")
    assert code == 0
    assert json.loads(text)["reference"]["covariance"][2] == [0.01, 0.01, 0.03]


@pytest.mark.parametrize(
    "wrong", [["--mean", "red"], ["--mean=1,2,3"], ["--mean=1,2", "--covariance", "1,2"], ["--count", 2]]
)
def test_the_command_refuses_in_one_sentence(run, folder, one_sentence, wrong):
    code, _, told = run("diagnose", folder, *wrong)
    assert code == 2
    one_sentence(told.strip().splitlines()[-1])


def test_a_folder_that_cannot_be_written_is_refused(run, folder, tmp_path, one_sentence):
    (tmp_path / "file").write_text("")
    code, _, told = run("diagnose", folder, "--quick", "--count", 0, "--out", tmp_path / "file")
    assert code == 2
    one_sentence(told.strip().splitlines()[-1])
