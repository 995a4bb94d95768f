"""Sets of pairs of LOL's layout: measured as they are, apart from each other and from the study."""

import re
import subprocess

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data
from skimage.transform import resize

from lowlight_ddpm import paths
from lowlight_ddpm.images.pairs import DARK, LIT
from lowlight_ddpm.images.photometry import photograph
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.study import dark_photographs

pytestmark = pytest.mark.usefixtures("tiny_checkpoints")


@pytest.fixture
def tiny_checkpoints(monkeypatch, checkpoint_root):
    """Commands load tiny networks."""
    load = checkpoints.load
    monkeypatch.setattr(dark_photographs, "load", lambda name, root: load(name, checkpoint_root))


def put(folder, pictures, size=(60, 40)):
    """`low/1.png` and so on as a camera takes them four stops darker, and `high/1.png`."""
    for number, picture in enumerate(pictures, 1):
        lit = (255 * resize(picture, size[::-1], anti_aliasing=True)).round().astype(np.uint8)
        dark = photograph(torch.from_numpy(lit).permute(2, 0, 1)[None], -4)[0].permute(1, 2, 0).numpy()
        for side, pixels in ((DARK, dark), (LIT, lit)):
            (folder / side).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(folder / side / f"{number}.png")
    return folder


@pytest.fixture
def lol(tmp_path, monkeypatch):
    """A folder of two pairs, and the working directory beside it."""
    monkeypatch.chdir(tmp_path)
    return put(tmp_path / "lol", [data.astronaut(), data.chelsea()])


