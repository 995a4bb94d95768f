"""What one choice does to all settings: no more than it must, and it is said."""

import pytest

from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.ui.components import choices
from lowlight_ddpm.ui.components.choices import ALL_NOISE, START, essentials, opening, set_with_it
from lowlight_ddpm.ui.components.words import changes


def values(**given):
    return run_settings(**given).model_dump()


def changed(before, after):
    return {name for name in after if after[name] != before[name]}


@pytest.mark.parametrize("mode", ["restore", "generate"])
def test_the_four_controls_and_the_finer_ones_are_two_views_of_one_run(mode):
    before = opening("dim", mode).model_dump()
    learned, correction, noise = essentials(before)
    assert (learned, correction) == ("dim", "off")
    assert choices.with_network(before, learned) == before
    assert choices.with_correction(before, correction) == before
    after = choices.with_noise(before, noise)
    assert essentials(after) == (learned, correction, noise)
    assert changed(before, after) <= {"start"}


def test_what_was_learned_from_sets_network_and_brightness_and_says_so():
    before = opening("dim", "generate", seed=7).model_dump()
    after = choices.with_network(before, "bright")
    assert changed(before, after) == {"variant", "brightness"}
    assert (
        set_with_it(before, after) == "Set with it: network Dim control → Bright control, brightness 0.5 → 1."
    )
    assert set_with_it(before, after, "variant") == "Set with it: brightness 0.5 → 1."
    run_settings(**after)


def test_a_brightness_of_one_s_own_is_none_of_those_learned_from():
    assert essentials(values(brightness=0.3))[0] is None
    assert essentials(values(variant="dim-deep"))[0] is None


def test_noise_goes_from_little_to_all_and_back():
    before = opening("dim").model_dump()
    starts = [choices.with_noise(before, noise)["start"] for noise in range(1, ALL_NOISE)]
    assert starts == sorted(set(starts))
    everything = choices.with_noise(before | {"mean_correction": "wide", "light": "camera"}, ALL_NOISE)
    assert (everything["mode"], everything["mean_correction"], everything["light"]) == (
        "generate",
        "training",
        "pixels",
    )
    run_settings(**everything)
    back = choices.with_noise(everything, 37)
    assert (back["mode"], back["mean_correction"]) == ("restore", "wide")
    assert back["start"] == pytest.approx(START, abs=5)
    run_settings(**back)


def test_fewer_steps_where_there_cannot_be_as_many_are_said():
    before = values(start=300, steps=200)
    after = choices.with_noise(before, 5)
    assert after["steps"] == after["start"] + 1 < 200
    assert set_with_it(before, after, "start") == f"Set with it: steps 200 → {after['steps']}."


@pytest.mark.parametrize(("mode", "form"), [("restore", "wide"), ("generate", "training")])
def test_the_correction_takes_the_form_that_suits_the_task(mode, form):
    before = values(mode=mode) | ({"anchor": True} if mode == "restore" else {})
    after = choices.with_correction(before, "on")
    assert after["mean_correction"] == form
    run_settings(**after)
    assert choices.with_correction(after, "off")["mean_correction"] == "off"


@pytest.mark.parametrize("name", choices.PRESETS)
def test_a_preset_keeps_network_and_seed(name):
    before = opening("bright", seed=5).model_dump()
    after = choices.preset(name, before)
    assert (after["variant"], after["seed"]) == ("bright", 5)
    run_settings(**after)


def test_training_defaults_forget_everything_but_network_task_and_seed():
    before = values(variant="bright", mode="generate", seed=7, steps=9, clip=False)
    assert choices.training_defaults(before) == values(variant="bright", mode="generate", seed=7)


def test_the_own_brightness_is_that_of_the_network():
    assert choices.own_brightness(values(variant="bright", brightness=0.3))["brightness"] == 1.0


def test_fields_that_are_being_typed_into_break_nothing():
    odd = values() | {"start": None, "steps": None}
    assert choices.with_noise(odd, 50)["steps"] == 1
    assert essentials(odd)[2] == 1
    assert essentials(values() | {"start": 5000})[2] == 99
    assert essentials(values() | {"beta_start": 0.5, "beta_end": 0.1})[2] == ALL_NOISE


def test_a_variance_type_is_offered_where_it_has_an_effect():
    assert choices.has_variance(values(sampler="ddpm"))
    assert not choices.has_variance(values(sampler="dpm++"))


def test_changes_are_in_the_page_s_words():
    before, after = (
        values(),
        values(mean_correction=True, sampler="dpm++", clip=False, start=300, beta_end=0.03),
    )
    assert changes(before, after) == [
        "start timestep 600 → 300",
        "sampler DDPM → DPM-Solver++ 2M",
        "beta end 0.02 → 0.03",
        "clipping of x0 on → off",
        "correction off → on (any colour)",
    ]
    assert changes(before, before) == []
