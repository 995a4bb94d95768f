"""What diffusers calls the settings of a run, and the runs that its schedulers mean."""

from dataclasses import replace

import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    DEISMultistepScheduler,
    DPMSolverMultistepScheduler,
    PNDMScheduler,
    UniPCMultistepScheduler,
)

from lowlight_ddpm.diffusion.from_diffusers import as_settings
from lowlight_ddpm.diffusion.keywords import settings_of
from lowlight_ddpm.diffusion.sampling import denoise
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.variants import find_variant

DIM, V = find_variant("dim"), find_variant("dim-deep-zsnr")
OWN = {"beta_start": 1e-4, "beta_end": 0.02}


def test_steps_have_two_names():
    assert as_settings({"num_inference_steps": 7}, DIM) == {"steps": 7}


def test_of_a_generator_a_seed_is_drawn_anew_for_every_run():
    first, second = torch.Generator().manual_seed(3), torch.Generator().manual_seed(3)
    seeds = [as_settings({"generator": generator}, DIM)["seed"] for generator in (first, first, second)]
    assert seeds[0] == seeds[2] != seeds[1]
    assert settings_of("generate", DIM, {"generator": second}).seed == seeds[1]


@pytest.mark.parametrize(
    ("scheduler", "sampler", "clip"),
    [
        (DDIMScheduler(), "ddim", True),
        (DDIMScheduler(clip_sample=False), "ddim", False),
        (PNDMScheduler(), "pndm", False),
        (DPMSolverMultistepScheduler(), "dpm++", False),
        (UniPCMultistepScheduler(), "unipc", False),
        (DEISMultistepScheduler(), "deis", False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_scheduler_is_a_sampler_with_its_betas(scheduler, sampler, clip):
    assert as_settings({"scheduler": scheduler}, DIM) == {"sampler": sampler, "clip": clip} | OWN


def test_ddpm_has_a_variance_too():
    scheduler = DDPMScheduler(beta_end=0.01, variance_type="fixed_large")
    assert as_settings({"scheduler": scheduler}, DIM) == {
        "sampler": "ddpm",
        "clip": True,
        "variance_type": "fixed_large",
        "beta_start": 1e-4,
        "beta_end": 0.01,
    }


def test_the_scheduler_of_a_network_means_its_training_defaults(tiny_checkpoint):
    settings = settings_of("generate", DIM, {"scheduler": tiny_checkpoint.scheduler})
    assert settings == settings_of("generate", DIM, {})


def test_a_scheduler_makes_the_run_that_diffusers_makes_of_it(tiny_checkpoint):
    scheduler = DDIMScheduler(timestep_spacing="trailing", clip_sample=True)
    given = {"scheduler": scheduler, "num_inference_steps": 5, "seed": 4}
    *_, last = denoise(tiny_checkpoint, settings_of("generate", DIM, given))
    sample = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(4))
    scheduler.set_timesteps(5)
    for timestep in scheduler.timesteps:
        with torch.inference_mode():
            predicted = tiny_checkpoint.unet(sample, timestep).sample
        made = scheduler.step(predicted, timestep, sample, use_clipped_model_output=True)
        sample = made.prev_sample
    assert torch.allclose(last.x0, sample, atol=1e-3)


@pytest.mark.parametrize("row", [DIM, V, find_variant("dim-deep-low")], ids=lambda row: row.name)
def test_trained_betas_are_those_of_a_beta_start_and_a_beta_end(row):
    betas = torch.linspace(row.beta_start, 0.015, 1000).tolist()
    meant = {"beta_start": row.beta_start, "beta_end": 0.015}
    assert as_settings({"trained_betas": betas}, row) == meant
    rescaled = {"rescale_betas_zero_snr": row.zero_terminal_snr, "prediction_type": row.prediction_type}
    scheduler = DDIMScheduler(trained_betas=betas, **rescaled)
    assert as_settings({"scheduler": scheduler}, row) == meant | {"sampler": "ddim", "clip": True}


@pytest.mark.parametrize(
    ("scheduler", "row", "said"),
    [
        (DDIMScheduler(), V, "prediction_type='v_prediction'"),
        (DDIMScheduler(prediction_type="v_prediction"), V, "rescale_betas_zero_snr=True"),
        (DDIMScheduler(num_train_timesteps=500), DIM, "num_train_timesteps=1000"),
        (DDIMScheduler(beta_schedule="scaled_linear"), DIM, "beta_schedule='linear'"),
        (DDIMScheduler(), replace(DIM, beta_schedule="sigmoid"), "beta_schedule='sigmoid'"),
        (DDIMScheduler(trained_betas=[0.01] * 1000), DIM, "cannot be run with"),
        (DDIMScheduler(timestep_spacing="leading"), DIM, "timestep_spacing='trailing'"),
        (DDIMScheduler(thresholding=True), DIM, "thresholding=False"),
        (DDIMScheduler(clip_sample_range=2.0), DIM, "clip_sample_range=1.0"),
        (DPMSolverMultistepScheduler(use_karras_sigmas=True), DIM, "use_karras_sigmas=False"),
        (DPMSolverMultistepScheduler(solver_order=3), DIM, "solver_order=2"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_has_no_counterpart_is_refused_by_name(scheduler, row, said, one_sentence):
    with pytest.raises(Refusal) as refusal:
        as_settings({"scheduler": scheduler}, row)
    assert said in one_sentence(refusal)
