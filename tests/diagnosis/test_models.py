"""What a model may be: folders by diffusers, pipelines and functions; all else is refused in a sentence."""

import json
from pathlib import Path

import pytest
import torch
from diffusers import (
    DDIMPipeline,
    DDIMScheduler,
    DDPMPipeline,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    UNet2DConditionModel,
    UNet2DModel,
)

from lowlight_ddpm.diagnosis.run import diagnose
from lowlight_ddpm.diffusion.corrected_unet import with_mean_correction
from lowlight_ddpm.errors import Refusal

pytestmark = pytest.mark.slow
MEAN, COVARIANCE = [-0.2, -0.1, -0.3], [[0.02, 0.01, 0.01], [0.01, 0.02, 0.01], [0.01, 0.01, 0.03]]
SMALL = {
    "sample_size": 16,
    "block_out_channels": (8, 16),
    "layers_per_block": 1,
    "down_block_types": ("DownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "UpBlock2D"),
    "norm_num_groups": 4,
}


def pipeline(kind=DDPMPipeline, steps=DDPMScheduler, unet=None, **scheduler):
    torch.manual_seed(0)
    return kind(UNet2DModel(**SMALL | (unet or {})), steps(1000, **scheduler))


def diagnosed(model, *given, **named):
    usual = {"mean": MEAN, "covariance": COVARIANCE, "count": 3, "steps": 2, "quick": True}
    return diagnose(model, *given, **usual | named)


ONE = {"unet": {"in_channels": 1, "out_channels": 1}}
FOLDERS = {  # how it is made, what diagnose is given, what the report says of it
    "cosine": ({"beta_schedule": "squaredcos_cap_v2"}, {}, {}),
    "scaled linear": ({"beta_schedule": "scaled_linear"}, {}, {}),
    "sigmoid": ({"beta_schedule": "sigmoid"}, {}, {}),
    "betas of its own": ({"trained_betas": torch.linspace(1e-4, 0.02, 1000).tolist()}, {}, {}),
    "v at zero SNR": (
        {"prediction_type": "v_prediction", "rescale_betas_zero_snr": True, "timestep_spacing": "trailing"},
        {},
        {"prediction_type": "v_prediction"},
    ),
    "x0": ({"prediction_type": "sample"}, {}, {"prediction_type": "sample"}),
    "learned variance": (
        {"unet": {"out_channels": 6}, "variance_type": "learned_range"},
        {},
        {"shape": [3, 16, 16]},
    ),
    "one channel": (ONE, {"mean": [-0.2], "covariance": [[0.02]]}, {"shape": [1, 16, 16]}),
    "classes": ({"unet": {"num_class_embeds": 4}}, {}, {}),
    "a class": ({"unet": {"num_class_embeds": 4}}, {"label": 2}, {}),
    "32 px": ({"unet": {"sample_size": 32}}, {}, {"shape": [3, 32, 32]}),
    "another clip": ({"clip_sample_range": 2.0}, {}, {}),
    "no clip": ({"clip_sample": False}, {}, {}),
    "DDIM": ({"kind": DDIMPipeline, "steps": DDIMScheduler}, {}, {"scheduler": "DDIMScheduler"}),
    "groups": ({"unet": {"norm_num_groups": 1}}, {}, {"norm_num_groups": 1}),
}


@pytest.mark.parametrize("what", FOLDERS)
def test_a_folder_by_plain_diffusers_is_diagnosed(what, tmp_path):
    made, given, told = FOLDERS[what]
    pipeline(**made).save_pretrained(tmp_path)
    report = diagnosed(tmp_path, **given)
    model = report.as_dict()["model"]
    assert model | told == model
    assert report.evidence.generated.count == 3
    assert json.loads(json.dumps(report.as_dict(), allow_nan=False))["schedule"]["timesteps"] == 1000


def test_a_folder_and_its_pipeline_are_one_model_and_half_precision_is_computed_in_float32(tmp_path):
    made = pipeline()
    made.unet.half().save_pretrained(tmp_path / "unet", variant="fp16")
    made.scheduler.save_pretrained(tmp_path / "scheduler")  # side by side, without model_index.json
    found = diagnosed(tmp_path).as_dict()
    for model in ((made,), (made.unet, made.scheduler)):
        other = diagnosed(*model).as_dict()
        assert other["transmission"] == found["transmission"]
        assert other["generated"] == found["generated"]
    assert made.unet.dtype == torch.float16, "the pipeline that is given stays as it is"


def test_sampling_is_the_pipeline_s_own():
    made = pipeline()
    made.set_progress_bar_config(disable=True)
    generators = [torch.Generator().manual_seed(i) for i in range(3)]
    images = made(3, generators, num_inference_steps=5, output_type="np").images
    ours = (diagnosed(made, steps=5).images["configured"].permute(0, 2, 3, 1) + 1) / 2
    torch.testing.assert_close(ours, torch.from_numpy(images), atol=2e-5, rtol=0)


def test_the_correction_tried_is_the_one_that_with_mean_correction_saves(tmp_path):
    made = pipeline()
    tried = diagnosed(made).images["mean_correction"]
    with_mean_correction(made, MEAN, COVARIANCE).save_pretrained(tmp_path)
    saved = diagnosed(tmp_path)
    torch.testing.assert_close(saved.images["configured"], tried, atol=1e-3, rtol=0)
    assert abs(saved.evidence.corrections[0].gain.value) < 0.1


def test_a_class_is_what_the_network_is_given(tmp_path):
    made = pipeline(unet={"num_class_embeds": 4})
    torch.nn.init.normal_(made.unet.class_embedding.weight, std=5)
    first, second = (diagnosed(made, label=label).images["configured"] for label in (0, 1))
    assert not torch.equal(first, second)
    in_turn = diagnosed(made).images["configured"]
    torch.testing.assert_close(in_turn[0], first[0], atol=1e-4, rtol=0)
    torch.testing.assert_close(in_turn[1], second[1], atol=1e-4, rtol=0)


def test_the_record_of_a_folder_is_its_reference(tmp_path):
    pipeline().save_pretrained(tmp_path)
    record = {"channel_mean": MEAN, "channel_covariance": COVARIANCE, "variant": {"offset_noise": 0.1}}
    (tmp_path / "training.json").write_text(json.dumps(record))
    report = diagnosed(tmp_path, mean=None, covariance=None)
    assert report.reference.label == "the training record"
    assert report.model.offset_noise == 0.1
    assert any(row.name == "mean_correction" for row in report.evidence.corrections)


def test_from_256_pixels_on_nothing_is_generated_unless_it_is_asked_for():
    def predict(x_t, timesteps):
        return x_t

    steps = DDPMScheduler(1000)
    assert diagnosed(predict, steps, shape=(1, 256, 256), mean=None, covariance=None, count=None).images == {}
    assert (
        diagnosed(predict, steps, shape=(1, 24, 16), mean=None, covariance=None).evidence.generated.count == 3
    )


def change(name, **values):
    def changed(folder):
        file = folder / name
        file.write_text(json.dumps(json.loads(file.read_text()) | values))

    return changed


def pickled(folder):
    (folder / "unet/diffusion_pytorch_model.safetensors").rename(folder / "unet/diffusion_pytorch_model.bin")


def cut(folder):
    file = folder / "unet/diffusion_pytorch_model.safetensors"
    file.write_bytes(file.read_bytes()[:1000])


UNET, SCHEDULER, INDEX = "unet/config.json", "scheduler/scheduler_config.json", "model_index.json"
REFUSED = {
    "latent": (change(INDEX, vae=["diffusers", "AutoencoderKL"]), "latent space"),
    "latent, unconditional": (change(INDEX, vqvae=["diffusers", "VQModel"]), "latent space"),
    "text": (change(INDEX, text_encoder=["transformers", "CLIPTextModel"]), "takes texts"),
    "another pipeline": (change(INDEX, _class_name="ScoreSdeVePipeline"), "is a ScoreSdeVePipeline"),
    "code of its own": (change(INDEX, _class_name="Mine"), "is a Mine"),
    "another network": (change(UNET, _class_name="UNet2DConditionModel"), "has a UNet2DConditionModel"),
    "a transformer": (change(UNET, _class_name="DiTTransformer2DModel"), "has a DiTTransformer2DModel"),
    "four channels": (change(UNET, in_channels=4, out_channels=4), "4 channels"),
    "a second image": (change(UNET, in_channels=6), "6 channels in and 3 out"),
    "identity classes": (change(UNET, class_embed_type="identity"), "num_class_embeds"),
    "no size": (change(UNET, sample_size=None), "sample_size"),
    "other widths": (change(UNET, block_out_channels=[8, 32]), "damaged"),
    "another scheduler": (change(SCHEDULER, _class_name="KarrasVeScheduler"), "KarrasVeScheduler"),
    "flow": (change(SCHEDULER, prediction_type="flow_prediction"), "predicts flow_prediction"),
    "unknown betas": (change(SCHEDULER, beta_schedule="mine"), "damaged"),
    "betas above 1": (change(SCHEDULER, beta_end=7), "no variances"),
    "a variance that is not there": (change(SCHEDULER, variance_type="learned"), "learned variance"),
    "a pickle": (pickled, "no pickle"),
    "cut weights": (cut, "damaged"),
    "no unet": (lambda folder: (folder / UNET).unlink(), "damaged"),
    "no JSON": (lambda folder: (folder / SCHEDULER).write_text("{"), "damaged"),
    "deep JSON": (lambda folder: (folder / UNET).write_text("[" * 100_000), "damaged"),
    "centred": (
        lambda folder: (folder / "training.json").write_text('{"variant": {"centred": true}}'),
        "centred",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_diagnosed_is_refused_in_one_sentence(what, tmp_path, one_sentence):
    damage, told = REFUSED[what]
    pipeline().save_pretrained(tmp_path)
    damage(tmp_path)
    with pytest.raises(Refusal, match=told) as refusal:
        diagnosed(tmp_path)
    one_sentence(refusal)


STEPS = DDPMScheduler(1000)
CONDITIONED = UNet2DConditionModel(
    block_out_channels=(32, 32),
    down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
    up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
    cross_attention_dim=8,
)


def predict(x_t, timesteps):
    return x_t


MISUSED = {
    "no folder": ((Path("nowhere/at/all"),), {}, "no folder"),
    "no scheduler": ((predict,), {}, "without its scheduler"),
    "no shape": ((predict, STEPS), {}, "no known shape"),
    "another network": ((CONDITIONED, STEPS), {}, "no UNet2DModel"),
    "no model": ((3, STEPS), {}, "no model"),
    "another scheduler": ((predict, DPMSolverMultistepScheduler()), {"shape": (3, 8, 8)}, "DDPMScheduler"),
    "two channels": ((predict, STEPS), {"shape": (2, 8, 8)}, "1 or 3 channels"),
    "no class": ((predict, STEPS), {"shape": (3, 8, 8), "label": 1}, "knows no classes"),
    "another shape back": ((lambda x, t: x[:, :1], STEPS), {"shape": (3, 8, 8)}, "returns"),
    "nothing back": ((lambda x, t: None, STEPS), {"shape": (3, 8, 8)}, "returns NoneType"),
    "too many steps": ((predict, STEPS), {"shape": (3, 8, 8), "steps": 2000}, "2000 steps"),
    "two images": ((predict, STEPS), {"shape": (3, 8, 8), "count": 2}, "Generate 3 to"),
    "a mean alone": ((predict, STEPS), {"shape": (3, 8, 8), "covariance": None}, "give both"),
    "both": ((predict, STEPS), {"shape": (3, 8, 8), "images": torch.zeros(9, 3, 8, 8)}, "not both"),
    "another mean": ((predict, STEPS), {"shape": (3, 8, 8), "mean": [0.1]}, "3 numbers"),
    "no covariance": ((predict, STEPS), {"shape": (3, 8, 8), "covariance": [[-1, 0, 0]] * 3}, "covariance"),
}


@pytest.mark.parametrize("what", MISUSED)
def test_values_that_cannot_be_meant_are_refused_in_one_sentence(what, one_sentence):
    given, named, told = MISUSED[what]
    with pytest.raises(Refusal, match=told) as refusal:
        diagnosed(*given, **named)
    if what != "nothing back":  # NoneType is what it returned
        one_sentence(refusal)


@pytest.mark.parametrize("shape", [(9, 3, 16, 16), (4, 3, 8, 8)])
def test_images_of_another_size_or_too_few_are_refused(shape, one_sentence):
    with pytest.raises(Refusal) as refusal:
        diagnosed(predict, STEPS, shape=(3, 8, 8), mean=None, covariance=None, images=torch.zeros(shape))
    one_sentence(refusal)
