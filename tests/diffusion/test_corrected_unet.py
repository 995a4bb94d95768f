"""The mean correction of plain diffusers pipelines: they draw corrected images, and go on to after a save."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest
import torch
from diffusers import DDIMPipeline, DDIMScheduler, DDPMPipeline, DDPMScheduler, UNet2DModel
from PIL import Image

from lowlight_ddpm.diffusion.corrected_unet import with_mean_correction
from lowlight_ddpm.diffusion.mean_correction import ColourPrior
from lowlight_ddpm.diffusion.schedule import estimate_x0
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.models.unet import build_unet

pytestmark = pytest.mark.slow
MEAN = [-0.2, -0.1, -0.3]
COVARIANCE = [[0.02, 0.01, 0.01], [0.01, 0.02, 0.01], [0.01, 0.01, 0.03]]
KINDS = {"DDPM": (DDPMPipeline, DDPMScheduler), "DDIM": (DDIMPipeline, DDIMScheduler)}
LOAD = """
import hashlib, sys, torch
from diffusers import DDIMPipeline, DDPMPipeline
from lowlight_ddpm import with_mean_correction
torch.set_num_threads(1)
for kind, folder in zip((DDPMPipeline, DDIMPipeline), sys.argv[1:]):
    pipeline = kind.from_pretrained(folder, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    images = pipeline(2, torch.Generator().manual_seed(3), num_inference_steps=4, output_type="np").images
    print(type(pipeline.unet).__name__, hashlib.sha256(images.tobytes()).hexdigest())
"""


def network(channels=3):
    config = {name: value for name, value in build_unet(1, (8, 16), 16, 8).config.items() if name[0] != "_"}
    torch.manual_seed(0)
    return UNet2DModel(**config | {"in_channels": channels, "out_channels": channels}).eval()


def plain(kind="DDPM", unet=None, **scheduler):
    pipeline, steps = KINDS[kind]
    made = pipeline(unet=unet or network(), scheduler=steps(1000, 1e-4, 0.02, **scheduler))
    made.set_progress_bar_config(disable=True)
    return made


def drawn(pipeline):
    pipeline.set_progress_bar_config(disable=True)
    generator = torch.Generator().manual_seed(3)
    return pipeline(2, generator, num_inference_steps=4, output_type="np").images


@pytest.mark.parametrize("timestep", [20, 500, 999])
@pytest.mark.parametrize("clip", [True, False])
def test_the_x0_that_it_implies_has_the_posterior_mean(timestep, clip):
    unet = with_mean_correction(plain(clip_sample=clip), MEAN, COVARIANCE, offset_noise=0.1).unet
    x_t, level = torch.randn(3, 3, 16, 16), plain().scheduler.alphas_cumprod[timestep].item()
    with torch.inference_mode():
        x0 = estimate_x0(unet(x_t, timestep).sample, x_t, level, "epsilon")
    prior = ColourPrior(torch.tensor(MEAN).double(), torch.tensor(COVARIANCE).double())
    expected = prior.given(x_t, level, 0.1)[0].float()
    torch.testing.assert_close(x0.mean(dim=(2, 3)), expected, atol=1e-4, rtol=0)
    assert (x0.abs().max() <= 1 + 1e-4) == clip or timestep < 500


def test_pipelines_are_saved_and_draw_the_same_bytes_in_another_process(tmp_path):
    expected = []
    for kind in KINDS:
        pipeline = with_mean_correction(plain(kind), MEAN, COVARIANCE)
        assert type(pipeline) is KINDS[kind][0]
        pipeline.save_pretrained(tmp_path / kind)
        images = drawn(pipeline)
        assert not np.array_equal(images, drawn(plain(kind)))
        expected.append(f"MeanCorrectedUNet {hashlib.sha256(images.tobytes()).hexdigest()}")
    command = [sys.executable, "-c", LOAD, *(str(tmp_path / kind) for kind in KINDS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.stdout.splitlines() == expected, done.stderr


def test_weights_are_shared_and_the_pipeline_that_is_given_stays_as_it_is():
    before = plain()
    images = drawn(before)
    after = with_mean_correction(before, MEAN, COVARIANCE)
    assert np.array_equal(drawn(before), images)
    assert before.unet.conv_in.weight.data_ptr() == after.unet.conv_in.weight.data_ptr()


def test_images_tell_the_mean_and_the_covariance(tmp_path):
    colours = np.random.default_rng(0).integers(40, 200, (30, 3))
    pictures = [Image.new("RGB", (20, 20), tuple(map(int, colour))) for colour in colours]
    for number, picture in enumerate(pictures):
        picture.save(tmp_path / f"{number}.png")
    values = torch.from_numpy(colours) / 127.5 - 1
    for images in (pictures, tmp_path, str(tmp_path)):
        config = with_mean_correction(plain(), images=images).unet.config
        torch.testing.assert_close(
            torch.tensor(config.colour_mean), values.mean(0).float(), atol=1e-5, rtol=0
        )
        torch.testing.assert_close(
            torch.tensor(config.colour_covariance), values.T.cov().float(), atol=1e-5, rtol=0
        )


def test_a_network_of_one_channel_is_corrected_too():
    pipeline = with_mean_correction(plain(unet=network(1)), [-0.5], [[0.02]])
    assert drawn(pipeline).shape == (2, 16, 16, 1)


REFUSED = {
    "v": (lambda: plain(prediction_type="v_prediction"), (MEAN, COVARIANCE), {}, "predicts v_prediction"),
    "nothing told": (plain, (), {}, "either images"),
    "no covariance": (plain, (MEAN,), {}, "either images"),
    "both": (plain, (MEAN, COVARIANCE), {"images": []}, "either images"),
    "one channel": (
        lambda: plain(unet=network(1)),
        (MEAN, COVARIANCE),
        {},
        "of 3 channels, and the network has 1",
    ),
    "covariance of two": (plain, (MEAN, [[1, 0], [0, 1]]), {}, "each pair of channels"),
    "no pipeline": (network, (MEAN, COVARIANCE), {}, "needs a pipeline"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_corrected_is_refused(what, one_sentence):
    pipeline, given, named, told = REFUSED[what]
    with pytest.raises(Refusal, match=told) as refusal:
        with_mean_correction(pipeline(), *given, **named)
    one_sentence(refusal)
