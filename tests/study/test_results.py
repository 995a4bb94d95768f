"""The results as a table: a row for every picture and sample; variants with one network share its rows."""

import shutil

import numpy as np
import pytest

from benchmarks.tiny import save_tiny
from lowlight_ddpm.diffusion.perfect_sampler import mean_shift
from lowlight_ddpm.diffusion.sampling import denoise
from lowlight_ddpm.diffusion.schedule import Curves
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.images import HELD_OUT, draw, square
from lowlight_ddpm.images.photometry import prepare
from lowlight_ddpm.metrics.image import measure
from lowlight_ddpm.metrics.sets import by_chance
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.models.checkpoints import available, load
from lowlight_ddpm.study import claims, findings, protocol, results, store
from lowlight_ddpm.variants import VARIANTS, find_variant


@pytest.fixture(scope="module")
def root(checkpoint_root, tmp_path_factory):
    root = shutil.copytree(checkpoint_root, tmp_path_factory.mktemp("results") / "root")
    shutil.copytree(root / "dim", root / "dim-large")
    return root


@pytest.fixture(scope="module")
def folder(root):
    """A protocol of a few steps, run for `dim`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(protocol, "STEPS_FROM", {50: 2})
        patch.setattr(protocol, "STEPS", 2)
        patch.setattr(protocol, "FINELY_SAMPLED", ())
        patch.setattr(protocol, "UNTRAINED_BRIGHTNESS", {})
        patch.setattr(protocol, "UNTRAINED_LIGHT", {})
        patch.setattr(protocol, "OTHER_SAMPLERS", {})
        patch.setattr(protocol, "SAMPLES", HELD_OUT)
        drawn = protocol.evaluation_set("drawn:6", ["drawn_0004", "drawn_0001"], size=16)
        for cell in protocol.conditions("dim", [drawn], drawn, root.parent / "results", root):
            cell.run()
        protocol.describe_training_set(drawn, "dim", root.parent / "results")
    return root.parent / "results"


def of_mode(folder, mode):
    """The measured conditions of one mode."""
    every = store.records(folder, protocol.CONDITION)
    return (report for report in every if report["settings"]["mode"] == mode)


@pytest.fixture(scope="module")
def rows(folder, root):
    return results.table(folder, root)


def test_every_variant_with_results_has_its_rows(rows):
    assert set(rows.variant) == {"dim", "dim-large"}
    dim = rows[rows.variant == "dim"]
    assert len(dim[(dim["mode"] == "restore") & dim.leaks]) == 2 * 2 * 2  # variance types, seeds, pictures
    assert len(dim[~dim.leaks]) == 2 * 2
    assert len(dim[dim["mode"] == "generate"]) == 2 * HELD_OUT


def test_a_shared_network_is_as_trained_under_each_variant_s_own_variance(rows):
    own = rows[rows.as_trained].groupby("variant").variance_type.unique()
    assert own["dim"].tolist() == ["fixed_small"]
    assert own["dim-large"].tolist() == ["fixed_large"]


def test_a_camera_s_light_is_not_as_trained_and_older_results_had_scaled_pixels(folder, root, tmp_path):
    report = next(of_mode(folder, "restore"))
    older = report["settings"].copy()
    del older["light"]
    camera = report["settings"] | {"light": "camera"}
    for name, settings in (("older", older), ("camera", camera)):
        store.append(tmp_path / "dim.jsonl", protocol.CONDITION, name, report | {"settings": settings})
    rows = results.table(tmp_path, root)
    own = rows[rows.variance_type == rows.variant.map(lambda name: VARIANTS[name].variance_type)]
    assert set(zip(own.light, own.as_trained, strict=True)) == {("pixels", True), ("camera", False)}
    assert len(results.summary(rows)) == 2 * 2  # of two variants, in two lights


def test_a_summary_is_the_mean_over_pictures_and_seeds(rows):
    summary = results.summary(rows)
    assert len(summary) == 4
    line = summary[(summary.variant == "dim") & (summary.variance_type == "fixed_small")].iloc[0]
    own = rows[(rows.variant == "dim") & (rows.variance_type == "fixed_small") & (rows["mode"] == "restore")]
    own = own[own.leaks]
    assert line.ssim == pytest.approx(own.ssim.mean())
    assert line.tint == pytest.approx((255 * own.mse_shift**0.5 / 0.5).mean())


def test_a_sample_s_ground_is_its_border_s_distance_from_the_training_set_s(rows, folder):
    sample = rows[rows["mode"] == "generate"].iloc[5]
    learned = results.training_set("dim", folder)
    squares = [(sample[f"border_{axis}"] - learned[f"border_{axis}"].mean()) ** 2 for axis in "rgb"]
    assert sample.ground == pytest.approx((sum(squares) / 3) ** 0.5 / 0.5)
    assert rows[rows["mode"] == "restore"].ground.isna().all()


def test_samples_are_held_against_the_training_set(rows, folder):
    found = results.samples(rows, folder)
    line = found[(found.variant == "dim") & (found.variance_type == "fixed_small")].iloc[0]
    own = rows[(rows.variant == "dim") & (rows.variance_type == "fixed_small") & (rows["mode"] == "generate")]
    learned = results.training_set("dim", folder)
    assert line.shift_g == pytest.approx(own.mean_g.mean() - learned.mean_g.mean())
    assert line.distance_mean_g >= abs(line.shift_g) - 1e-9  # the least that Wasserstein-1 can be
    chance = by_chance(learned[["mean_g"]].to_numpy(), HELD_OUT)
    assert line.chance_mean_g == pytest.approx(chance[0])
    assert line.nearest == pytest.approx(own.nearest.median())
    assert line.held_out_nearest == pytest.approx(np.median(results.held_out_nearest("dim", folder)))
    assert len(results.held_out_nearest("dim", folder)) == 2


def test_skewed_backgrounds_have_a_median_and_a_share_beside_the_mean(rows, folder):
    """One image of sixteen is far off: the mean is, the median is not, and the share says how many."""
    own = rows[(rows.variant == "dim") & (rows.variance_type == "fixed_small") & (rows["mode"] == "generate")]
    ground = [1.0] * (HELD_OUT - 1) + [161.0]
    (line,) = results.samples(own.assign(ground=ground), folder).itertuples()
    assert (line.ground, line.ground_median, line.ground_share) == (11.0, 1.0, 1 / HELD_OUT)
    borders = results.training_set("dim", folder)[[f"border_{axis}" for axis in "rgb"]]
    errors = ((borders - borders.mean()) ** 2).mean(axis=1) ** 0.5 / 0.5
    assert line.training_ground == pytest.approx(errors.mean())
    assert line.training_ground_median == pytest.approx(errors.median())
    assert line.training_ground_share == (errors > results.OFF).mean()


def test_a_perfect_sampler_is_one_of_the_sampler_s_kind(folder, root, tmp_path):
    report = next(of_mode(folder, "restore"))
    for sampler in ("ddpm", "ddim"):
        settings = report["settings"] | {"sampler": sampler}
        store.append(tmp_path / "dim.jsonl", protocol.CONDITION, sampler, report | {"settings": settings})
    rows = results.table(tmp_path, root)
    record, row = checkpoints.record("dim", root), find_variant("dim")
    level = Curves.trained(row).alphas_cumprod[50].item()
    for sampler, stochastic in (("ddpm", True), ("ddim", False)):
        own = rows[(rows.variant == "dim") & (rows.sampler == sampler)]
        perfect = mean_shift(row, record, level, row.size**2, stochastic)
        assert (own.tint - own.excess).to_numpy() == pytest.approx(perfect)


def test_without_results_the_table_is_empty(tmp_path, root):
    assert results.table(tmp_path, root).empty


def test_a_variant_without_results_is_absent_and_everything_else_goes_on(rows, folder, root, tmp_path):
    """`bright` is trained and not measured yet, most others are not even trained."""
    measured = {"dim", "dim-large"}
    assert set(available(root)) == measured | {"bright"}
    assert set(rows.variant) == set(results.summary(rows).variant) == measured
    assert set(results.samples(rows, folder).variant) == measured
    traces = results.traces("restore", "drawn butterflies", 50, 2, folder, root)
    assert {name for name, _ in traces} == measured
    assert results.transmissions(folder, root).empty
    for some in (rows, results.table(tmp_path / "nowhere", root)):
        judged = findings.judge(some, None)
        found = findings.findings(some, claims.CLAIMS, None, judged)
        assert {finding.verdict for finding in found} == {"not measured yet"}


def test_results_of_other_networks_give_no_rows(folder, tmp_path):
    save_tiny(tmp_path, ["bright"], channels=(8, 16), side=16)
    assert results.table(folder, tmp_path).empty


def test_a_trace_is_each_variant_s_own(folder, root):
    found = dict(results.traces("restore", "drawn butterflies", 50, 2, folder, root))
    assert set(found) == {"dim", "dim-large"}
    assert found["dim"] != found["dim-large"]  # the variance type is the variant's
    assert [line[0] for line in found["dim"]] == [50.0, 25.0]
    assert not list(results.traces("restore", "photographs", 50, 2, folder, root))


def test_results_of_one_mode_alone_are_a_table_too(folder, root, tmp_path):
    for report in of_mode(folder, "restore"):
        store.append(tmp_path / "dim.jsonl", protocol.CONDITION, report["key"], report)
    rows = results.table(tmp_path, root)
    assert set(rows["mode"]) == {"restore"}
    assert rows.ground.isna().all()


def test_made_columns_follow_from_what_is_kept(rows, root):
    restored = rows[(rows["mode"] == "restore") & rows.leaks]
    record = checkpoints.record("dim", root)
    level = Curves.trained(find_variant("dim")).alphas_cumprod[50].item()
    side = find_variant("dim").size
    perfect = mean_shift(find_variant("dim"), record, level, side**2)
    assert (restored.tint - restored.excess).to_numpy() == pytest.approx(perfect)
    assert restored.detail_error.to_numpy() == pytest.approx(np.abs(np.log(restored.detail)))
    others = rows[(rows["mode"] == "generate") | ~rows.leaks]
    assert others.excess.isna().all()
    assert set(rows.mean_colours) == {"linear light"}
    assert restored.coherence.between(-1, 1).all()


def test_what_was_measured_before_says_that_its_mean_colours_are_of_cielab(folder, root, tmp_path):
    report = next(of_mode(folder, "restore"))
    del report["mean_colours"]
    store.append(tmp_path / "dim.jsonl", protocol.CONDITION, report["key"], report)
    assert set(results.table(tmp_path, root).mean_colours) == {"CIELAB"}


def test_a_typical_run_has_the_middle_tint_and_can_be_made_again_alone(rows, root):
    typical = results.typical(rows[rows.variant == "dim"])
    assert len(typical) == 2  # a cell for each variance type
    for row in typical.itertuples():
        cell = rows[(rows.variant == "dim") & (rows.variance_type == row.variance_type) & rows.leaks]
        cell = cell[cell["mode"] == "restore"]
        assert row.tint == sorted(cell.tint)[1]  # of four
        settings = run_settings(
            variant="dim", start=50, steps=2, variance_type=row.variance_type, seed=row.run_seed
        )
        picture = prepare(square(draw(int(row.picture[-4:])), 16), 0.5)
        *_, last = denoise(load("dim", root), settings, picture[None])
        assert measure(last.x0[0], picture, 0.5).shift_g == pytest.approx(row.shift_g, abs=1e-3)


def test_samples_alone_have_no_summary_and_those_without_a_training_set_are_left_out(folder, root, tmp_path):
    for report in of_mode(folder, "generate"):
        store.append(tmp_path / "dim.jsonl", protocol.CONDITION, report["key"], report)
    rows = results.table(tmp_path, root)
    assert results.summary(rows).empty
    assert results.samples(rows, tmp_path).empty
