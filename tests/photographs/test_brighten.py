"""Photographs brightened from Python: what comes out of any file, what is said, what is refused."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from skimage import data

import lowlight_ddpm
from benchmarks.encoders import P3_ICC
from lowlight_ddpm import brighten
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.photographs import brighten as module
from lowlight_ddpm.photographs import photograph

BRIGHT = data.astronaut()[::4, ::4]
DARK = (BRIGHT * 0.12).round().astype(np.uint8)


def test_it_is_offered_by_the_package():
    assert "brighten" in dir(lowlight_ddpm)
    assert brighten is module.brighten


def test_a_dark_photograph_becomes_light_and_says_how_much():
    made = brighten(DARK)
    assert made.image.size == DARK.shape[1::-1]
    assert made.after == pytest.approx(0.42, abs=0.01)
    assert made.in_words == f"Brightened from a mean luma of {made.before:.2f} to 0.42 of 1."


def test_a_bright_photograph_is_left_alone_and_it_is_said(tmp_path):
    Image.fromarray(BRIGHT).save(tmp_path / "bright.png")
    made = brighten(tmp_path / "bright.png", "dusk")
    with Image.open(made.save(tmp_path / "made.png")) as written:
        assert np.abs(np.asarray(written).astype(int) - BRIGHT).max() <= 2
    assert made.in_words.startswith("Left as it is: its mean luma is 0.4")
    assert made.in_words.endswith("of 1 already, and 0.25 was wanted.")


def test_as_it_was_changes_nothing_unless_it_is_denoised():
    assert (np.asarray(brighten(DARK, "as it was").image) == DARK).all()
    made = brighten(DARK, "as it was", denoise="tv", strength=0.5)
    assert (np.asarray(made.image) != DARK).any()
    assert made.in_words.endswith("Denoised by total variation, 50% of it.")
    assert (np.asarray(brighten(DARK, "as it was", denoise="tv", strength=0).image) == DARK).all()


ODD = {
    "black": np.zeros((16, 16, 3), np.uint8),
    "white": np.full((16, 16, 3), 255, np.uint8),
    "tiny": DARK[:8, :8],
    "panorama": np.tile(DARK[:16], (1, 20, 1)),
    "grey": DARK[..., 0],
    "16 bits": DARK.astype(np.uint16) * 257,
    "16 bits, grey": DARK[..., 0].astype(np.uint16) * 257,
    "transparent": np.dstack([DARK, np.full(DARK.shape[:2], 255, np.uint8)]),
}


@pytest.mark.parametrize("denoise", ["none", "nlm", "tv"])
@pytest.mark.parametrize("pixels", ODD.values(), ids=ODD)
def test_any_picture_gives_one_of_its_size_and_a_sentence(pixels, denoise, one_sentence):
    made = brighten(pixels, denoise=denoise)
    assert made.image.size == pixels.shape[1::-1]
    assert made.image.mode == "RGB"
    for sentence in made.in_words.split(". "):
        one_sentence(f"{sentence.rstrip('.')}.")


def test_black_says_why_it_stays():
    made = brighten(ODD["black"])
    assert not np.asarray(made.image).any()
    assert "nothing to brighten" in made.in_words


def test_what_cannot_reach_the_level_says_so():
    assert (
        "it cannot reach 0.98" in brighten(np.where(ODD["white"] > 0, 1, 0).astype(np.uint8), 0.98).in_words
    )


def test_less_than_eight_pixels_are_refused_in_a_sentence(one_sentence):
    with pytest.raises(Refusal) as refusal:
        brighten(DARK[:5])
    one_sentence(refusal)


def test_it_is_upright_and_in_srgb_and_the_profile_is_noted():
    file, exif = BytesIO(), Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(DARK[:, :64]).save(file, "PNG", icc_profile=P3_ICC, exif=exif)
    made = brighten(file.getvalue(), "as it was")
    assert made.image.size == (DARK.shape[0], 64)
    assert made.notes == ["Colours: Display P3, converted to sRGB."]
    assert not made.image.info


def test_more_than_the_limit_is_made_smaller_and_noted(monkeypatch):
    monkeypatch.setattr(photograph, "MOST_PIXELS", 32 * 32)
    made = brighten(DARK)
    assert made.image.size == (32, 32)
    assert made.notes == ["Made smaller: of 128×128 pixels, more than 24 megapixels, to 32×32."]


@pytest.mark.parametrize(
    "levels", [DARK.astype(np.uint16) * 257 + 40, DARK / np.float32(300)], ids=["16", "float"]
)
def test_more_than_eight_bits_are_noted_where_they_are_lost(levels):
    (note,) = brighten(levels).notes
    assert note == "Read as 8 bits a channel, of more: brightened shadows may show steps."
    assert brighten(DARK.astype(np.uint16) * 257).notes == [], "nothing is lost of it"
    assert brighten(DARK / np.float32(255)).notes == []


def test_a_png_of_sixteen_bits_says_so_too(tmp_path):
    Image.fromarray(DARK[..., 0].astype(np.uint16) * 257 + 40).save(tmp_path / "deep.png")
    assert brighten(tmp_path / "deep.png").notes == brighten(DARK.astype(np.uint16) * 257 + 40).notes


def test_the_time_is_announced_before_any_progress():
    said = []
    brighten(DARK, denoise="nlm", announce=said.append, progress=said.append)
    assert said[0].startswith("0.0 megapixels by non-local means: about ")
    assert said[-1] == 1.0


@pytest.mark.parametrize(
    "wrong",
    [
        {"level": "night"},
        {"level": 0},
        {"level": "1"},
        {"level": float("nan")},
        {"denoise": "bm3d"},
        {"strength": 1.5},
        {"strength": float("nan")},
    ],
    ids=str,
)
def test_values_that_are_none_are_refused_in_a_sentence(wrong, one_sentence):
    with pytest.raises(Refusal) as refusal:
        brighten(DARK, **wrong)
    one_sentence(refusal)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".JPEG"])
def test_the_suffix_chooses_the_format(tmp_path, suffix):
    made = brighten(DARK)
    with Image.open(made.save(tmp_path / "folder" / f"made{suffix}")) as written:
        assert written.format == ("PNG" if suffix == ".png" else "JPEG")
        assert np.abs(np.asarray(written).astype(float) - np.asarray(made.image)).mean() < 3
    with pytest.raises(Refusal, match=r"\.png or \.jpg"):
        made.save(tmp_path / "made.webp")
