"""Pairs of dark and well-lit photographs, found by their names."""

from dataclasses import replace

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
        (("desk_div8",), (DARK,), "desk_div8"),
    ],
)
def test_what_is_no_pair_is_refused_in_a_sentence(tmp_path, one_sentence, names, into, said):
    put(tmp_path, *names, into=into)
    with pytest.raises(Refusal, match=said) as refusal:
        find_pairs(tmp_path)
    one_sentence(refusal)


@pytest.mark.parametrize("name", ["desk", "desk_div1", "desk_div0", "desk_div", "1"])
def test_without_a_ratio_it_is_not_known_and_the_folder_is_the_series(tmp_path, name):
    put(tmp_path, name)
    (pair,) = find_pairs(tmp_path)
    assert (pair.name, pair.series, pair.ratio) == (name, tmp_path.name, None)


def test_two_folders_are_matched_by_names_whatever_their_format(tmp_path):
    for folder, suffixes in (("dark", ("png", "JPG", "bmp")), ("light", ("png", "png", "webp"))):
        (tmp_path / folder).mkdir()
        for number, suffix in enumerate(suffixes, 1):
            draw(1, 16).save(tmp_path / folder / f"{number}.{suffix}")
    found = find_pairs(tmp_path / "dark", tmp_path / "light")
    assert [(pair.dark.name, pair.lit.name) for pair in found] == [
        ("1.png", "1.png"),
        ("2.JPG", "2.png"),
        ("3.bmp", "3.webp"),
    ]


def test_a_crop_is_the_middle_of_both(tmp_path):
    put(tmp_path, "1")
    (pair,) = find_pairs(tmp_path)
    dark, lit = pair.pixels()
    assert dark.shape == (3, 16, 16)
    cropped, _ = replace(pair, crop=8).pixels()
    assert (cropped == lit[:, 4:12, 4:12]).all()


def test_two_sizes_and_a_crop_too_large_name_the_pair(tmp_path, one_sentence):
    put(tmp_path, "1", "2")
    draw(1, 24).save(tmp_path / LIT / "2.png")
    one, two = find_pairs(tmp_path)
    for pair, said in (
        (two, "pair 2 have 16×16 and 24×24"),
        (replace(one, crop=17), "pair 1 has only 16×16"),
    ):
        with pytest.raises(Refusal, match=said) as refusal:
            pair.pixels()
        one_sentence(refusal)
