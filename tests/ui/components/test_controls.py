"""RunSettings to components and back."""

import gradio as gr
import pytest
from PIL import Image

from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images.gallery import drawn_gallery
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.study import step_counts
from lowlight_ddpm.ui.components import choices
from lowlight_ddpm.ui.components import plan as plan_module
from lowlight_ddpm.ui.components.choices import SAMPLER, START, STEPS, named, opening
from lowlight_ddpm.ui.components.controls import (
    Controls,
    answer,
    fresh_seed,
    pressed,
    settings_of,
    shown,
    values_of,
    views,
)
from lowlight_ddpm.ui.components.plan import plan, signal
from lowlight_ddpm.ui.components.words import FIELDS, steps_in_words
from lowlight_ddpm.ui.messages import skip
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


def laid():
    controls = Controls()
    controls.said.render()
    controls.lay()
    return controls


def test_the_page_opens_with_pure_noise_and_restores_from_where_the_picture_still_shows():
    assert opening("dim", seed=7) == run_settings(start=START, seed=7, sampler=SAMPLER, steps=STEPS)
    assert "Signal left <b>63%</b>, noise <b>78%</b>" in signal(run_settings(start=START))
    assert "All noise" in signal(run_settings(mode="generate"))
    with gr.Blocks():
        controls = laid()
    assert (controls.mode.value, controls.start.value, controls.essentials.noise.value) == (
        "generate",
        999,
        100,
    )


def test_the_page_proposes_a_sampler_and_the_fewest_steps_that_are_enough():
    measured = step_counts.distances()
    enough = step_counts.fewest(measured[measured["mode"] == "restore"])
    assert enough[SAMPLER] == STEPS == min(filter(None, enough.values()))
    assert not any(step_counts.fewest(measured[measured["mode"] == "generate"]).values())
    assert opening("dim", "generate").sampler == "ddpm"


def set_by(fields):
    """The settings that an answer sets, the others being left alone."""
    return {name: value for name, value in zip(FIELDS, fields, strict=True) if value != skip()}


def test_a_choice_answers_all_controls_but_its_own_in_order():
    with gr.Blocks():
        controls = laid()
    everything = [controls.said, *controls.all]
    before = opening("dim")
    assert len(everything) == len(shown(before.model_dump())) + 1
    place = everything.index(controls.essentials.noise)
    answered = answer(choices.with_noise, "start", place, 100, *values_of(before))
    assert len(answered) == len(everything) - 1
    told, fields = answered[0], answered[1 : 1 + len(FIELDS)]
    assert "task denoise an image → unconditional sampling" in told
    assert set_by(fields)["mode"] == "generate"
    assert "steps" not in set_by(fields), "what the user may have changed meanwhile is left alone"
    assert answered[1 + len(FIELDS) :][:2] == ["dim", "off"]


def test_the_task_s_own_control_has_its_new_value_already_and_what_goes_with_it_is_set():
    fields = named(tuple(values_of(opening("dim")))) | {"mode": "generate"}
    _, *answered = answer(choices.with_task, "mode", 99, "generate", *fields.values())
    assert named(tuple(answered[: len(FIELDS)]))["start"] == 999


def test_settings_that_cannot_be_move_nothing():
    fields = named(tuple(values_of(opening("dim")))) | {"beta_start": 0.5, "beta_end": 0.1}
    answered = answer(choices.with_noise, "start", 0, 40, *fields.values())
    assert set(map(str, answered)) == {str(gr.skip())}
    assert len(answered) == len(FIELDS) + 4


def test_finer_controls_move_the_four():
    said, *four, variance = views(*values_of(run_settings(brightness=0.3, mean_correction="wide", start=999)))
    assert (said, four) == ("", [None, "on", 99])
    assert variance.visible
    assert not views(*values_of(opening("dim")))[-1].visible


def test_a_button_that_sets_several_settings_says_which():
    before = opening("dim", seed=3)
    told, *answered = pressed(
        choices.training_defaults, *values_of(before.model_copy(update={"clip": False}))
    )
    assert "clipping of x0 off → on" in told
    assert set_by(answered[: len(FIELDS)]) == {"clip": True}


def test_a_variance_type_is_named_where_it_counts():
    assert steps_in_words(run_settings()) == "DDPM, small"
    assert steps_in_words(run_settings(sampler="dpm++")) == "DPM-Solver++ 2M"


def test_networks_are_offered_by_title_and_only_where_they_are_there():
    with gr.Blocks():
        offered = laid().variant.choices
    assert offered == [(VARIANTS[name].title, name) for name in checkpoints.available()]


def test_titles_tell_the_networks_apart_and_fit_a_telephone():
    titles = [row.title for row in VARIANTS.values()]
    assert len(set(titles)) == len(titles)
    assert max(map(len, titles)) <= 30


def test_fresh_seeds_differ():
    assert len({fresh_seed() for _ in range(20)}) > 10


def planned(settings, picture=None, **changed):
    """(signal, plan) for the settings' values, some of them `changed` so that they may contradict."""
    return plan(settings.model_dump() | changed, picture or drawn_gallery().pictures[0])


def test_the_controls_are_described_in_words():
    signal, plan = planned(run_settings(start=999))
    assert "Signal left <b>1%</b>, noise <b>100%</b>" in signal
    assert "50 network calls" in plan
    assert plan.count("<li>") == 1


def test_a_network_of_another_subject_says_what_it_knows(monkeypatch):
    monkeypatch.setattr(plan_module, "_estimate", lambda *_: "")
    settings = run_settings(variant="fruit-dim")
    _, notes = planned(settings)
    assert "This network has learned from fruit alone." in notes


def test_a_whole_picture_s_size_is_said_with_its_time():
    _, said = planned(run_settings(whole=True), Image.new("RGB", (300, 100)))
    assert "50 network calls on 12 tiles of 300×100 pixels" in said


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
    assert said in planned(run_settings(), **changed)[1]


@pytest.mark.parametrize(("variant", "warned"), [("dim-deep", False), ("dim-v", True), ("dim-deep-x0", True)])
def test_the_correction_says_whom_it_is_not_for(monkeypatch, variant, warned):
    monkeypatch.setattr(plan_module, "_estimate", lambda *_: "")
    assert ("predict v" in planned(run_settings(variant=variant, mean_correction=True))[1]) == warned
    assert "predict v" not in planned(run_settings(variant=variant))[1]


def test_generating_ignores_brightness_and_says_nothing_of_it():
    assert "brightness" not in planned(run_settings(mode="generate", brightness=0.3))[1]


def test_the_plan_says_what_computes_and_where_it_is_not_to_be_had(monkeypatch):
    settings = run_settings(backend="onnx")
    monkeypatch.setattr(plan_module, "seconds_per_call", lambda *_: 0.05)
    assert "50 network calls by ONNX Runtime" in planned(settings)[1]
    monkeypatch.setattr(plan_module, "backend_here", lambda _: "torch")
    _, said = planned(settings)
    assert "50 network calls by PyTorch" in said
    assert "ONNX Runtime is not to be had here." in said
