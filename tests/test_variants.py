"""The table of experiments: well-formed rows, and a refusal that lists them."""

import pytest

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.schedule import trained_scheduler
from lowlight_ddpm.variants import VARIANTS, find_variant


@pytest.mark.parametrize("name", VARIANTS)
def test_every_row_can_be_found_trained_and_told(name):
    row = find_variant(name)
    assert row.name == name
    assert row.title
    assert row.lesson.endswith(".")
    assert 0 < row.brightness <= 1
    assert 0 < row.beta_start < row.beta_end < 1
    assert len(trained_scheduler(row).betas) == 1000


@pytest.mark.parametrize("name", VARIANTS)
def test_a_row_that_shares_weights_shares_whatever_training_depends_on(name):
    row = find_variant(name)
    teacher = find_variant(row.trained_as)
    assert teacher.weights is None
    for field in ("brightness", "layers_per_block", "beta_start", "beta_end", "beta_schedule", "seed"):
        assert getattr(row, field) == getattr(teacher, field)


def test_dim_and_bright_differ_in_brightness_alone():
    dim, bright = vars(VARIANTS["dim"]), vars(VARIANTS["bright"])
    told = {"name", "title", "lesson", "figure"}
    assert {key for key in dim if dim[key] != bright[key]} - told == {"brightness"}


def test_an_unknown_name_is_refused_with_the_known_ones(one_sentence):
    with pytest.raises(Refusal) as refusal:
        find_variant("dimm")
    text = one_sentence(refusal)
    assert "dimm" in text
    assert all(name in text for name in VARIANTS)
