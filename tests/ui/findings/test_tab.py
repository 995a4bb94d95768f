"""The tab Findings without a browser: claims, table, figures and losses of conditions of our own."""

import json
import re
import shutil
from urllib.parse import parse_qs
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from lowlight_ddpm.diffusion.settings import RunSettings
from lowlight_ddpm.images import draw
from lowlight_ddpm.images.gallery import Gallery, drawn_gallery
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.study import protocol, store
from lowlight_ddpm.study.claims import Claim
from lowlight_ddpm.study.findings import Outcome
from lowlight_ddpm.study.headlines import Change, Comparison
from lowlight_ddpm.study.results import LossCurve
from lowlight_ddpm.study.verdicts import Effect
from lowlight_ddpm.ui.findings import claims_view, figures_view, tab
from lowlight_ddpm.ui.findings.claims_view import measured, whisker
from lowlight_ddpm.ui.findings.figures_view import losses
from lowlight_ddpm.ui.findings.tables_view import GENERATES, RESTORES, TASKS
from lowlight_ddpm.ui.session import Session
from lowlight_ddpm.variants import VARIANTS, find_variant

DRAWN, PHOTOGRAPHS = "drawn butterflies", "photographs"
MEASURES = {"mse": 0.01, "psnr": 20.0, "delta_e": 2.0, "shift_r": 1.0, "shift_g": -1.0, "shift_b": 0.0}


@pytest.fixture
def folder(tmp_path, monkeypatch, tiny_root):
    """An empty results/, read with the tiny checkpoints; nothing is remembered of an earlier one."""
    monkeypatch.setattr(protocol, "RESULTS", tmp_path)
    monkeypatch.setattr(checkpoints, "ROOT", tiny_root)
    measured.cache_clear()
    yield tmp_path
    measured.cache_clear()


@pytest.fixture
def write(folder, tiny_root):
    """A function that writes a cell of restorations of four pictures with two noises, shifted by `tints`."""

    def write(variant, tints, source=DRAWN, ssim=0.5, start=600, **settings):
        kind = "drawn" if source == DRAWN else "photo"
        rows = [
            {"picture": f"{kind}_{i:04d}", "seed": seed, "ssim": ssim, "detail": 0.9, **MEASURES}
            | {"mse_shift": (tint * find_variant(variant).brightness / 255) ** 2}
            for seed in (0, 1)
            for i, tint in enumerate(tints)
        ]
        save(variant, rows, source=source, mode="restore", start=start, steps=50, **settings)

    def save(variant, rows, source, **settings):
        settings = RunSettings(variant=variant, **settings).model_dump()
        network = protocol.network_id(variant, tiny_root)
        condition = {"variant": variant, "network": network, "source": source, "leaks": True}
        file, report = folder / f"{variant}.jsonl", {"settings": settings, "rows": rows, "trace": []}
        number = len(store.lines(file, protocol.CONDITION))
        store.append(file, protocol.CONDITION, f"{number:012}", condition | report)

    write.save = save
    return write


@pytest.fixture
def session():
    return Session(drawn_gallery())


def table(
    session,
    task="Denoised from timestep 600",
    pictures="drawn butterflies",
    variant="all",
    variance="training default",
):
    return tab.choose(session, variant, task, pictures, variance)


def cells(html):
    """The texts of the table's body, row by row."""
    rows = re.findall("<tr.*?</tr>", html.partition("<tbody")[2])
    return [re.findall(r"<td[^>]*>([^<]*)</td>", row) for row in rows]


def queries(html):
    return [parse_qs(query.replace("&amp;", "&")) for query in re.findall('data-value="([^"]*)"', html)]


def test_without_results_everything_says_so(folder, session):
    claims, rows, in_the_dark, growth, _, _ = tab.show(session, *tab.OPENING)
    assert growth["epochs"] == [1, 5]
    assert "Not measured yet" in in_the_dark
    assert "Nothing has been measured yet" in claims
    assert claims.count("not measured yet") >= 15
    assert "None of these conditions has been measured yet." in rows


def test_a_difference_is_told_for_each_source(write, monkeypatch):
    change = Change("variance_type", "fixed_small", "fixed_large")
    claim = Claim("Dim is worse", (Comparison("excess", +1, "dim", change=change, start=600),))
    monkeypatch.setattr(claims_view, "CLAIMS", (claim,))
    monkeypatch.setattr(claims_view, "judge", lambda *_: {(claim.comparisons[0], "butterflies"): "holds"})
    large = {"variance_type": "fixed_large"}
    write("dim", [9, 10, 11, 10], source="butterflies")
    write("dim", [2, 2, 2, 2], source="butterflies", **large)
    write("dim", [1, 1, 1, 1])
    write("dim", [4, 4, 4, 4], **large)
    html = claims_view.claims(measured()).partition("What explains")[0]
    told = re.findall("<p><b>(.*?)</b> .*?>([a-z ]+)</span></p>.*?<p>(.*?)</p>", html)
    assert [(what, verdict) for what, verdict, _ in told] == [
        ("Colour shift beyond a perfect sampler&#x27;s, photographs", "holds"),
        ("Colour shift beyond a perfect sampler&#x27;s, drawn butterflies", "interval only"),
    ]
    small, large = (f"“Dim control” with the variance “fixed_{size}”" for size in ("small", "large"))
    assert told[0][2].startswith(f"8.00/255 higher with {small} than with {large}")
    assert told[1][2] == f"3.00/255 lower with {small} than with {large} (−3.00 to −3.00; dim alone)."
    assert "2 comparisons test the post’s claims: <b>1</b> “holds”, <b>1</b> “interval only”." in html


