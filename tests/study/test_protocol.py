"""The protocol: every condition once, the same pictures and noise for all."""

import pytest
import torch

from lowlight_ddpm.diffusion.sampling import denoise
from lowlight_ddpm.diffusion.schedule import alphas_cumprod, leaked_share
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.images import HELD_OUT
from lowlight_ddpm.images.photometry import prepare
from lowlight_ddpm.metrics.image import measure
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.study import protocol, store
from lowlight_ddpm.study.equal_signal import equal_signal_starts
from lowlight_ddpm.variants import find_variant


@pytest.fixture(autouse=True)
def brief(monkeypatch):
    """The protocol in a few steps."""
    monkeypatch.setattr(protocol, "STEPS_FROM", {50: 2, 300: 3})
    monkeypatch.setattr(protocol, "STEPS", 2)
    monkeypatch.setattr(protocol, "FINE_STEPS", 3)
    monkeypatch.setattr(protocol, "SAMPLED_FROM", (300,))
    monkeypatch.setattr(protocol, "SAMPLES", 2 * HELD_OUT)


@pytest.fixture(scope="module")
def drawn():
    return protocol.evaluation_set("drawn:6", ["drawn_0004", "drawn_0001"], size=16)


@pytest.fixture
def conditions_of(checkpoint_root, drawn, tmp_path):
    def conditions(name, training=None):
        return list(protocol.conditions(name, [drawn], training, tmp_path, checkpoint_root))

    return conditions


def test_the_pictures_that_were_held_out_are_the_unseen_ones(drawn):
    assert drawn.names == ["drawn_0004", "drawn_0001"]
    assert drawn.unseen.shape == (2, 3, 16, 16)
    assert len(drawn.seen) == 4


def test_a_source_without_any_of_them_gives_its_first_sixteen():
    data = protocol.evaluation_set("drawn:24:500", ["drawn_0003"], size=16)
    assert "seen" not in vars(data)  # the learned pictures are opened when they are asked for
    assert (len(data.unseen), len(data.seen)) == (16, 8)
    assert data.names[0] == "drawn_0500"


def test_the_protocol_has_every_start_brightness_step_count_and_variance_type(conditions_of):
    fields = ("mode", "start", "steps", "brightness", "variance_type", "sampler", "light")
    seen = {tuple(getattr(c.settings, field) for field in fields) for c in conditions_of("dim")}
    kinds = ("fixed_small", "fixed_large")
    restored = {
        ("restore", start, steps, brightness, kind, "ddpm", "pixels")
        for start, steps in ((50, 2), (300, 3))
        for brightness in (0.5, 0.25, 1.0)
        for kind in kinds
    }
    generated = {("generate", 999, steps, 0.5, kind, "ddpm", "pixels") for steps in (2, 3) for kind in kinds}
    leakless = {("restore", 999, 2, 0.5, "fixed_small", "ddpm", "pixels")}
    taken = {("restore", 300, 2, 0.5, "fixed_small", "ddpm", "camera")}
    others = {
        (mode, start, 2, 0.5, "fixed_small", sampler, "pixels")
        for mode, start in (("restore", 300), ("generate", 999))
        for sampler in ("ddim", "pndm")
    }
    assert seen == restored | generated | leakless | taken | others
    assert len(conditions_of("dim")) == len(seen)
    assert [c.settings.start for c in conditions_of("dim") if not c.leaks] == [999]


def test_the_real_protocol_is_the_post_s(monkeypatch):
    monkeypatch.undo()
    assert protocol.STEPS_FROM == {50: 10, 300: 50, 600: 50, 999: 50}
    assert (protocol.NOISE_SEEDS, protocol.SAMPLES) == (2, 64)
    assert (protocol.STEPS, protocol.FINE_STEPS) == (50, 250)
    assert protocol.SAMPLED_FROM == (300, 600)


