"""Response curves: found again where they are known, and tested on pairs that they have not seen."""

import numpy as np
import pytest
from PIL import Image

from lowlight_ddpm.images.pairs import DARK, LIT, find_pairs
from lowlight_ddpm.study import camera_response
from lowlight_ddpm.study.camera_response import Exposure, Response, fit, leave_one_out

CAMERAS = {"desk": Response(1.8, 4.0), "street": Response(2.6, -3.0)}
RATIOS = (2, 4, 8)


def photograph(seed=0, side=48):
    """Pixel values (side, side, 3) of 255 with colours that differ by channel, none saturated."""
    return np.random.default_rng(seed).uniform((90, 70, 60), (240, 220, 200), (side, side, 3))


def save(folder, name, pixels):
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.round().clip(0, 255).astype(np.uint8)).save(folder / f"{name}.png")


@pytest.fixture
def folder(tmp_path):
    """Three pairs each of two cameras with known curves."""
    for series, camera in CAMERAS.items():
        lit = photograph()
        for ratio in RATIOS:
            name = f"{series}_div{ratio}"
            save(tmp_path / LIT, name, lit)
            save(tmp_path / DARK, name, camera.darkened(lit, ratio))
    return tmp_path


def exposures(folder):
    return [Exposure.of(pair) for pair in find_pairs(folder)]


@pytest.mark.parametrize("series", CAMERAS)
def test_a_known_curve_is_found_again(folder, series):
    found = fit([one for one in exposures(folder) if one.pair.series == series])
    assert found.gamma == pytest.approx(CAMERAS[series].gamma, abs=0.02)
    assert found.black == pytest.approx(CAMERAS[series].black, abs=0.5)


def test_a_pair_is_predicted_by_the_others_of_its_series(folder):
    predictions = list(leave_one_out(exposures(folder)))
    assert max(one.error for one in predictions) < 0.01
    assert min(one.srgb_error for one in predictions) > 0.02
    np.testing.assert_allclose(predictions[0].dark, predictions[0].exposure.dark, rtol=0.01)


def test_the_left_out_pair_has_no_say(folder):
    """One pair is spoiled: its own prediction does not follow it, so its error shows."""
    save(folder / DARK, "desk_div8", np.full((48, 48, 3), 200.0))
    predictions = {one.exposure.pair.name: one for one in leave_one_out(exposures(folder))}
    assert predictions["desk_div8"].response.gamma == pytest.approx(1.8, abs=0.02)
    assert predictions["desk_div8"].error > 0.5
    assert predictions["desk_div4"].error > 0.1, "it spoils the others' curve"


def test_a_series_of_one_is_predicted_by_all_others(tmp_path):
    for name, ratio in (("one", 4), ("two", 2), ("two", 8)):
        lit = photograph(1)
        save(tmp_path / LIT, f"{name}_div{ratio}", lit)
        save(tmp_path / DARK, f"{name}_div{ratio}", CAMERAS["desk"].darkened(lit, ratio))
    alone = next(one for one in leave_one_out(exposures(tmp_path)) if one.exposure.pair.series == "one")
    assert alone.error < 0.01


def test_nothing_is_fitted_to_no_pairs_nor_to_those_of_an_unknown_ratio(tmp_path, monkeypatch):
    lit = photograph(1)
    for name in ("1", "2", "one_div4"):
        save(tmp_path / LIT, name, lit)
        save(tmp_path / DARK, name, CAMERAS["desk"].darkened(lit, 4))
    monkeypatch.setattr(camera_response, "fit", lambda exposures: pytest.fail("nothing tells a curve"))
    for one in leave_one_out(exposures(tmp_path)):
        assert one.response == camera_response.USUAL
        assert one.exposure.ratio > 1
        assert (one.error is None) == (one.exposure.pair.name != "one_div4")


def test_a_black_picture_has_no_error_and_the_ratio_one(tmp_path):
    save(tmp_path / LIT, "1", photograph(1))
    save(tmp_path / DARK, "1", np.zeros((48, 48, 3)))
    (one,) = leave_one_out(exposures(tmp_path))
    assert one.exposure.ratio == 1
    assert one.error is None


def test_the_share_of_saturated_pixels_is_told(folder):
    lit = photograph()
    lit[:10] = 255
    save(folder / LIT, "desk_div2", lit)
    found = {one.pair.name: one for one in exposures(folder)}
    assert found["desk_div2"].saturated == pytest.approx(10 / 48)


def test_brightening_undoes_darkening():
    camera, pixels = CAMERAS["desk"], photograph(2)
    dark = camera.darkened(pixels, 16) / 255
    np.testing.assert_allclose(camera.brightened(dark, 16), pixels / 255)
    assert camera.brightened(np.array([0.0, 1.0]), 16).tolist() == [0.0, 1.0], (
        "what leaves the range is clipped"
    )


def test_srgb_s_own_prediction_is_of_light_not_of_means(tmp_path):
    """Half black, half white: of a quarter of the light sRGB keeps 0.537 of white, so 0.268 on average."""
    half = np.zeros((16, 16, 3))
    half[:8] = 255
    save(tmp_path / LIT, "half_div4", half)
    save(tmp_path / DARK, "half_div4", half / 4)
    (one,) = exposures(tmp_path)
    assert one.by_srgb == pytest.approx([0.2685 * 255] * 3, rel=1e-3)
