"""The Python API as notebooks use it: four functions, and the run that they give."""

import inspect
import json
import pickle
import subprocess
import sys
from base64 import b64decode
from copy import deepcopy
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import lowlight_ddpm
from benchmarks.encoders import P3_ICC
from lowlight_ddpm import Run, compare, denoise, explain, generate, load, measure, schedule, sweep
from lowlight_ddpm.analysis.compare import Outcome
from lowlight_ddpm.diffusion.from_diffusers import DIFFUSERS_NAMES
from lowlight_ddpm.diffusion.schedule import Curves
from lowlight_ddpm.diffusion.settings import RunSettings, run_settings
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import draw, photometry, square
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.variants import find_variant

QUICK = {"start": 300, "steps": 4, "seed": 1}


@pytest.fixture(autouse=True)
def _tiny_checkpoints(monkeypatch, checkpoint_root):
    kept = checkpoints.load
    monkeypatch.setattr(checkpoints, "load", lambda name: kept(name, checkpoint_root))


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    draw(7, 16).save(path)
    return path


def test_a_mere_import_loads_nothing_heavy():
    heavy = "import sys, lowlight_ddpm; print({'torch', 'pydantic', 'numpy', 'PIL'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", heavy], text=True).strip() == "set()"


def test_the_page_is_built_without_what_draws_figures():
    """They are drawn beforehand: it would be half a second on the way to the first page."""
    built = "import sys; from lowlight_ddpm.ui import interface; interface.build()"
    code = f"{built}; print('matplotlib.figure' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"


def test_a_tilde_is_the_home_folder_in_a_path_as_in_a_text(photo, monkeypatch):
    monkeypatch.setenv("HOME", str(photo.parent))
    for path in ("~/photo.png", Path("~/photo.png")):
        assert measure(path, photo) == measure(photo, photo)


def test_what_the_package_offers_is_listed_and_found():
    assert dir(lowlight_ddpm) == sorted(lowlight_ddpm.__all__)
    assert all(getattr(lowlight_ddpm, name) for name in lowlight_ddpm.__all__)
    assert not hasattr(lowlight_ddpm, "denoize")


def test_a_run_is_the_core_s_own_walk(photo, tiny_checkpoint):
    from lowlight_ddpm.diffusion.sampling import denoise as steps_of

    settings = run_settings(**QUICK)
    dim = settings.dim(square(Image.open(photo), 16)[None])
    for ours, theirs in zip(denoise(photo, **QUICK), steps_of(tiny_checkpoint, settings, dim), strict=True):
        assert (ours.index, ours.timestep) == (theirs.index, theirs.timestep)
        assert torch.equal(ours.x0, theirs.x0)


def test_a_picture_may_come_in_any_form(photo, tiny_checkpoint):
    pixels = square(Image.open(photo), 16)
    array = pixels.permute(1, 2, 0).numpy()
    forms = [photo, str(photo), Image.open(photo), pixels, pixels / 255, array, array / 255]
    forms += [photo.read_bytes(), BytesIO(photo.read_bytes())]
    results = [denoise(form, **QUICK).x0 for form in forms]
    assert all(torch.equal(result, results[0]) for result in results)
    assert all(measure(photo, form).measures.mse == 0 for form in forms)
    assert torch.equal(denoise("drawn:7", **QUICK).pixels, square(draw(7), 16))
    assert torch.equal(denoise(photo, variant=tiny_checkpoint, **QUICK).x0, results[0])


def test_of_a_list_of_pictures_a_list_of_runs_is_made(photo):
    pictures = [photo, draw(3, 16), np.asarray(draw(4, 16)), "drawn:7"]
    for given in (pictures, tuple(pictures)):
        runs = denoise(given, **QUICK)
        assert [type(run) for run in runs] == [Run] * 4
        for run, picture in zip(runs, pictures, strict=True):
            assert torch.equal(run.x0, denoise(picture, **QUICK).x0)
    assert denoise([], **QUICK) == []
    same, other = measure(pictures[:2], [photo, photo])
    assert (same.measures.mse, other) == (0, measure(pictures[1], photo))


def test_a_picture_of_a_list_that_is_none_is_refused_by_its_place(photo, one_sentence):
    for wrong, said in (
        (np.zeros((3, 3, 3, 3)), "Picture 2"),
        (Path("missing.png"), "missing.png"),
        (None, "2"),
    ):
        with pytest.raises(Refusal, match=said) as refusal:
            denoise([photo, wrong])
        one_sentence(refusal)
    for pair in (([photo], [photo, photo]), ([photo], photo), (photo, [photo])):
        with pytest.raises(Refusal) as refusal:
            measure(*pair)
        one_sentence(refusal)