def test_other_betas_are_measured_at_equal_signal_too(conditions_of, monkeypatch, checkpoint_root):
    """Where they leave as much of an image as the default betas do: not for a row that has those."""
    monkeypatch.setattr(protocol, "network_id", lambda *_: "a network")
    starts = [c.settings.start for c in conditions_of("dim-deep-low") if c.pictures and c.leaks]
    assert starts == [50, 50, 300, 300, 26, 356]
    equal = [c.settings for c in conditions_of("dim-deep-low") if c.pictures and c.settings.start == 356]
    assert [(s.steps, s.variance_type) for s in equal] == [(3, find_variant("dim-deep-low").variance_type)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("dim", {50: 50, 300: 300, 600: 600, 999: 999}),
        ("dim-deep-zsnr", {50: 50, 300: 300, 600: 600, 999: 999}),
        ("dim-deep-low", {50: 26, 300: 356, 600: 796}),
        ("dim-deep-mid", {50: 38, 300: 325, 600: 675}),
        ("dim-deep-high", {50: 17, 300: 107, 600: 216, 999: 361}),
    ],
)
def test_equal_signal_is_where_the_levels_are_nearest(name, expected):
    row = find_variant(name)
    assert equal_signal_starts(row, (50, 300, 600, 999)) == expected
    usual, own = (alphas_cumprod(r.beta_start, r.beta_end).sqrt() for r in (find_variant("dim"), row))
    for start, equal in expected.items():
        assert own[equal].item() == pytest.approx(usual[start].item(), abs=3e-3)


def test_a_leakless_condition_holds_what_the_closed_formula_predicts(conditions_of, drawn, checkpoint_root):
    """Starting without the picture's part, W·m of its mean colour m is missing, for every noise seed."""
    condition = next(c for c in conditions_of("dim") if not c.leaks)
    condition.run()
    checkpoint = checkpoints.load("dim", checkpoint_root)
    share = leaked_share(
        torch.tensor(checkpoint.record["channel_covariance"]).double(),
        checkpoint.alphas_cumprod[-1].item(),
        16 * 16,
    )
    means = prepare(drawn.unseen, 0.5).mean(dim=(2, 3)).double()
    expected = 127.5 * means @ share.T
    predicted = [[row[f"leak_{axis}"] for axis in "rgb"] for row in condition.record["rows"]]
    torch.testing.assert_close(torch.tensor(predicted).double(), expected.repeat(2, 1), rtol=1e-5, atol=1e-6)


def test_a_restoration_measures_every_picture_with_every_seed(conditions_of, drawn, checkpoint_root):
    condition = next(c for c in conditions_of("dim") if c.pictures and c.settings.start == 300)
    assert not condition.done
    condition.run()
    assert condition.done
    report = condition.record
    assert all(row["detail"] > 0 for row in report["rows"])
    assert [(row["picture"], row["seed"]) for row in report["rows"]] == [
        (name, seed) for seed in (0, 1) for name in drawn.names
    ]
    clean = prepare(drawn.unseen, 0.5)
    settings = run_settings(
        variant="dim", start=300, steps=3, seed=2
    )  # two pictures: the second seed's noise
    *_, last = denoise(checkpoints.load("dim", checkpoint_root), settings, clean)
    expected = measure(last.x0[1], clean[1], 0.5)
    assert report["rows"][3]["ssim"] == pytest.approx(expected.ssim, rel=1e-5)
    assert report["rows"][3]["shift_b"] == pytest.approx(expected.shift_b, rel=1e-5)


def test_a_camera_s_picture_has_the_grain_that_a_run_of_it_alone_has(conditions_of, drawn, checkpoint_root):
    condition = next(c for c in conditions_of("dim") if c.settings.light == "camera")
    condition.run()
    alone = condition.settings.model_copy(update={"seed": 3})  # the second picture's second seed
    clean = alone.dim(drawn.unseen[1:])
    *_, last = denoise(checkpoints.load("dim", checkpoint_root), alone, clean)
    expected = measure(last.x0[0], clean[0], 0.5)
    assert condition.record["rows"][3]["ssim"] == pytest.approx(expected.ssim, rel=1e-4)
    assert condition.record["rows"][3]["shift_b"] == pytest.approx(expected.shift_b, rel=1e-4)


