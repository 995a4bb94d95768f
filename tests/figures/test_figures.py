"""The figures: a well-formed table, each drawn from tiny checkpoints and results, the same bytes again."""

import json
import shutil
import sys

import pandas as pd
import pytest
import torch
from PIL import Image

from benchmarks.tiny import save_tiny
from lowlight_ddpm import cli
from lowlight_ddpm.diffusion.schedule import trained_scheduler
from lowlight_ddpm.figures import Inputs, table
from lowlight_ddpm.figures.images import most_contrary, restoration
from lowlight_ddpm.figures.style import COLOURS, colour_of, spread
from lowlight_ddpm.figures.table import FIGURES, draw_figures
from lowlight_ddpm.figures.unet import draw_unet, levels
from lowlight_ddpm.images import HELD_OUT
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.models.unet import build_unet
from lowlight_ddpm.study import protocol, small_networks, store
from lowlight_ddpm.study.transmission import Transmission
from lowlight_ddpm.variants import VARIANTS, find_variant
from tests.helpers.grown import grow

NAMES = (
    "dim",
    "bright",
    "dim-quarter",
    "dim-large",
    "dim-deep",
    "dim-deep-low",
    "dim-deep-mid",
    "dim-deep-high",
    "dim-deep-zsnr",
)


@pytest.fixture(scope="module", autouse=True)
def _brief():
    """A protocol of a few steps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(protocol, "STEPS_FROM", {300: 2, 600: 2, 999: 2})
        patch.setattr(protocol, "STEPS", 2)
        patch.setattr(protocol, "FINELY_SAMPLED", ())
        patch.setattr(protocol, "OTHER_SAMPLERS", {})
        patch.setattr(protocol, "UNTRAINED_BRIGHTNESS", {})
        patch.setattr(protocol, "UNTRAINED_LIGHT", {})
        patch.setattr(protocol, "SAMPLES", HELD_OUT)
        yield


@pytest.fixture(scope="module")
def inputs(tmp_path_factory) -> Inputs:
    """Untrained networks with records of training, and results of the first five on drawn butterflies."""
    folder = tmp_path_factory.mktemp("figures")
    for number, name in enumerate(NAMES):
        torch.manual_seed(number)
        variant = find_variant(name)
        record = {
            "held_out": ["drawn_0001", "drawn_0004", "drawn_0005"],
            "channel_mean": [-0.2, -0.2, -0.3],
            "channel_covariance": [[0.02, 0.01, 0.01], [0.01, 0.02, 0.01], [0.01, 0.01, 0.03]],
            "data": {"source": "drawn butterflies"},
            "epochs": 2,
            "steps": 40,
            "loss_curve": [[2 * i, 1 / i] for i in range(1, 21)],
        }
        unet = build_unet(layers_per_block=1, channels=(8, 16), resolution=16)
        checkpoints.save(folder / "checkpoints" / name, unet, trained_scheduler(variant), record, "# none\n")
    grow(folder / "checkpoints" / "dim")
    amounts = ("steps", "pictures", "pixels", "variants", "users")
    report = {"growth": {what: [(1, 0.1), (2, 0.2), (4, 0.4)] for what in amounts}}
    (folder / "results.json").write_text(json.dumps(report))
    inputs = Inputs(folder / "checkpoints", folder / "results", benchmarks=folder)
    for number, arm in enumerate(small_networks.ARMS):
        kept = {"signal": 0.08, "tint": "grey", "kept": number / 22, "perfect": 0.15}
        rows = [kept | {"cycles": cycles} for cycles in (0, 1)]
        line = arm._asdict() | {"seed": 0, "rows": rows}
        store.append(inputs.results / small_networks.FILE, small_networks.Training.kind, str(number), line)
    data = protocol.evaluation_set("drawn:6", record["held_out"], size=16)
    for name in NAMES[:5]:
        protocol.describe_training_set(data, name, inputs.results)
        Transmission(name, data, inputs.results, inputs.root).run()
        for condition in protocol.conditions(name, [data], None, inputs.results, inputs.root):
            if not condition.done:
                condition.run()
    return inputs


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def results_before(inputs):
    """Every file of results as it is before any figure is drawn."""
    return contents(inputs.results)


@pytest.fixture(scope="module")
def drawn(inputs, results_before, tmp_path_factory):
    """The folder of all figures, and what was said of them."""
    out = tmp_path_factory.mktemp("out")
    return out, list(draw_figures([], inputs, out))


def test_every_figure_says_what_it_is_to_those_who_see_it_and_those_who_do_not():
    texts = [text.strip() for figure in FIGURES.values() for text in (figure.title, figure.alt)]
    assert all(texts)
    assert len(set(texts)) == 2 * len(FIGURES), "two texts are the same"
    assert {figure.suffix for figure in FIGURES.values()} == {".png", ".svg"}


def test_the_table_names_each_figure_once():
    assert len(FIGURES) == len(table._ROWS)


def test_no_two_variants_share_a_colour_and_a_row_without_one_is_drawn_all_the_same():
    assert COLOURS.keys() <= VARIANTS.keys()
    assert len(set(COLOURS.values())) == len(COLOURS)
    assert colour_of("a new row") not in COLOURS.values()


@pytest.mark.parametrize("name", FIGURES)
def test_it_is_drawn(name, drawn):
    out, said = drawn
    path = out / FIGURES[name].file
    assert str(path) in said
    if path.suffix == ".png":
        with Image.open(path) as picture:
            assert (picture.width, picture.mode) == (1800, "RGB")
            assert picture.info["srgb"] == 0, "tagged as sRGB"
    else:
        assert "<svg" in path.read_text()


@pytest.mark.parametrize("name", ["1.1-walk", "shift"])
def test_the_same_inputs_give_the_same_bytes(name, drawn, inputs, tmp_path):
    assert list(draw_figures([name], inputs, tmp_path)) == [str(tmp_path / FIGURES[name].file)]
    again, once = (folder / FIGURES[name].file for folder in (tmp_path, drawn[0]))
    assert again.read_bytes() == once.read_bytes()


def test_what_cannot_be_drawn_yet_is_left_out_with_one_line(inputs, tmp_path):
    root = tmp_path / "checkpoints"
    shutil.copytree(inputs.root / "dim", root / "dim")
    names = ["1.1-walk", "5.3-depth", "shift"]
    said = dict(zip(names, draw_figures(names, Inputs(root, tmp_path / "none"), tmp_path), strict=True))
    assert said["5.3-depth"] == "5.3-depth is left out: dim-deep and bright are not trained yet."
    assert said["shift"] == "shift is left out: none/ holds no results of a trained variant yet."
    assert said["1.1-walk"] == str(tmp_path / "1.1-walk.png")
    assert all(line.count("\n") == 0 for line in said.values())


def test_a_grid_leaves_out_what_is_optional(inputs, tmp_path):
    assert "dim-retrained" not in inputs.trained
    assert list(draw_figures(["5.2-variance"], inputs, tmp_path)) == [str(tmp_path / "5.2-variance.png")]


def test_photographs_draw_the_figures_of_pictures_alone_and_never_into_docs(inputs, tmp_path, refused):
    folder = tmp_path / "photographs"
    folder.mkdir()
    for number in range(3):
        Image.new("RGB", (40, 30), (90 * number, 99, 50)).save(folder / f"{number}.png")
    photographs = Inputs(inputs.root, inputs.results, str(folder))
    said = list(draw_figures([], photographs, tmp_path / "out"))
    assert len(said) == sum(figure.pictures for figure in FIGURES.values())
    assert said[0] == str(tmp_path / "out" / "1.1-walk.png")
    refused(lambda: list(draw_figures([], photographs, table.DOCS / "figures")))
    assert table.FROM_PHOTOGRAPHS.parts[0] == "out"


def test_an_unknown_figure_is_refused(inputs, tmp_path, refused):
    refused(lambda: list(draw_figures(["6.1"], inputs, tmp_path)))


@pytest.fixture
def refused(one_sentence):
    from lowlight_ddpm.errors import Refusal

    def check(call):
        with pytest.raises(Refusal) as refusal:
            call()
        one_sentence(refusal)

    return check


def test_the_pair_is_the_one_that_mse_judges_most_wrongly():
    cell = {
        "source": "s",
        "size": 64,
        "brightness": 0.5,
        "start": 300,
        "steps": 50,
        "picture": "p",
        "seed": 0,
    }
    figures = {  # variant: MSE, ΔE00, SSIM
        "a": (0.010, 9.0, 0.5),
        "b": (0.020, 2.0, 0.6),
        "c": (0.040, 1.0, 0.4),  # further from a on both, but MSE is right: SSIM is lower too
        "d": (0.011, 1.0, 0.7),  # MSE hardly tells it from a
    }
    rows = pd.DataFrame(
        [
            {**cell, "variant": name, "mse": mse, "delta_e": shift, "ssim": ssim}
            for name, (mse, shift, ssim) in figures.items()
        ]
        + [{**cell, "seed": 1, "variant": "e", "mse": 0.9, "delta_e": 0.1, "ssim": 0.9}]  # other noise
        + [{**cell, "size": 128, "variant": "f", "mse": 0.9, "delta_e": 0.1, "ssim": 0.9}]
    )
    pair = most_contrary(rows)
    assert (pair.preferred.variant, pair.better.variant) == ("a", "b")
    assert most_contrary(rows[rows.variant.isin(["c", "d", "e", "f"])]) is None


def test_a_restoration_made_again_is_the_one_that_was_measured(inputs):
    rows = inputs.restored(source="drawn butterflies", start=300, variant="bright")
    row = rows[(rows.seed == 1) & (rows.picture == "drawn_0004")].iloc[0]
    data = inputs.unseen("bright")
    from lowlight_ddpm.images.photometry import prepare
    from lowlight_ddpm.metrics.image import measure

    clean = prepare(data.unseen[data.names.index("drawn_0004")], 1.0)
    assert measure(restoration(inputs, row, clean), clean).mse == pytest.approx(row.mse, rel=1e-4)


def test_levels_are_those_that_diffusers_builds():
    unet = build_unet(layers_per_block=3)
    found = levels(unet.config)
    assert [level.side for level in found] == [64, 32, 16, 8]
    for level, down, up in zip(found, unet.down_blocks, reversed(unet.up_blocks), strict=True):
        for kinds, block in ((level.down, down), (level.up, up)):
            assert kinds.count("ResNet") == len(block.resnets)
            assert kinds.count("attention") == len(getattr(block, "attentions", ()))
        assert level.skips == len(up.resnets)


@pytest.mark.parametrize(
    ("name", "symbol"), [("dim", r"$\epsilon$"), ("dim-v", "$v$"), ("dim-deep-x0", "$x_0$")]
)
def test_what_leaves_the_network_is_what_it_predicts(tmp_path, name, symbol):
    figure = draw_unet(Inputs(save_tiny(tmp_path, [name], side=16)), name)
    answers = {"$x_0$", "$v$", r"$\epsilon$"}
    assert answers & {text.get_text() for text in figure.axes[0].texts} == {symbol}


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0.0, 5.0], [0, 5]), ([5.0, 0.0], [5, 0]), ([1.0, 1.0], [0.5, 1.5]), ([0, 0.2, 9], [-0.4, 0.6, 9])],
)
def test_labels_are_moved_apart_as_little_as_need_be(values, expected):
    assert spread(values, 1.0) == pytest.approx(expected)


def test_the_command_prints_a_line_for_each_figure(inputs, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(checkpoints, "ROOT", inputs.root)
    monkeypatch.setattr(protocol, "RESULTS", inputs.results)
    command = ["lowlight_ddpm", "figures", "4.2-unet", "dose", "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert not stop.value.code
    assert capsys.readouterr().out.splitlines() == [str(tmp_path / f"{n}.svg") for n in ("4.2-unet", "dose")]


def test_results_are_only_read(inputs, results_before, drawn):
    assert results_before
    assert contents(inputs.results) == results_before
