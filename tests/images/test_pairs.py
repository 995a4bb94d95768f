"""Pairs of dark and well-lit photographs, found by their names."""

import pytest

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import draw
from lowlight_ddpm.images.pairs import DARK, LIT, find_pairs


def put(folder, *names, into=(DARK, LIT)):
    for side in into:
        (folder / side).mkdir(parents=True, exist_ok=True)
        for name in names:
            draw(1, 16).save(folder / side / f"{name}.png")


def test_a_name_tells_series_and_ratio(tmp_path):
    put(tmp_path, "desk_div32", "a_desk_div4", "desk_div4")
    pairs = find_pairs(tmp_path)
    assert [(pair.series, pair.ratio) for pair in pairs] == [("a_desk", 4), ("desk", 4), ("desk", 32)]
    assert (pairs[2].dark, pairs[2].lit) == (
        tmp_path / "low/desk_div32.png",
        tmp_path / "high/desk_div32.png",
    )


@pytest.mark.parametrize(
    ("names", "into", "said"),
    [
        ((), (DARK, LIT), "no pairs"),
        (("desk",), (DARK, LIT), "desk.png"),
        (("desk_div8",), (DARK,), "desk_div8"),
    ],
)
def test_what_is_no_pair_is_refused_in_a_sentence(tmp_path, one_sentence, names, into, said):
    put(tmp_path, *names, into=into)
    with pytest.raises(Refusal, match=said) as refusal:
        find_pairs(tmp_path)
    one_sentence(refusal)


@pytest.mark.parametrize("name", ["desk_div1", "desk_div0", "desk_div"])
def test_a_ratio_must_be_one(tmp_path, name):
    put(tmp_path, name)
    with pytest.raises(Refusal, match="SERIES_divRATIO"):
        find_pairs(tmp_path)
