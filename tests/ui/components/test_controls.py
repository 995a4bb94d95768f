"""RunSettings to components and back."""

import gradio as gr
import pytest
from PIL import Image

from lowlight_ddpm.diffusion.samplers import SAMPLERS
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images.gallery import drawn_gallery
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.study import step_counts
from lowlight_ddpm.ui.components import plan as plan_module
from lowlight_ddpm.ui.components.controls import (
    FIELDS,
    SAMPLER,
    START,
    STEPS,
    Controls,
    describe,
    fresh_seed,
    settings_of,
    steps_in_words,
    stochastic,
    training_defaults,
    values_of,
)
from lowlight_ddpm.ui.components.plan import signal
from lowlight_ddpm.ui.session import Picked, Session
from lowlight_ddpm.variants import VARIANTS


@pytest.mark.parametrize(
    "settings",
    [
        run_settings(),
        run_settings(variant="bright", mode="generate", seed=2**32 - 1),
        run_settings(brightness=0.05, start=10, steps=11, variance_type="fixed_large_log", clip=False),
        run_settings(beta_start=0.001, beta_end=0.01),
    ],
)
def test_settings_survive_the_way_through_the_controls(settings):
    assert settings_of(tuple(values_of(settings))) == settings


def test_contradicting_controls_are_refused_in_a_sentence():
    values = dict(zip(FIELDS, values_of(run_settings()), strict=True)) | {"start": 10, "steps": 50}
    with pytest.raises(Refusal, match="at most 11 steps"):
        settings_of(tuple(values.values()))


def test_training_defaults_forget_everything_but_variant_task_and_seed():
    settings = settings_of(tuple(training_defaults("bright", "generate", 7)))
    assert settings == run_settings(variant="bright", mode="generate", seed=7)
    assert (settings.brightness, settings.start) == (1.0, 999)


def test_the_page_restores_from_where_the_picture_still_shows():
    quickly = {"sampler": SAMPLER, "steps": STEPS}
    proposed = settings_of(tuple(training_defaults("dim", "restore", 7)))
    assert proposed == run_settings(start=START, seed=7, **quickly)
    assert "Signal left <b>63%</b>, noise <b>78%</b>" in signal(run_settings(start=START))
    with gr.Blocks():
        assert Controls().start.value == START


def test_the_page_proposes_a_sampler_and_the_fewest_steps_that_are_enough():
    measured = step_counts.distances()
    enough = step_counts.fewest(measured[measured["mode"] == "restore"])
    assert enough[SAMPLER] == STEPS == min(filter(None, enough.values()))
    assert not any(step_counts.fewest(measured[measured["mode"] == "generate"]).values())
    assert training_defaults("dim", "generate", 0)[FIELDS.index("sampler")] == "ddpm"


def test_a_variance_type_is_chosen_for_a_sampler_that_adds_noise():
    assert [stochastic(name) for name in SAMPLERS] == ["ddpm"] * len(SAMPLERS)


def test_a_variance_type_is_named_where_it_counts():
    assert steps_in_words(run_settings()) == "DDPM, small"
    assert steps_in_words(run_settings(sampler="dpm++")) == "DPM-Solver++ 2M"


def test_networks_are_offered_by_title_and_only_where_they_are_there():
    with gr.Blocks():
        choices = Controls().variant.choices
    assert choices == [(VARIANTS[name].title, name) for name in checkpoints.available()]


def test_titles_tell_the_networks_apart_and_fit_a_telephone():
    titles = [row.title for row in VARIANTS.values()]
    assert len(set(titles)) == len(titles)
    assert max(map(len, titles)) <= 30


def test_fresh_seeds_differ():
    assert len({fresh_seed() for _ in range(20)}) > 10


def test_the_controls_are_described_in_words():
    signal, plan = describe(Session(drawn_gallery()), *values_of(run_settings(start=999)))
    assert "Signal left <b>1%</b>, noise <b>100%</b>" in signal
    assert "50 network calls" in plan
    assert plan.count("<li>") == 1


def test_a_network_of_another_subject_says_what_it_knows(monkeypatch):
    monkeypatch.setattr(plan_module, "_estimate", lambda *_: "")
    settings = run_settings(variant="fruit-dim")
    _, notes = describe(Session(drawn_gallery()), *values_of(settings))
    assert "This network has learned from fruit alone." in notes


def test_a_whole_picture_s_size_is_said_with_its_time():
    session = Session(drawn_gallery(), own=Picked("wide", Image.new("RGB", (300, 100))))
    _, plan = describe(session, *values_of(run_settings(whole=True)))
    assert "50 network calls on 12 tiles of 300×100 pixels" in plan


def test_nothing_is_left_at_the_end_of_a_schedule_with_zero_terminal_snr():
    settings = run_settings(variant="dim-deep-zsnr", start=999)
    assert "Signal left <b>0%</b>, noise <b>100%</b>" in signal(settings)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"brightness": 0.3}, "trained at brightness 0.5"),
        ({"beta_end": 0.01}, "new noise schedule"),
        ({"variant": "bright"}, "checkpoint bright is damaged"),
        ({"start": 3}, "at most 4 steps"),
    ],
)
def test_what_is_unusual_is_said_before_the_run(changed, said):
    values = dict(zip(FIELDS, values_of(run_settings()), strict=True)) | changed
    assert said in describe(Session(drawn_gallery()), *values.values())[1]


def test_generating_ignores_brightness_and_says_nothing_of_it():
    assert (
        "brightness"
        not in describe(Session(drawn_gallery()), *values_of(run_settings(mode="generate", brightness=0.3)))[
            1
        ]
    )


def test_the_plan_says_what_computes_and_where_it_is_not_to_be_had(monkeypatch):
    values = values_of(run_settings(backend="onnx"))
    monkeypatch.setattr(plan_module, "seconds_per_call", lambda *_: 0.05)
    _, plan = describe(Session(drawn_gallery()), *values)
    assert "50 network calls by ONNX Runtime" in plan
    monkeypatch.setattr(plan_module, "backend_here", lambda _: "torch")
    _, plan = describe(Session(drawn_gallery()), *values)
    assert "50 network calls by PyTorch" in plan
    assert "ONNX Runtime is not to be had here." in plan