def written(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def sets(tmp_path):
    return sorted((tmp_path / "out").glob("dark-*"))


def row(said, method):
    return next(line for line in said.splitlines() if line.startswith(f"| {method} |")).split(" | ")


def test_lol_s_layout_is_measured_unprepared(run, lol, tmp_path):
    status, said, told = run("dark", lol)
    assert status == 0, told
    assert "Exposure is estimated for 2 of 2 pairs" in told
    assert "10 of 10 methods to run on 2 pairs: about " in told
    assert "GT-mean" in told
    assert [line.split(" | ")[0] for line in said.splitlines() if line.startswith("| ")][2:] == [
        f"| {name}" for name in dark_photographs.PLAIN
    ]
    ssim, psnr = (
        [float(row(said, method)[place]) for method in ("as it is", "exposure", "levels and gamma")]
        for place in (1, 2)
    )
    assert ssim[0] < min(ssim[1:])
    assert psnr[0] < min(psnr[1:])
    matched = float(row(said, "as it is")[7])
    assert matched > psnr[0] + 3, "with the truth's mean, brightness no longer counts"
    assert len(sets(tmp_path)) == 1
    _, again, told = run("dark", lol)
    assert again == said
    assert "0 of 10 methods to run" in told


def test_a_set_of_lol_s_size_is_measured_unprepared(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    put(tmp_path / "lol", [data.astronaut()], (600, 400))
    status, said, told = run(
        "dark", tmp_path / "lol", "--methods", "as it is,exposure,levels and gamma,CLAHE"
    )
    assert status == 0, told
    assert "4 of 4 methods to run on 1 pairs" in told
    likeness = {method: float(row(said, method)[1]) for method in ("as it is", "exposure", "CLAHE")}
    assert likeness["as it is"] < likeness["CLAHE"] < 1
    assert likeness["as it is"] < likeness["exposure"] < 1


def test_where_results_go_in_a_checkout_git_does_not_look():
    ignored = ["git", "check-ignore", "--quiet", "out/dark-0123456789ab/no-network.jsonl"]
    assert subprocess.run(ignored, cwd=paths.REPOSITORY, check=False).returncode == 0


def test_two_sets_one_interrupted_leave_each_other_and_the_study_untouched(run, lol, tmp_path, monkeypatch):
    study = written(paths.RESULTS)
    run("dark", lol, "--methods", "exposure,CLAHE")
    (first,) = sets(tmp_path)
    before = written(first)
    put(tmp_path / "other", [data.coffee()])
    inner = dark_photographs.MethodRun.run

    def interrupted(self):
        for pair in inner(self):
            if self.method.name == "CLAHE":
                raise KeyboardInterrupt
            yield pair

    monkeypatch.setattr(dark_photographs.MethodRun, "run", interrupted)
    run("dark", tmp_path / "other", "--methods", "exposure,CLAHE")
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    (second,) = set(sets(tmp_path)) - {first}
    assert list(dark_photographs.method_table(second).method) == ["exposure"]
    assert written(first) == before
    assert written(paths.RESULTS) == study
    _, said, told = run("dark", tmp_path / "other", "--methods", "exposure,CLAHE")
    assert "1 of 2 methods to run" in told
    assert row(said, "CLAHE")


def test_two_folders_a_crop_and_a_limit(run, lol, tmp_path):
    status, _, told = run(
        "dark", lol / DARK, lol / LIT, "--methods", "as it is", "--crop", 32, "--limit", 1, "--restored"
    )
    assert status == 0, told
    assert "1 of 1 methods to run on 1 pairs" in told
    (folder,) = sets(tmp_path)
    with (
        Image.open(folder / "restored" / "as it is" / "1.png") as made,
        Image.open(lol / DARK / "1.png") as dark,
    ):
        assert (np.asarray(made) == np.asarray(dark)[4:36, 14:46]).all()


def test_networks_run_from_the_starts_that_are_asked_for(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lol = put(tmp_path / "lol", [data.astronaut()], (64, 64))
    status, said, told = run("dark", lol, "--methods", "none", "--networks", "dim", "--starts", "5,10")
    assert status == 0, told
    assert "Loading" not in told, "diffusers' own bar"
    assert [line.split(" | ")[0] for line in said.splitlines() if line.startswith("| dim")] == [
        "| dim from 5",
        "| dim from 10",
    ]


@pytest.mark.parametrize(("dark", "lit"), [(0, 0), (0, 255), (7, 90), (255, 255)])
def test_black_and_flat_pictures_have_figures_or_dashes(run, tmp_path, monkeypatch, dark, lit):
    monkeypatch.chdir(tmp_path)
    for side, value in ((DARK, dark), (LIT, lit)):
        (tmp_path / side).mkdir()
        Image.new("RGB", (24, 24), (value,) * 3).save(tmp_path / side / "one_div8.png")
    status, said, told = run("dark", tmp_path)
    assert status == 0, told
    status, more, _ = run("exposures", tmp_path)
    assert status == 0
    assert not re.search(r"\b(inf|nan)\b", said + more)
    assert ("Black throughout" in told) == (dark == 0)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--methods", "BM3D"], "levels and gamma"),
        (["--networks", "nothing"], "nothing"),
        (["--starts", "many"], "50,300"),
        (["--networks", "dim", "--starts", "1000"], "start"),
        (["--networks", "dim"], "pair 1 is smaller than the 64 pixels"),
        (["--crop", 48], "pair 1 has only 60×40"),
        (["lol", "lol"], "give two"),
    ],
    ids=str,
)
def test_mistakes_are_refused_before_anything_is_written(run, lol, tmp_path, one_sentence, options, said):
    status, _, told = run("dark", lol, *options)
    assert status == 2
    assert said in one_sentence(told.strip().splitlines()[-1])
    assert sets(tmp_path) == []


def test_a_pair_of_two_sizes_is_named_before_anything_runs(run, lol, tmp_path, one_sentence):
    Image.new("RGB", (30, 40)).save(lol / LIT / "2.png")
    status, _, told = run("dark", lol)
    assert status == 2
    assert "pair 2" in one_sentence(told.strip().splitlines()[-1])
    assert sets(tmp_path) == []
