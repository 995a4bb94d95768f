"""The table of experiments: well-formed rows, and a refusal that lists them."""

from collections import Counter
from dataclasses import replace

import pytest

from lowlight_ddpm.diffusion.schedule import trained_scheduler
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.variants import _ROWS, VARIANTS, find_variant


def test_no_row_hides_another_or_reads_like_one():
    """A second row of a name would take the place of the first; of one title, a list could not tell them."""
    for field in ("name", "title", "description"):
        counted = Counter(getattr(row, field).strip() for row in _ROWS)
        assert "" not in counted
        assert [text for text, count in counted.items() if count > 1] == []


@pytest.mark.parametrize("name", VARIANTS)
def test_every_row_can_be_found_and_trained(name):
    row = find_variant(name)
    assert 0 < row.brightness <= 1
    assert 0 < row.beta_start < row.beta_end < 1
    assert len(trained_scheduler(row).betas) == 1000


@pytest.mark.parametrize("name", VARIANTS)
def test_a_row_that_shares_weights_shares_whatever_training_depends_on(name):
    row = find_variant(name)
    teacher = find_variant(row.trained_as)
    assert teacher.weights is None
    own = row.decides_training
    if row.renormalised:  # its pictures are stretched to what the bright network has learned
        own |= {"brightness": 1.0}
    assert own == teacher.decides_training


def test_rows_that_share_weights_are_of_one_network():
    network = ("size", "layers_per_block", "channels", "attention_head_dim", "norm_num_groups")
    for row in VARIANTS.values():
        teacher = find_variant(row.trained_as)
        assert [getattr(row, name) for name in network] == [getattr(teacher, name) for name in network]


def test_a_size_that_cannot_be_halved_level_by_level_is_refused(one_sentence):
    assert replace(VARIANTS["dim"], size=40).size == 40
    with pytest.raises(Refusal, match="multiple of 8") as refusal:
        replace(VARIANTS["dim"], size=36)
    one_sentence(refusal)


@pytest.mark.parametrize("change", [{"attention_head_dim": 48}, {"channels": (24, 32, 64, 96)}])
def test_heads_that_do_not_divide_the_channels_are_refused(change, one_sentence):
    with pytest.raises(Refusal, match="attention_head_dim") as refusal:
        replace(VARIANTS["dim"], **change)
    one_sentence(refusal)


@pytest.mark.parametrize("groups", [-1, 0, 3, 16])
def test_groups_that_do_not_divide_every_width_are_refused(groups, one_sentence):
    assert replace(VARIANTS["dim"], norm_num_groups=4).norm_num_groups == 4
    with pytest.raises(Refusal, match="norm_num_groups") as refusal:
        replace(VARIANTS["dim"], norm_num_groups=groups)
    one_sentence(refusal)


@pytest.mark.parametrize("kind", ["", "x0", "velocity", "Epsilon", None])
def test_an_unknown_prediction_type_is_refused_with_the_known_ones(kind, one_sentence):
    with pytest.raises(Refusal, match="epsilon, v_prediction, sample") as refusal:
        replace(VARIANTS["dim"], prediction_type=kind)
    one_sentence(refusal)


@pytest.mark.parametrize("kind", ["v_prediction", "sample"])
def test_whatever_tells_the_picture_without_any_signal_may_come_with_zero_terminal_snr(kind):
    row = replace(VARIANTS["dim"], zero_terminal_snr=True, prediction_type=kind)
    assert trained_scheduler(row).alphas_cumprod[-1] == 0


def test_epsilon_at_zero_terminal_snr_is_refused(one_sentence):
    with pytest.raises(Refusal, match="predict v") as refusal:
        replace(VARIANTS["dim"], zero_terminal_snr=True)
    one_sentence(refusal)


@pytest.mark.parametrize(
    ("one", "other", "fields"),
    [
        ("dim", "bright", {"brightness"}),
        ("dim", "dim-v", {"prediction_type"}),
        ("dim", "dim-groups1", {"norm_num_groups"}),
        ("bright", "bright-groups1", {"norm_num_groups"}),
        ("dim", "dim-again-2", {"seed"}),
        ("dim-deep", "dim-deep-again-2", {"seed"}),
        ("dim-deep", "dim-deep-x0", {"prediction_type"}),
    ],
)
def test_a_row_differs_from_its_control_in_what_it_is_about_alone(one, other, fields):
    one, other = vars(VARIANTS[one]), vars(VARIANTS[other])
    told = {"name", "title", "description", "figure"}
    assert {key for key in one if one[key] != other[key]} - told == fields


def test_groups_decide_training_and_leave_the_names_of_results_alone():
    assert VARIANTS["dim"].decides_training != VARIANTS["dim-groups1"].decides_training
    assert VARIANTS["dim"].decides_sampling == VARIANTS["dim-groups1"].decides_sampling


def test_an_unknown_name_is_refused_with_the_known_ones(one_sentence):
    with pytest.raises(Refusal) as refusal:
        find_variant("dimm")
    text = one_sentence(refusal)
    assert "dimm" in text
    assert all(name in text for name in VARIANTS)