def test_a_run_tells_what_was_done_to_its_picture(tmp_path):
    draw(7, 64).resize((300, 40)).save(tmp_path / "strip.png", icc_profile=P3_ICC)
    colours, ends = denoise(tmp_path / "strip.png", **QUICK).notes
    assert "Display P3, converted to sRGB" in colours
    assert "300×40" in ends
    assert denoise("drawn:7", **QUICK).notes == []


@pytest.mark.parametrize(
    "picture",
    [
        "missing.png",
        torch.zeros(1, 3, 16, 16),
        torch.full((3, 16, 16), -0.5),
        torch.full((3, 16, 16), float("nan")),
        torch.zeros(3, 16, 16, dtype=torch.int64),
        torch.zeros(3, 4, 4),
    ],
    ids=["missing", "a batch", "model range", "nan", "integers", "too small"],
)
def test_a_picture_that_is_none_is_refused_in_one_sentence(picture, one_sentence):
    with pytest.raises(Refusal) as refusal:
        denoise(picture)
    one_sentence(refusal)


@pytest.mark.parametrize(
    "ask", [lambda: denoise("drawn:0", start=1000), lambda: generate(0), lambda: load("x")]
)
def test_what_cannot_be_is_refused_in_one_sentence(ask, one_sentence):
    with pytest.raises(Refusal) as refusal:
        ask()
    one_sentence(refusal)


def test_every_setting_is_offered_where_it_can_be_used_and_described():
    offered = [set(inspect.signature(function).parameters) for function in (denoise, generate)]
    settings = {*RunSettings.model_fields} - {"mode"}
    assert offered[0] | offered[1] == settings | {*DIFFUSERS_NAMES, "picture", "count"}
    assert (offered[0] - offered[1], offered[1] - offered[0]) == (
        {"picture", "brightness", "light", "whole", "start", "anchor"},
        {"count", "leak_start"},
    )
    meanings = {name: field.description for name, field in RunSettings.model_fields.items()} | DIFFUSERS_NAMES
    for function in (denoise, generate):
        for name, parameter in inspect.signature(function).parameters.items():
            if parameter.kind is parameter.KEYWORD_ONLY:
                assert f"\n    {name}: {meanings[name]}" in function.__doc__
    assert denoise("drawn:0", "bright").settings.brightness == 1.0, "what is left out is as trained"


def test_what_is_offered_as_a_default_is_what_happens():
    for function, first in ((denoise, "drawn:0"), (generate, 1)):
        defaults = {
            name: parameter.default
            for name, parameter in inspect.signature(function).parameters.items()
            if parameter.kind is parameter.KEYWORD_ONLY
        }
        assert function(first, "bright", **defaults).settings == function(first, "bright").settings


def test_a_loop_that_is_left_is_taken_up_again(photo):
    run = denoise(photo, **QUICK)
    assert len(run) == 4
    for step in run:
        if step.index == 1:
            break
    assert run.history.done == 2
    assert "2 of 4 steps" in repr(run)
    assert torch.equal(run.x0, step.x0), "answered as far as it has come"
    assert [step.index for step in run] == [0, 1, 2, 3]
    assert [step.index for step in run.finish()] == [0, 1, 2, 3]
    assert torch.equal(run.x0, denoise(photo, **QUICK).x0)


def test_a_copy_of_a_run_has_what_was_made_and_goes_on(photo):
    run = denoise(photo, **QUICK)
    for step in run:
        if step.index == 1:
            break
    kept = pickle.dumps(run)
    for copy in (deepcopy(run), pickle.loads(kept)):
        assert copy.history.done == 2
        assert torch.equal(copy.x0, run.x0), "answered as far as it has come"
        assert [step.index for step in copy.finish()] == [0, 1, 2, 3]
        assert torch.equal(copy.x0, denoise(photo, **QUICK).x0)
    assert run.history.done == 2


def test_images_come_one_by_one_and_in_a_grid(photo):
    three = generate(3, steps=2)
    assert [image.size for image in three.images()] == [(16, 16)] * 3
    assert three.images(brighten=True)[2].tobytes() == photometry.to_image(three.x0[2], 2).tobytes()
    runs = denoise([photo, "drawn:7"], **QUICK)
    assert [image.tobytes() for image in runs.images()] == [run.image().tobytes() for run in runs]
    assert runs.image().size == (16 + 2 * 4, 2 * (16 + 4) + 4)
    for wrong in (denoise([]), denoise([draw(1, 16), draw(1, 64).resize((40, 20))], whole=True, **QUICK)):
        with pytest.raises(Refusal, match="one size"):
            wrong.image()


def test_pure_noise_takes_no_image(one_sentence):
    with pytest.raises(Refusal, match="takes no image") as refusal:
        Run(run_settings(mode="generate"), square(draw(1, 16), 16))
    one_sentence(refusal)