def test_a_trace_ends_in_the_mean_shift(conditions_of):
    condition = next(c for c in conditions_of("dim") if c.pictures and c.settings.start == 300)
    condition.run()
    report = condition.record
    assert [line[0] for line in report["trace"]] == [300.0, 200.0, 99.0]
    for place, axis in enumerate("rgb", 1):
        mean = sum(row[f"shift_{axis}"] for row in report["rows"]) / 4
        assert report["trace"][-1][place] == pytest.approx(mean, abs=0.05)


def test_without_the_leak_a_run_starts_from_its_noise_alone(conditions_of, drawn, checkpoint_root):
    condition = next(c for c in conditions_of("dim") if not c.leaks)
    condition.run()
    checkpoint = checkpoints.load("dim", checkpoint_root)
    *_, last = denoise(checkpoint, condition.settings, torch.zeros(2, 3, 16, 16))
    expected = measure(last.x0[0], prepare(drawn.unseen, 0.5)[0], 0.5)
    assert condition.record["rows"][0]["shift_r"] == pytest.approx(expected.shift_r, rel=1e-5)


def test_two_networks_get_the_same_pictures_and_noise(conditions_of, checkpoint_root):
    """Noise that follows the settings alone: the first x_t of both variants is the same tensor."""
    image = torch.zeros(1, 3, 16, 16)
    first = []
    for name in ("dim", "bright"):
        condition = next(c for c in conditions_of(name) if c.pictures and c.settings.brightness == 0.5)
        checkpoint = checkpoints.load(name, checkpoint_root)
        first.append(next(denoise(checkpoint, condition.settings, image)).x_t)
    assert torch.equal(*first)


def test_samples_have_their_colours_and_their_nearest_training_picture_where_there_are_some(
    conditions_of, drawn
):
    condition = next(c for c in conditions_of("dim") if not c.pictures)
    condition.run()
    rows = condition.record["rows"]
    assert [row["seed"] for row in rows] == list(range(32))
    assert set(rows[0]) == {"seed", *protocol.COLOURS}
    assert condition.done

    compared = next(c for c in conditions_of("dim", drawn) if not c.pictures)
    assert (compared.path, compared.key) == (condition.path, condition.key)
    assert not compared.done
    compared.run()
    assert compared.done
    again = compared.record["rows"]
    assert all(
        row | {key: new[key] for key in set(new) - set(row)} == new
        for row, new in zip(rows, again, strict=True)
    )
    assert 0 <= again[0]["nearest_picture"] < 4


def test_running_a_condition_again_gives_the_same_line(conditions_of):
    condition = next(c for c in conditions_of("dim") if c.pictures)
    condition.run()
    once = condition.path.read_text()
    condition.run()
    assert condition.path.read_text() == 2 * once
    assert store.files(condition.folder) == [condition.path] == [condition.folder / "dim.jsonl"]


def test_variants_that_share_a_network_share_its_results(checkpoint_root, drawn, tmp_path):
    import shutil

    root = shutil.copytree(checkpoint_root, tmp_path / "root")
    shutil.copytree(root / "dim", root / "dim-large")
    folder = tmp_path / "results"
    first = next(c for c in protocol.conditions("dim", [drawn], None, folder, root) if c.pictures)
    first.run()
    twin = next(c for c in protocol.conditions("dim-large", [drawn], None, folder, root) if c.pictures)
    assert twin.done
    assert twin.path == first.path
    assert protocol.network_id("dim", root) != protocol.network_id("bright", root)


def test_the_training_set_is_described_once(drawn, tmp_path):
    protocol.describe_training_set(drawn, "dim", tmp_path)
    path = tmp_path / "no-network.jsonl"
    report = store.record(path, protocol.TRAINING_SET, "butterflies-0.5")
    assert len(report["rows"]) == 4
    assert len(report["held_out_nearest"]) == 2
    expected = (prepare(drawn.seen, 0.5).mean((0, 2, 3)) + 1) * 127.5
    for axis, value in zip("rgb", expected.tolist(), strict=True):
        mean = sum(row[f"mean_{axis}"] for row in report["rows"]) / 4
        assert mean == pytest.approx(value, abs=1e-3)
    before = path.stat().st_mtime_ns
    protocol.describe_training_set(drawn, "dim", tmp_path)
    assert path.stat().st_mtime_ns == before
