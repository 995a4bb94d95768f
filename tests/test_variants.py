"""The table of experiments: well-formed rows, and a refusal that lists them."""

from collections import Counter
from dataclasses import replace

import pytest

from lowlight_ddpm.diffusion.schedule import trained_scheduler
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.variants import STUDY, VARIANTS, Variant, find_variant, register, register_file


def test_no_row_hides_another_or_reads_like_one():
    """A second row of a name would take the place of the first; of one title, a list could not tell them."""
    for field in ("name", "title", "description"):
        counted = Counter(getattr(row, field).strip() for row in STUDY.values())
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


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("prediction_type", "velocity", "one of epsilon, v_prediction, sample"),
        ("beta_schedule", "cosine", "one of linear, scaled_linear, squaredcos_cap_v2, sigmoid"),
        ("variance_type", "learned", "one of fixed_small"),
        ("brightness", 0, "a number, above 0 and at most 1"),
        ("brightness", 1.5, "a number, above 0 and at most 1"),
        ("brightness", "0.5", "a number"),
        ("brightness", float("nan"), "a number"),
        ("beta_start", 0.0, "a number, above 0 and below 1"),
        ("beta_end", 1, "a number, above 0 and below 1"),
        ("beta_end", 1e-5, "above beta_start"),
        ("size", 64.0, "a whole number"),
        ("size", 0, "a whole number, at least 8"),
        ("layers_per_block", 0, "a whole number, at least 1"),
        ("channels", [24], "a list of whole numbers"),
        ("channels", "24, 32", "a list of whole numbers"),
        ("epochs", 0, "a whole number, at least 1"),
        ("seed", -1, "a whole number, at least 0"),
        ("offset_noise", -0.1, "a number, at least 0"),
        ("centred", "yes", "true or false"),
        ("averaged", 1, "true or false"),
        ("weights", 3, "a text or none"),
        ("synthetic", -1, "a whole number, at least 0"),
        ("name", "", "a text"),
    ],
)
def test_a_field_that_cannot_be_is_refused_with_what_it_may_be(field, value, says, one_sentence):
    with pytest.raises(Refusal, match=field) as refusal:
        replace(VARIANTS["dim"], **{field: value})
    assert says in one_sentence(refusal)


def test_two_normalizations_at_once_are_refused(one_sentence):
    with pytest.raises(Refusal, match="centred and renormalised") as refusal:
        Variant("mine", centred=True, renormalised=True)
    one_sentence(refusal)


def test_a_row_of_one_s_own_is_found_and_adds_nothing_to_its_images(table):
    mine = register(Variant("mine", beta_end=0.03))
    assert find_variant("mine") is mine
    assert (mine.title, mine.subject, mine.synthetic) == ("mine", "", 0)
    again = register(Variant("mine", beta_end=0.04))  # a notebook's cell that is run once more
    assert find_variant("mine") is again


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (Variant("dim", beta_end=0.03), "has a variant dim already"),
        (Variant("../mine"), "cannot be called"),
        (Variant("my own"), "cannot be called"),
        (Variant("mine", weights="dimm"), "no variant “dimm”"),
    ],
)
def test_a_row_that_cannot_be_added_is_refused(table, row, says, one_sentence):
    with pytest.raises(Refusal, match=says) as refusal:
        register(row)
    one_sentence(refusal)
    assert table == dict(STUDY)


ROWS = """
[mine]
title = "Mine"
brightness = 0.25
channels = [8, 16]

[mine-raw]
weights = "mine"
averaged = false
"""


def test_rows_are_read_from_a_file(table, tmp_path):
    (tmp_path / "rows.toml").write_text(ROWS)
    first, second = register_file(tmp_path / "rows.toml")
    assert first == Variant("mine", "Mine", brightness=0.25, channels=(8, 16))
    assert second == Variant("mine-raw", weights="mine", averaged=False)
    assert list(table)[-2:] == ["mine", "mine-raw"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "There is no file"),
        ("[mine]\nbrightness = = 2", "line 2"),
        ("mine = 3", "outside a row"),
        ("[mine]\nbeta = 3", "a field “beta”"),
        ('[mine]\nname = "other"', "a field “name”"),
        ("[mine]\nbrightness = 2", "at most 1"),
        ('[mine]\nprediction_type = "velocity"', "v_prediction"),
        ("[dim]\nbrightness = 0.3", "has a variant dim already"),
        ('[mine]\nbeta_schedule = "squaredcos_cap_v2"\nbeta_end = 0.01', "leave beta_end out"),
    ],
)
def test_a_file_that_holds_no_rows_is_refused(table, tmp_path, text, says, one_sentence):
    if text is not None:
        (tmp_path / "rows.toml").write_text(text)
    with pytest.raises(Refusal, match=says) as refusal:
        register_file(tmp_path / "rows.toml")
    one_sentence(refusal)