def test_networks_are_compared_on_one_image_and_noise(photo):
    dim, bright = compare(photo, ["dim", load("bright")], **QUICK)
    assert (dim.settings.brightness, bright.settings.brightness) == (0.5, 1)
    for outcome in (dim, bright):
        run = denoise(photo, outcome.settings.variant, **QUICK)
        assert torch.equal(outcome.result, run.x0[0])
        assert outcome.measures == run.measures
        assert repr(outcome).startswith(f"<Outcome of {outcome.settings.variant}: {outcome.delta_e:.1f} ")


def test_a_grid_over_two_settings_has_an_outcome_or_a_reason_in_every_place(photo):
    grid = sweep(photo, "steps", (2, 12), "start", (9, 300), seed=1, num_inference_steps=3)
    assert [[type(one) for one in row] for row in grid] == [[Outcome, Refusal], [Outcome, Outcome]]
    assert torch.allclose(grid[1][0].result, denoise(photo, start=300, steps=2, seed=1).x0[0], atol=1e-4)
    (row,) = sweep(photo, "variant", ["dim", "bright"], "sampler", ["ddim"], **QUICK)
    assert [one.settings.brightness for one in row] == [0.5, 1], "each as it was trained"


@pytest.mark.parametrize("image", [None, "drawn:7"])
def test_a_shift_is_taken_apart(image, monkeypatch):
    monkeypatch.setattr(checkpoints, "available", lambda: ["dim", "bright"])
    explanation = explain(image, steps=2)
    assert explanation.complete
    assert explanation.in_words in repr(explanation)
    assert explanation.run.settings.mode == ("generate" if image is None else "restore")


def test_a_schedule_is_that_of_the_training_unless_betas_are_given():
    assert schedule("dim") == schedule(load("dim")) == Curves.trained(find_variant("dim"))
    assert schedule("dim", beta_end=0.01).betas[-1] == pytest.approx(0.01)
    assert schedule("dim", zero_terminal_snr=True).alphas_cumprod[-1] == 0


def test_a_run_that_nobody_watches_is_made_when_it_is_looked_at(photo):
    run = denoise(photo, **QUICK)
    assert "0 of 4 steps" in repr(run), "its name alone does not make it"
    assert run.image().size == (16, 16)
    assert len(run.steps) == len(run.means) == 4
    assert run.target == pytest.approx(run.dim.add(1).mul(127.5).mean(dim=(0, 2, 3)).tolist())


def test_a_run_is_measured_as_two_pictures_are(photo):
    run = denoise(photo, clip=True, **QUICK)
    dim, result = photometry.to_image(run.dim[0]), run.image()
    between = measure(dim, result, brightness=0.5)
    assert run.measures.shift_r == pytest.approx(between.measures.shift_r, abs=0.5)  # pictures have 8 bits
    assert run.in_words == run.colour_shift.in_words


def test_measures_are_read_as_figures_and_words(photo):
    same = measure(photo, Image.open(photo))
    assert same.measures.delta_e == 0
    yellow = Image.open(photo).convert("RGB", (1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0.5, 0))
    shifted = measure(photo, yellow)
    assert shifted.measures.shift_b < -20
    for shown in (repr(shifted), shifted._repr_html_()):
        assert "Too yellow" in shown
        assert f"{shifted.measures.shift_b:.4g}" in shown
    assert "undefined" in repr(same), "equal pictures have an infinite PSNR"


def test_pictures_from_noise_are_held_against_the_training_set():
    run = generate(4, steps=2)
    assert run.x0.shape == (4, 3, 16, 16)
    assert run.image().size == (2 * 20 + 4, 2 * 20 + 4)
    assert run.in_words.endswith("In the training set: 102.0 102.0 89.2")
    with pytest.raises(Refusal):
        _ = run.measures


def test_a_notebook_shows_the_steps_and_what_became_of_the_colours(photo):
    run = denoise(photo, **QUICK)
    shown = run._repr_html_()
    uri = shown.partition('src="')[2].partition('"')[0]
    with Image.open(BytesIO(b64decode(uri.partition(",")[2]))) as sheet:
        assert sheet.tobytes() == run.sheet(brighten=True).tobytes()
    assert run.in_words in shown
    assert "4 of 4 steps" in shown
    four = generate(4, steps=2)
    assert "<br>In the training set" in four._repr_html_()


def test_what_is_saved_says_how_to_make_the_very_run_again(photo, tmp_path):
    run = denoise(photo, **QUICK)
    *pictures, report = run.save(tmp_path / "out", brighten=True)
    saved = json.loads(report.read_text())
    again = Run(run_settings(**saved["settings"]), run.pixels, checkpoint=run.checkpoint)
    assert torch.equal(again.x0, run.x0)
    assert saved["measures"]["delta_e"] == run.measures.delta_e
    with Image.open(pictures[0]) as result:
        assert result.tobytes() == run.image(brighten=True).tobytes()
