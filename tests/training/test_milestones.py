"""What a training keeps on its way: which epochs, what of them, and that the training does not notice."""

import json
from dataclasses import replace
from io import BytesIO

import pytest
import torch
from PIL import Image
from torchvision.transforms.v2 import functional as tv

from lowlight_ddpm.diffusion.sampling import add_noise, denoise, randn
from lowlight_ddpm.diffusion.schedule import signal_and_noise, trained_scheduler
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.diffusion.transmission import tint_transmission
from lowlight_ddpm.images import draw
from lowlight_ddpm.images.photometry import picture_grid, prepare
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.training import milestones, records
from tests.helpers.tiny_training import RECIPE, equal, job, pictures, weights


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A run that kept its milestones, its folder, and how well it stood at each."""
    folder, run, shown = tmp_path_factory.mktemp("milestones"), job(), []
    for _ in run:
        if milestones.is_milestone(run):
            milestones.keep(folder, run, pictures(5))
            shown.append(run.checkpoint)
    return run, folder, shown


def test_training_does_not_notice(kept):
    run, *_ = kept
    alone = job()
    list(alone)
    assert equal(weights(run), weights(alone))
    assert run.place == alone.place


@pytest.mark.parametrize(
    ("epochs", "expected"), [(1, [1]), (3, [1, 2, 3]), (12, [1, 2, 5, 10, 12]), (2.5, [1, 2, 2])]
)
def test_epochs_are_kept_along_a_doubling_row_and_the_last(monkeypatch, epochs, expected):
    run = job(recipe=replace(RECIPE, epochs=epochs))
    monkeypatch.setattr(run, "_learn", lambda batch: 0.0)
    assert [run.place.epoch for _ in run if milestones.is_milestone(run)] == expected


def test_nothing_is_kept_before_the_first_step():
    assert not milestones.is_milestone(job())


def test_each_has_its_figures_in_order(kept):
    _, folder, _ = kept
    found = milestones.kept(folder)
    assert [(one["epoch"], one["step"]) for one in found] == [(1, 3), (2, 6)]
    assert found == json.loads(json.dumps(found))
    assert [path.name for path in milestones.sheets(folder)] == ["epoch-1.png", "epoch-2.png"]
    for one in found:
        assert [int(timestep) for timestep in one["epsilon_errors"]] == list(milestones.TIMESTEPS)
        assert list(one["tint_transmission"]) == ["0.02", "0.08", "0.32"]


def test_samples_and_colours_are_of_the_averaged_weights_from_the_same_noises(kept):
    _, folder, shown = kept
    for checkpoint, one, sheet in zip(shown, milestones.kept(folder), milestones.sheets(folder), strict=True):
        *_, last = denoise(checkpoint, run_settings(variant="dim", mode="generate", steps=50), count=16)
        with Image.open(sheet) as image:
            assert image.tobytes() == picture_grid(last.x0).tobytes()
        pixels = (last.x0.clamp(-1, 1) + 1) * 127.5
        assert one["sample_mean"] == pytest.approx(pixels.mean((0, 2, 3)).tolist(), abs=0.01)
        frame = torch.ones(16, 16, dtype=torch.bool)
        frame[1:-1, 1:-1] = False
        borders = pixels[..., frame].mean(-1)
        assert one["background_mean"] == pytest.approx(borders.mean(0).tolist(), abs=0.01)
        assert one["background_sd"] == pytest.approx(borders.std(0, correction=0).tolist(), abs=0.01)


def test_a_sheet_that_would_be_too_large_is_a_jpeg_of_the_same_mean_colours():
    values = torch.randint(256, (3, 276, 276), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    noisy = tv.to_pil_image(values)
    suffix, content = milestones.encoded(noisy)
    assert suffix == ".jpg"
    assert len(content) <= milestones.SHEET_BYTES
    with Image.open(BytesIO(content)) as decoded:
        shift = tv.pil_to_tensor(decoded).float().mean((1, 2)) - values.float().mean((1, 2))
    assert shift.abs().max() < 1


def test_a_sheet_that_fits_is_a_png_of_the_same_pixels_tagged_srgb():
    suffix, content = milestones.encoded(draw(3, 64))
    assert suffix == ".png"
    with Image.open(BytesIO(content)) as decoded:
        assert (decoded.tobytes(), decoded.info["srgb"]) == (draw(3, 64).tobytes(), 0)


def test_the_transmission_is_that_of_a_grey_tint(kept):
    _, folder, shown = kept
    levels, clean = shown[-1].alphas_cumprod.sqrt(), prepare(pictures(5), 0.5)
    for signal, found in milestones.kept(folder)[-1]["tint_transmission"].items():
        timestep = (levels - float(signal)).abs().argmin().item()
        assert found == pytest.approx(tint_transmission(shown[-1], clean, timestep, torch.ones(3)), abs=1e-4)


def test_errors_are_those_of_the_noise_by_hand(kept):
    _, folder, shown = kept
    noise = randn((5, 3, 16, 16), [torch.Generator().manual_seed(number) for number in range(5)])
    level = shown[-1].alphas_cumprod[300].item()
    with torch.inference_mode():
        answer = shown[-1].unet(add_noise(prepare(pictures(5), 0.5), noise, level), 300).sample
    expected = (answer - noise).square().mean().item()
    assert milestones.kept(folder)[-1]["epsilon_errors"]["300"] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction", "sample"])
def test_an_error_of_epsilon_is_the_same_whatever_is_predicted(tiny_checkpoint, kind):
    """A network that is wrong about epsilon by 0.1 everywhere, and says so in its own terms."""

    class Wrong(torch.nn.Module):
        config = tiny_checkpoint.unet.config

        def forward(self, x_t, timesteps):
            signal, strength = signal_and_noise(levels[timesteps[0]].float())
            x0 = prepare(pixels, 0.5)[: len(x_t)]
            epsilon = (x_t - signal * x0) / strength + 0.1
            found = (x_t - strength * epsilon) / signal
            answers = {"epsilon": epsilon, "sample": found}
            return Said(answers.get(kind, signal * epsilon - strength * found))

    class Said:
        def __init__(self, sample):
            self.sample = sample

    pixels, levels = pictures(3), tiny_checkpoint.alphas_cumprod
    variant = replace(tiny_checkpoint.variant, prediction_type=kind)

    class Network(checkpoints.Checkpoint):
        device = torch.device("cpu")

    wrong = Network(variant, Wrong(), trained_scheduler(variant), tiny_checkpoint.record)
    errors = milestones.epsilon_errors(wrong, pixels)
    assert list(errors) == list(milestones.TIMESTEPS)
    assert list(errors.values()) == pytest.approx([0.01] * len(errors), rel=1e-2)


def test_a_checkpoint_has_its_milestones_in_the_record_and_their_samples_beside_it(kept, tmp_path):
    run, folder, _ = kept
    data = records.TrainingSet("none", {}, {"held_out": []}, {"learned": run.pictures})
    records.export(tmp_path / "dim", run, data, run.variant, "train", folder)
    assert checkpoints.record("dim", tmp_path)["milestones"] == milestones.kept(folder)
    names = {sheet.name for sheet in (tmp_path / "dim" / folder.name).iterdir()}
    assert names == {sheet.name for sheet in milestones.sheets(folder)}
