"""Run settings: defaults as trained, a round trip through JSON, and readable refusals."""

from typing import get_args

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from lowlight_ddpm.cli.settings import takes_settings
from lowlight_ddpm.diffusion import settings
from lowlight_ddpm.diffusion.backends import TITLES
from lowlight_ddpm.diffusion.samplers import SAMPLERS
from lowlight_ddpm.diffusion.settings import BackendName, LightName, RunSettings, run_settings
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images.photometry import LIGHTS
from lowlight_ddpm.variants import VARIANTS


@pytest.mark.parametrize("name", VARIANTS)
def test_what_is_left_out_is_as_trained(name):
    settings, row = run_settings(variant=name), VARIANTS[name]
    for field in ("brightness", "variance_type", "beta_start", "beta_end"):
        assert getattr(settings, field) == getattr(row, field)


def test_none_counts_as_left_out():
    assert run_settings(variant="bright", brightness=None, seed=None) == run_settings(variant="bright")


def test_explicit_values_win():
    given = {"brightness": 0.25, "variance_type": "fixed_large", "beta_start": 5e-4, "beta_end": 0.15}
    settings = run_settings(variant="bright", **given)
    assert {field: getattr(settings, field) for field in given} == given


def test_the_same_settings_make_the_same_key():
    assert hash(run_settings(start=300)) == hash(run_settings(variant="dim", start=300))
    assert run_settings(start=300) != run_settings(start=301)


@given(
    variant=st.sampled_from(sorted(VARIANTS)),
    start=st.integers(0, 999),
    fraction=st.floats(0, 1),
    brightness=st.floats(1e-3, 1),
    betas=st.tuples(st.floats(1e-6, 0.5), st.floats(1e-6, 0.5)).filter(lambda pair: pair[0] != pair[1]),
    sampler=st.sampled_from(sorted(SAMPLERS)),
    corrections=st.fixed_dictionaries(
        {"clip": st.booleans(), "clip_to_data": st.booleans(), "epsilon_scale": st.floats(0.5, 1.5)}
        | {"anchor": st.booleans()}
    ),
    seed=st.integers(0, 2**32 - 1),
)
def test_json_brings_settings_back(variant, start, fraction, brightness, betas, sampler, corrections, seed):
    settings = run_settings(
        variant=variant,
        start=start,
        steps=1 + round(start * fraction),
        brightness=brightness,
        beta_start=min(betas),
        beta_end=max(betas),
        sampler=sampler,
        seed=seed,
        **corrections,
    )
    assert RunSettings.model_validate_json(settings.model_dump_json()) == settings


BETA = "a number, above 0 and below 1"
STEPS = "a whole number, at least 1 and at most 1000"
START = "a whole number, at least 0 and at most 999"
BAD = [
    ({"beta_start": 0.02, "beta_end": 0.01}, "must be below"),
    ({"beta_start": 0.01, "beta_end": 0.01}, "must be below"),
    ({"beta_start": 0}, BETA),
    ({"beta_end": 1}, BETA),
    ({"beta_start": -1e-4}, BETA),
    ({"beta_end": float("nan")}, BETA),
    ({"beta_start": float("nan")}, BETA),
    ({"beta_end": float("inf")}, BETA),
    ({"beta_start": "small"}, BETA),
    ({"steps": 0}, STEPS),
    ({"steps": 1001}, STEPS),
    ({"steps": 2.5}, STEPS),
    ({"steps": "many"}, STEPS),
    ({"steps": [1] * 1000}, STEPS),
    ({"start": 9, "steps": 11}, "at most 10 steps"),
    ({"start": -1}, START),
    ({"start": 1000}, START),
    ({"start": float("nan")}, START),
    ({"brightness": 0}, "a number, above 0 and at most 1"),
    ({"brightness": 1.5}, "a number, above 0 and at most 1"),
    ({"brightness": float("nan")}, "a number, above 0 and at most 1"),
    ({"seed": -1}, "a whole number, at least 0 and below 4294967296"),
    ({"seed": 2**32}, "a whole number, at least 0 and below 4294967296"),
    ({"clip": "perhaps"}, "true or false"),
    ({"mode": "paint"}, "restore, generate"),
    ({"mode": []}, "restore, generate"),
    ({"variance_type": "learned"}, "fixed_small, fixed_small_log, fixed_large, fixed_large_log"),
    ({"variant": "dark"}, "bright, dim, dim-raw"),
    ({"variant": "two\nlines"}, "bright, dim, dim-raw"),
    ({"variant": 3}, "bright, dim, dim-raw"),
    ({"variant": []}, "bright, dim, dim-raw"),
    ({"xyz": "ddim"}, "choose among variant, mode"),
    ({"solver": "ddim"}, "write sampler"),
    ({"sampler": "euler"}, "one of ddpm, ddim, pndm, dpm++, unipc, deis"),
    ({"mode": "generate", "start": 600}, "999"),
    ({"epsilon_scale": 0}, "a number, at least 0.5 and at most 1.5"),
    ({"epsilon_scale": float("nan")}, "a number, at least 0.5 and at most 1.5"),
    ({"clip_to_data": "perhaps"}, "true or false"),
    ({"mode": "generate", "anchor": True}, "restore one, or leave anchor out"),
    ({"leak_start": True}, "generate, or leave leak_start out"),
]


