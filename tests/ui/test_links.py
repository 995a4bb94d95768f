"""A run to a link's query and back."""

from typing import get_args
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lowlight_ddpm.diffusion.samplers import SAMPLERS
from lowlight_ddpm.diffusion.settings import (
    LAST_TIMESTEP,
    BackendName,
    RunSettings,
    VarianceType,
    run_settings,
)
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images.gallery import drawn_gallery
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.ui.play import visit
from lowlight_ddpm.ui.session import Session, Watched, own, parse, query_of, trained_anew
from lowlight_ddpm.variants import VARIANTS

NAMES = st.none() | st.text(min_size=1, max_size=40)


@st.composite
def any_settings(draw) -> RunSettings:
    """Any run that there can be: every field left as trained, or at any value that it may have."""
    values = {
        "variant": draw(st.sampled_from(list(VARIANTS))),
        "brightness": draw(st.none() | st.floats(0, 1, exclude_min=True)),
        "sampler": draw(st.sampled_from(list(SAMPLERS))),
        "variance_type": draw(st.none() | st.sampled_from(get_args(VarianceType))),
        "backend": draw(st.sampled_from(get_args(BackendName))),
        "clip": draw(st.booleans()),
        "clip_to_data": draw(st.booleans()),
        "epsilon_scale": draw(st.floats(0.5, 1.5)),
        "seed": draw(st.integers(0, 2**32 - 1)),
    }
    if draw(st.booleans()):
        low, high = sorted(draw(st.lists(st.floats(1e-6, 0.999), min_size=2, max_size=2, unique=True)))
        values |= {"beta_start": low, "beta_end": high}
    start = LAST_TIMESTEP
    if draw(st.booleans()):
        values |= {"mode": "generate", "leak_start": draw(st.booleans())}
        values |= {"mean_correction": draw(st.sampled_from(("off", "training")))}
    else:
        start = draw(st.integers(0, LAST_TIMESTEP))
        values |= {"start": start}
        values |= draw(st.sampled_from(({}, {"anchor": True}, {"mean_correction": "wide"})))
    return run_settings(**values, steps=draw(st.integers(1, start + 1)))


@given(any_settings(), NAMES)
def test_every_run_survives_the_way_through_a_link(settings, picture):
    assert parse(query_of(settings, picture)) == (settings, picture)


@pytest.mark.parametrize(
    ("settings", "query"),
    [
        (run_settings(), "variant=dim"),
        (run_settings(variant="dim-large"), "variant=dim-large"),
        (run_settings(mode="generate"), "variant=dim&mode=generate"),
        (run_settings(start=300, clip=False), "variant=dim&start=300&clip=false"),
        (run_settings(variance_type="fixed_large"), "variant=dim&variance_type=fixed_large"),
    ],
)
def test_only_what_differs_from_the_variant_as_trained_is_written(settings, query):
    assert query_of(settings) == query


def test_a_picture_goes_along_by_its_name():
    query = query_of(run_settings(), "row 3 Åland & co")
    assert dict(parse_qsl(query))["picture"] == "row 3 Åland & co"
    assert parse("?" + query)[1] == "row 3 Åland & co"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("variant=dim&colour=red", "no setting 'colour'"),
        ("variant=nobody", "no variant “nobody”"),
        ("steps=many", "steps must be a whole number"),
        ("start=", "start must be a whole number"),
        ("brightness=nan", "brightness must be a number"),
        ("start=10&steps=50", "at most 11 steps"),
        ("mode=generate&start=300", "generating starts from pure noise"),
    ],
)
def test_what_is_no_run_is_refused_in_a_sentence(query, said, one_sentence):
    with pytest.raises(Refusal) as refusal:
        parse(query)
    assert said.lower() in one_sentence(refusal).lower()


def test_the_theme_and_what_a_space_adds_are_no_settings():
    assert own("?__theme=dark&__sign=x&view=api") == {}
    assert parse("__theme=dark&variant=dim") == (run_settings(), None)


@pytest.mark.parametrize(
    ("trained", "licence", "told"),
    [("aaaa", {}, False), ("bbbb", {}, True), (None, {}, False), (None, {"licence": "CC0-1.0"}, True)],
)
def test_a_link_to_a_network_that_was_trained_anew_says_so(monkeypatch, trained, licence, told):
    record = {"weights_sha256": "aaaabbbb", "data": licence}
    monkeypatch.setattr(checkpoints, "record", lambda name: record)
    said = trained_anew({"variant": "dim"} | ({"trained": trained} if trained else {}))
    assert bool(said) == told
    assert (
        not told or said == "“Dim control” was trained anew after this link was made, so that pixels differ."
    )


def test_a_copied_link_knows_the_weights_and_is_told_nothing_of_them():
    query = Watched(run_settings(), Session(drawn_gallery()).picked).query
    assert dict(parse_qsl(query))["trained"] == checkpoints.record("dim")["weights_sha256"][:8]
    assert trained_anew(dict(parse_qsl(query))) is None
    assert parse(query) == (run_settings(), "drawn_0000")


def test_a_link_to_a_network_that_is_not_there_yet_says_so(monkeypatch, one_sentence):
    monkeypatch.setattr(checkpoints, "available", lambda: ["bright"])
    with pytest.raises(Exception, match="being trained anew"):
        visit.reopen(Session(drawn_gallery()), visit.want("variant=dim"))