def test_a_background_is_told_as_a_factor():
    outcome = Outcome(Effect(np.log(2), np.log(2) / 1.959964, np.inf), "2 against 1 trainings")
    c = Comparison("ground", +1, change=Change("variance_type", "fixed_large", "fixed_small"))
    assert claims_view.in_words(c, outcome) == (
        "2.00 times as large with every network with the variance “fixed_large” as with every network "
        "with the variance “fixed_small” (1.00 to 4.00; 2 against 1 trainings)."
    )


@pytest.fixture
def fruit(tiny_root):
    """Two networks more, for as long as the test lasts."""
    names = ("fruit-bright", "fruit-dim")
    for name in names:
        shutil.copytree(tiny_root / "dim", tiny_root / name)
        record = json.loads((tiny_root / name / checkpoints.RECORD).read_text())
        (tiny_root / name / checkpoints.RECORD).write_text(json.dumps(record | {"weights_sha256": name}))
    yield
    for name in names:
        shutil.rmtree(tiny_root / name)


@pytest.mark.usefixtures("fruit")
def test_fruit_is_a_subject_of_its_own(write, session):
    write("fruit-dim", [9, 9, 9, 9], source="drawn fruit")
    write("fruit-bright", [2, 2, 2, 2], source="drawn fruit")
    write("dim", [1, 1, 1, 1])
    claims = claims_view.claims(measured())
    told = claims.partition("Another subject")[2]
    assert "Colour shift beyond a perfect sampler&#x27;s, drawn fruit" in told
    assert "/255 lower with “Fruit, dim” than with “Fruit, bright”" in told  # a perfect sampler shifts more
    assert "photographs" not in claims.partition("What explains")[0]  # fruit is not taken for them
    assert "Fruit, dim" in table(session, pictures="drawn fruit")
    assert "Fruit" not in table(session)
    assert "None of these conditions" in table(session, pictures="photographs")


def test_without_a_training_repeated_there_is_a_difference_and_no_interval(write):
    write("dim", [9, 9, 9, 9])
    write("bright", [2, 2, 2, 2])
    html = claims_view.claims(measured())
    unknown = "“Dim control” than with “Bright control”.*trainings of one recipe lie apart is not known"
    assert re.search(unknown, html)
    assert "<b>2</b> “no interval yet”" in html  # the shift, and CIEDE2000


def test_what_is_not_measured_is_named_once_a_pair(write):
    write("dim", [1, 1, 1, 1])
    html = claims_view.claims(measured())
    assert html.count("“Dim, trained longer” against “Dim control”") == 1
    assert f"1 of {len(VARIANTS)} networks have results so far." in html
    assert VARIANTS["dim-long"].title in html


def test_a_whisker_is_drawn_to_scale_and_said():
    html = whisker((2.0, 1.0, 3.0), 0.5, "2 higher & sure")
    figure = ElementTree.fromstring(html)
    assert figure.get("aria-label") == "2 higher & sure"
    band, zero, line = figure.find("svg")
    place = float(re.search(r"[\d.]+", figure.find("i").get("style"))[0]) - 50
    assert float(zero.get("x1")) == 50
    assert (float(line.get("x1")) - 50) / place == pytest.approx(0.5, abs=0.01)
    assert (float(line.get("x2")) - 50) / place == pytest.approx(1.5, abs=0.01)
    assert float(band.get("width")) / place == pytest.approx(0.5, abs=0.01)
    assert float(line.get("x2")) <= 100


def test_the_table_shows_the_cells_that_are_asked_for(write, session):
    write("dim", [2, 4, 6, 8], ssim=0.25)
    write("bright", [1, 1, 1, 1])
    write("dim", [3, 3, 3, 3], source="butterflies")
    both = table(session)
    assert "Denoised from timestep 600: 2 conditions, means over sixteen drawn butterflies" in both
    bright, dim = cells(both)
    assert dim[0] == "0.50"
    assert dim[2:8] == ["+1.0", "−1.0", "+0.0", "5.0", "2.0", "0.250"]
    assert bright[5] == "1.0"
    assert len(cells(table(session, variant="dim"))) == 1
    assert cells(table(session, pictures=PHOTOGRAPHS))[0][5] == "3.0"
    assert "None of these conditions" in table(session, variance="large")
    assert "None of these conditions" in table(session, task="Denoised from timestep 300")


