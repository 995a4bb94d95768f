"""The tab Schedule without a browser: its scene, its table, its callbacks."""

import re
from types import SimpleNamespace
from xml.etree import ElementTree

import gradio as gr
import numpy as np
import pytest
import torch

from lowlight_ddpm.diffusion.schedule import Curves
from lowlight_ddpm.images.display import show
from lowlight_ddpm.images.gallery import drawn_gallery
from lowlight_ddpm.images.photometry import to_image
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.ui import schedule
from lowlight_ddpm.ui.schedule import view
from lowlight_ddpm.ui.schedule.view import SCHEDULES, table
from lowlight_ddpm.ui.session import Session
from lowlight_ddpm.variants import VARIANTS, find_variant


@pytest.fixture
def session():
    session = Session(drawn_gallery())
    session.brightened = False
    return session


@pytest.fixture
def any_record(monkeypatch):
    """Every variant has the record of `dim`."""
    record = checkpoints.record("dim")
    monkeypatch.setattr(checkpoints, "record", lambda name: record)


def draw(session, variant="dim", betas=(1e-4, 0.02), zero_snr=False, start=300):
    return schedule.draw(session, variant, *betas, zero_snr, start)


@pytest.fixture
def pictures(decoded):
    """A function from the scene to its images: the input, then noised by either schedule."""
    return lambda html: [decoded(uri) for uri in re.findall(r'src="([^"]+)"', html)]


def assert_well_formed(html):
    figures = [ElementTree.fromstring(figure) for figure in re.findall("<figure.*?</figure>", html)]
    assert len(figures) == 5
    for figure in figures:
        plot, title = figure.find("div[@role='img']"), figure.find("figcaption/b").text
        assert plot.get("aria-label").startswith(title)
        numbers = " ".join(line.get("points") for line in figure.iter("polyline"))
        assert not re.search("nan|inf", numbers + plot.get("aria-label"))


def cells(html):
    return re.findall("<td>([^<]+)</td>", html)


@pytest.mark.parametrize("name", VARIANTS)
def test_charts_of_every_variant_are_well_formed(session, any_record, name):
    assert_well_formed(draw(session, name, betas=(1e-3, 0.01)))


@pytest.mark.parametrize("betas", [(1e-6, 2e-6), (1e-6, 0.999), (0.1, 0.999), (0.5, 0.51)])
@pytest.mark.parametrize("zero_snr", [False, True])
@pytest.mark.parametrize("start", [0, 999])
def test_charts_of_extreme_betas_are_well_formed(session, betas, zero_snr, start):
    assert_well_formed(draw(session, "dim", betas, zero_snr, start))


def test_the_same_betas_give_the_same_picture_and_figures_twice(session, pictures):
    html = draw(session)
    clean, trained, custom = pictures(html)
    np.testing.assert_array_equal(trained, custom)
    assert (clean != trained).any()
    values = cells(html)
    assert values[::2] == values[1::2]
    assert values[::2][:3] == ["63%", "78%", "0.64%"]


def test_other_betas_change_the_custom_side_alone(session, pictures):
    before, after = draw(session), draw(session, betas=(1e-3, 0.01))
    for old, new, same in zip(pictures(before), pictures(after), (True, True, False), strict=True):
        assert (old == new).all() == same
    assert cells(after)[::2] == cells(before)[::2]
    assert cells(after)[5] == "6.3%"


def test_both_pictures_bear_the_same_noise_at_their_own_level(session, pictures):
    noise, trained = view._noise(64), Curves.trained(find_variant("dim"))
    pair = view.SchedulePair.of(session, "dim", 1e-3, 0.01, False, 50)
    shown = pictures(view.scene(pair))[1:]
    for picture, curves in zip(shown, (trained, Curves(1e-3, 0.01)), strict=True):
        expected = curves.signal[50] * pair.run.dim[0] + curves.noise[50] * noise
        np.testing.assert_allclose(picture.astype(int), np.asarray(to_image(expected)), atol=1)


def test_at_zero_terminal_snr_nothing_is_left_and_nothing_leaks(session):
    assert cells(draw(session, zero_snr=True))[5::2] == ["0%", "0%"]