@pytest.mark.parametrize(("values", "allowed"), BAD, ids=[str(values)[:40] for values, _ in BAD])
def test_a_bad_value_is_refused_in_a_sentence_that_tells_what_is_allowed(values, allowed, one_sentence):
    with pytest.raises(Refusal) as refusal:
        run_settings(**values)
    text = one_sentence(refusal)
    assert allowed in text
    assert len(text) < 400  # an unknown variant's names all 25


@pytest.mark.parametrize("field", ["beta_start", "steps", "start", "brightness", "seed", "clip"])
def test_a_refusal_names_the_setting(field):
    with pytest.raises(Refusal, match=f"The setting {field} must be"):
        run_settings(**{field: "x"})


def test_every_correction_is_off_by_default():
    settings = run_settings()
    corrections = (settings.leak_start, settings.anchor, settings.epsilon_scale, settings.clip_to_data)
    assert corrections == (False, False, 1, False)
    assert settings.mean_correction == "off"
    assert settings.sampler == "ddpm"


@pytest.mark.parametrize("start", [{}, {"start": None}, {"start": 999}])
def test_generating_always_starts_at_the_last_timestep(start):
    assert run_settings(mode="generate", **start).start == 999


def test_noise_is_no_picture_to_take_whole(one_sentence):
    with pytest.raises(Refusal, match="whole") as refusal:
        run_settings(mode="generate", whole=True)
    one_sentence(refusal)


def test_settings_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        run_settings().seed = 1


def test_the_choices_are_the_rows_of_the_tables():
    assert get_args(LightName) == tuple(LIGHTS)
    assert get_args(BackendName) == tuple(TITLES)


def test_an_earlier_name_of_a_setting_means_the_same(monkeypatch):
    monkeypatch.setitem(settings.EARLIER_NAMES, "noised_to", "start")
    assert run_settings(noised_to=300) == run_settings(start=300)
    starts, app = [], typer.Typer()

    @app.command()
    @takes_settings("restore")
    def command(**values):
        starts.append(values["start"])

    for option in ("--start", "--noised-to"):
        assert CliRunner().invoke(app, [option, "300"]).exit_code == 0
    assert starts == [300, 300]


@pytest.mark.parametrize("mode", ["restore", "generate"])
def test_what_is_offered_for_a_mode_can_be_set_in_it(mode):
    defaults = {name: getattr(run_settings(mode=mode), name) for name in settings.names_in(mode)}
    assert run_settings(mode=mode, **defaults) == run_settings(mode=mode)
    assert {"mode", *settings.names_in("restore"), *settings.names_in("generate")} == set(
        RunSettings.model_fields
    )
    assert not {"whole", "anchor", "light"} & set(settings.names_in("generate"))