def test_a_row_opens_its_typical_picture_with_the_noise_that_was_measured(write, session):
    write("dim", [8, 1, 3, 2])
    (query,) = queries(table(session))
    assert query["picture"] == ["drawn_0003"]  # the lower of the two tints in the middle
    assert query["variant"] == ["dim"]
    assert query["seed"] == ["7"]  # of the second noise, which comes after four pictures with the first


def test_a_camera_s_light_is_named_and_opened(write, session):
    write("dim", [8, 1, 3, 2])
    write("dim", [9, 9, 9, 9], light="camera")
    html = table(session)
    assert [row[0] for row in cells(html)] == ["0.50", "0.50, camera"]
    assert [query.get("light", ["pixels"]) for query in queries(html)] == [["pixels"], ["camera"]]


def test_photographs_have_a_button_only_where_the_page_has_them(write, session):
    write("dim", [8, 1, 3, 2], source="butterflies")
    html = table(session, pictures=PHOTOGRAPHS)
    assert queries(html) == []
    assert "not available here" in html
    own = Session(Gallery("mine", [draw(0, 64)], ["photo_0002"]))
    (query,) = queries(table(own, pictures=PHOTOGRAPHS))
    assert query["picture"] == ["photo_0002"]


def test_samples_are_shown_beside_the_training_set(write, session, folder):
    colours = dict.fromkeys(protocol.COLOURS, 100.0)
    varied = [colours | {"seed": i, "border_r": 100.0 + 4 * (-1) ** i, "nearest": 30.0} for i in range(4)]
    write.save("dim", varied, None, mode="generate", steps=50)
    assert "None of these conditions" in table(session, TASKS[len(RESTORES)])  # no training set
    described = {"rows": [colours | {"mean_g": 90.0}] * 3, "held_out_nearest": [1.0]}
    store.append(folder / "no-network.jsonl", protocol.TRAINING_SET, "butterflies-0.5", described)
    measured.cache_clear()
    html = table(session, next(iter(GENERATES)))
    (row,) = cells(html)
    assert row[2:7] == ["+0.0", "+10.0", "+0.0", "4.0 0.0 0.0", "0.0 0.0 0.0"]
    # The background is √(4²/3) off at half brightness; chance moves images that are all alike nowhere.
    assert row[7:13] == ["4.6", "0%", "0.0 10.0 0.0", "0.0 0.0 0.0", "30.0", "1.0"]
    (query,) = queries(html)
    assert query["mode"] == ["generate"]
    assert "picture" not in query


def test_every_choice_gives_a_table_that_is_well_formed(write, session):
    write("dim", [8, 1, 3, 2])
    for task in TASKS:
        for pictures in tab.PICTURES:
            ElementTree.fromstring(f"<div>{table(session, task, pictures)}</div>")


def test_figures_have_captions_sizes_and_runs(tmp_path, session):
    Image.new("RGB", (40, 30)).save(tmp_path / "5.1-dim-and-bright.png")
    Image.new("RGB", (40, 20)).save(tmp_path / "1.1-walk.png")
    (tmp_path / "growth.svg").write_text('<svg viewBox="0 0 648 400.5"></svg>')
    html = figures_view.figures(session.gallery.names, tmp_path)
    page = ElementTree.fromstring(f"<div>{html}</div>")
    walk, grids, growth = page.iter("figure")
    assert walk.find("img").get("alt").startswith("Noise above clears")
    assert (grids.find("img").get("width"), grids.find("img").get("height")) == ("40", "30")
    assert growth.find("img").get("width") == "648"
    assert growth.find("div/button") is None
    opened = [parse_qs(button.get("data-value")) for button in page.iter("button")]
    assert opened[0]["picture"] == ["drawn_0003"]
    assert [query["variant"] for query in opened[1:]] == [["dim"], ["bright"]]
    assert "more need networks" in html
    assert "No figures" in figures_view.figures([], tmp_path / "nowhere")
    (without,) = ElementTree.fromstring(figures_view.figures([], tmp_path).partition("<p")[0]).iterfind(
        "figure[@id='figure-1.1-walk']"
    )
    assert without.find("div/button") is None  # its image is not available


def test_every_committed_figure_is_shown():
    html = figures_view.figures([])
    for path in figures_view.FOLDER.iterdir():
        assert (path.name in html) != (path.stem in figures_view.ELSEWHERE)


def test_losses_are_drawn_on_one_logarithmic_scale():
    epochs = np.arange(1.0, 5.0)
    curves = {
        "dim": LossCurve(epochs, np.array([1.0, 0.1, 0.01, 0.01])),
        "bright": LossCurve(epochs, np.array([1.0, 1.0, 0.1, 0.1])),
    }
    dim, bright = ElementTree.fromstring(losses(curves)).iter("figure")
    own = {figure: figure.find(".//polyline[@class='own']").get("points") for figure in (dim, bright)}
    heights = [float(point.split(",")[1]) for point in own[dim].split()]
    assert heights[1] - heights[0] == pytest.approx(heights[2] - heights[1], abs=0.02)
    assert dim.find(".//polyline[@class='pale']").get("points") == own[bright]
    assert "0.01 at the end" in dim.find("div[@role='img']").get("aria-label")
    assert "No training" in losses({})