def test_a_picture_is_dimmed_as_the_variant_has_it_and_follows_the_choice(session, pictures):
    dim, bright = (pictures(draw(session, name))[0].astype(int) for name in ("dim", "bright"))
    np.testing.assert_allclose(dim, bright / 2, atol=1)
    session.index = 4
    assert (pictures(draw(session))[0] != dim).any()


def test_the_exposure_chosen_in_watch_holds_here_too(session, pictures):
    as_is = pictures(draw(session))[0] / 127.5 - 1
    session.brightened = True
    np.testing.assert_allclose(pictures(draw(session))[0], show(torch.tensor(as_is), 2), atol=2)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"betas": (0.01, 0.005)}, "Beta_start must be below beta_end"),
        ({"betas": (1e-4, 5)}, "The setting beta_end must be a number, above 0 and below 1, not 5."),
        ({"start": 5000}, "The setting start must be a whole number"),
        ({"start": 0.5}, "The setting start must be a whole number"),
    ],
)
def test_what_cannot_be_drawn_is_answered_where_the_curves_would_be(session, changed, said):
    html = draw(session, **changed)
    assert re.search(r'<p role="alert">([^<]+)</p>', html)[1].startswith(said)
    held = html[html.index('class="held"') :]
    assert held.count("<figure") == 5, "the place is kept"


def test_a_damaged_record_is_answered_too(session, tiny_root):
    record = tiny_root / "bright" / checkpoints.RECORD
    whole = record.read_text()
    record.write_text("{")
    try:
        assert "checkpoint bright is damaged" in draw(session, "bright")
        assert "checkpoint bright is damaged" in schedule._table("bright")
    finally:
        record.write_text(whole)


def test_emptied_fields_count_as_trained(session):
    assert cells(draw(session, betas=(None, None))) == cells(draw(session))


def test_the_table_ranks_the_posts_schedules_by_what_they_leave():
    root = ElementTree.fromstring(table("dim"))
    assert [button.get("data-value") for button in root.iter("button")] == list(SCHEDULES)
    signals = [row.findall("td")[0].text for row in root.find("tbody")]
    assert signals == ["0.64%", "6.3%", "2.0%", "< 0.01%", "0%"]
    kept = [row.findall("td")[1].text for row in root.find("tbody")]
    assert kept[4] == "0%"
    assert float(kept[1][:-1]) > float(kept[2][:-1]) > float(kept[0][:-1])


def test_every_trained_schedule_lies_on_the_sliders_which_pass_on_what_is_typed(session):
    with gr.Blocks(), gr.Tab("Schedule") as own:
        built = schedule.Schedule(own, gr.State(session))
    for row in VARIANTS.values():
        for slider, beta in ((built.beta_start, row.beta_start), (built.beta_end, row.beta_end)):
            assert slider.minimum <= beta <= slider.maximum
            steps = (beta - slider.minimum) / slider.step
            assert steps == pytest.approx(round(steps), abs=1e-6)
            assert (slider.preprocess(5), slider.preprocess(None)) == (5, None)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_row_sets_the_schedule_of_its_experiment(name):
    row = VARIANTS[name]
    trained = row.beta_start, row.beta_end, row.zero_terminal_snr
    assert schedule.pressed(SimpleNamespace(value=name)) == trained
    assert schedule.schedule_of(name) == schedule.pressed(SimpleNamespace(value=name))


@pytest.mark.parametrize(
    ("share", "said"), [(0.0, "0%"), (1e-9, "< 0.01%"), (0.0064, "0.64%"), (0.063, "6.3%"), (1.0, "100%")]
)
def test_small_shares_keep_two_digits_and_only_nothing_is_0(share, said):
    assert view.percent(share) == said


def test_offset_noise_hides_colours_and_a_stretched_frame_shows_them(any_record):
    low = Curves(1e-3, 0.01)
    kept = {name: view.signal_leak(low, name) for name in VARIANTS}
    assert kept["dim-deep-offset"] < kept["dim-deep"] < kept["dim-deep-renorm"]
