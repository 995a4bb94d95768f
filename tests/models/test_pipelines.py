"""Networks from elsewhere: any folder of an unconditional pipeline, with the settings that it has itself."""

import json
import shutil
from dataclasses import replace

import pytest
import torch
from diffusers import DDIMPipeline, DDIMScheduler, DDPMPipeline, DDPMScheduler
from PIL import Image

from lowlight_ddpm import api
from lowlight_ddpm.diffusion.schedule import trained_scheduler
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import draw
from lowlight_ddpm.models import checkpoints, pipelines
from lowlight_ddpm.models.checkpoints import Checkpoint
from lowlight_ddpm.models.unet import build_unet
from lowlight_ddpm.variants import VARIANTS, Variant

COSINE = {"beta_schedule": "squaredcos_cap_v2"}


def save(folder, scheduler=None, pipeline=DDPMPipeline, **how):
    """A pipeline as somebody else saves it: no training record, float32, cosine betas unless others."""
    torch.manual_seed(3)
    unet = build_unet(1, channels=(8, 16), resolution=16)
    pipeline(unet, scheduler or DDPMScheduler(**COSINE)).save_pretrained(folder, **how)
    return folder


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return save(tmp_path_factory.mktemp("plain") / "net")


@pytest.fixture
def folder(plain, tmp_path):
    """A copy that may be changed."""
    return shutil.copytree(plain, tmp_path / "net")


def test_a_folder_has_its_own_schedule_and_is_taken_for_undimmed(plain):
    network = api.load(plain)
    levels = DDPMScheduler(**COSINE).alphas_cumprod.double()
    assert torch.equal(network.alphas_cumprod, levels)
    assert (network.variant.brightness, network.size) == (1.0, 16)
    assert not network.unet.training
    run = api.denoise(draw(1, 64), network, start=50, steps=3)
    assert run.settings.brightness == 1.0
    assert run.steps[0].alpha_bar == levels[50].item()
    assert torch.equal(run.settings.alphas_cumprod, levels)


def test_betas_that_a_schedule_does_not_look_at_are_refused(plain, one_sentence):
    network = api.load(plain)
    for call in (
        lambda: api.generate(1, network, beta_start=0.001),
        lambda: api.denoise(draw(1, 64), network, beta_end=0.5),
        lambda: api.schedule(network, beta_end=0.01),
        lambda: api.generate(1, network, trained_betas=DDPMScheduler(beta_end=0.01).betas),
    ):
        with pytest.raises(Refusal, match="squaredcos_cap_v2") as refusal:
            call()
        one_sentence(refusal)
    by_name = api.generate(1, network, beta_start=1e-4, beta_end=0.02).settings  # as a record has them
    of_scheduler = api.generate(1, network, scheduler=DDPMScheduler(beta_end=0.5, **COSINE)).settings
    assert of_scheduler == by_name == api.generate(1, network).settings


def test_a_path_is_run_as_its_network_is(plain):
    by_path, loaded = (api.generate(1, given, steps=2).x0 for given in (str(plain), api.load(plain)))
    assert torch.equal(by_path, loaded)


def test_a_pipeline_of_ddim_opens_too(tmp_path):
    scheduler = DDIMScheduler(beta_end=0.015, prediction_type="v_prediction", set_alpha_to_one=False)
    network = api.load(save(tmp_path / "net", scheduler, DDIMPipeline))
    assert (network.variant.prediction_type, network.variant.beta_end) == ("v_prediction", 0.015)
    assert torch.equal(network.alphas_cumprod, scheduler.alphas_cumprod.double())


def test_no_pickle_is_opened(tmp_path, one_sentence):
    with pytest.raises(Refusal, match="safetensors") as refusal:
        api.load(save(tmp_path / "net", safe_serialization=False))
    one_sentence(refusal)


CHANGES = [
    ("model_index.json", {"_class_name": "LDMPipeline"}, "LDMPipeline"),
    ("unet/config.json", {"_class_name": "UNet2DConditionModel"}, "unconditional"),
    ("unet/config.json", {"num_class_embeds": 10}, "unconditional"),
    ("unet/config.json", {"out_channels": 6}, "three channels"),
    ("unet/config.json", {"sample_size": [16, 32]}, "square"),
    ("scheduler/scheduler_config.json", {"num_train_timesteps": 4000}, "4000 timesteps, .* have 1000"),
    ("scheduler/scheduler_config.json", {"trained_betas": [0.1]}, "trained_betas.*diagnosed"),
    ("scheduler/scheduler_config.json", {"beta_schedule": "laplace"}, "beta_schedule laplace"),
    ("scheduler/scheduler_config.json", {"variance_type": "learned_range"}, "learned_range"),
    ("scheduler/scheduler_config.json", {"prediction_type": "velocity"}, "v_prediction"),
    ("scheduler/scheduler_config.json", {"beta_start": 0.5}, "above beta_start"),
    ("model_index.json", None, "holds no whole"),
    ("unet/config.json", None, "holds no whole"),
]


@pytest.mark.parametrize(("file", "change", "says"), CHANGES)
def test_what_nothing_here_can_sample_is_refused_before_it_is_loaded(
    folder, file, change, says, one_sentence
):
    path = folder / file
    if change is None:
        path.unlink()
    else:
        path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(Refusal, match=says) as refusal:
        checkpoints.row_at(str(folder))
    one_sentence(refusal)


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("dimm", "There is no variant"),
        ("/no/such/folder", "There is no folder"),
        ("me/net", "cannot be fetched"),
    ],
)
def test_a_network_that_is_nowhere_is_refused(place, says, one_sentence):
    for ask in (api.load, checkpoints.row_at):
        with pytest.raises(Refusal, match=says) as refusal:
            ask(place)
        one_sentence(refusal)


def test_what_needs_the_training_images_is_refused_by_name_or_takes_their_colours(plain, one_sentence):
    network = api.load(plain)
    run = api.generate(1, network, steps=2)
    asks = [
        lambda: network.colour_covariance,
        lambda: network.training_means,
        lambda: run.target,
        lambda: api.generate(1, network, steps=2, leak_start=True).x0,
        lambda: api.denoise(draw(1, 64), network, start=300, steps=2, anchor=True).x0,
    ]
    for ask in asks:
        with pytest.raises(Refusal, match=str(plain)) as refusal:
            ask()
        one_sentence(refusal)
    assert "In the training set: not known" in run.in_words
    assert run.report()["training_means"] is None

    known = api.load(plain, mean=(120, 110, 100), covariance=torch.eye(3).mul(16).tolist())
    assert known.training_means.tolist() == pytest.approx([120, 110, 100], abs=1e-4)
    assert known.colour_covariance[0, 0].item() == pytest.approx(16 / 127.5**2)
    assert api.generate(1, known, steps=2, leak_start=True).target[0] == pytest.approx(120, abs=1e-4)


def test_images_of_its_training_tell_its_colours(plain, tmp_path):
    for number in range(4):
        Image.new("RGB", (16, 16), (40 * number, 100, 200)).save(tmp_path / f"{number}.png")
    bright, dim = (api.load(plain, images=str(tmp_path), brightness=light) for light in (1.0, 0.5))
    assert bright.training_means.tolist() == pytest.approx([60, 100, 200], abs=1e-3)
    assert dim.training_means.tolist() == pytest.approx([30, 50, 100], abs=1e-3)
    assert api.denoise(draw(1, 64), dim, start=300, steps=2).settings.brightness == 0.5


@pytest.mark.parametrize(
    "given",
    [{"mean": (1, 2, 3)}, {"mean": (1, 2), "covariance": torch.eye(3).tolist()}, {"covariance": [[1]]}],
)
def test_half_of_what_is_to_be_known_is_refused(plain, given, one_sentence):
    with pytest.raises(Refusal) as refusal:
        api.load(plain, **given)
    one_sentence(refusal)


def test_a_folder_of_ours_says_itself_how_it_was_trained(checkpoint_root, tmp_path):
    folder = shutil.copytree(checkpoint_root / "dim", tmp_path / "renamed")
    path = folder / pipelines.RECORD
    row = {"name": "mine", "title": "Mine", "brightness": 0.25, "centred": True, "channels": [8, 16]}
    path.write_text(json.dumps(json.loads(path.read_text()) | {"variant": row | {"lesson": "older"}}))
    network = api.load(folder)
    assert (network.variant.name, network.variant.title) == (str(folder), "Mine")
    assert network.variant.brightness == 0.25
    with pytest.raises(Refusal, match="in its training record"):
        api.load(folder, brightness=0.5)
    assert network.frame.origin.flatten().tolist() == pytest.approx(network.record["channel_mean"])


@pytest.mark.parametrize("name", checkpoints.available())
def test_every_committed_folder_opens_by_its_path_as_by_its_name(name):
    row = checkpoints.row_at(str(checkpoints.ROOT / name))
    assert row.decides_sampling == VARIANTS[name].decides_sampling
    assert row.size == VARIANTS[name].size


def test_a_hand_made_checkpoint_runs_with_its_own_settings(tiny_checkpoint):
    row = replace(VARIANTS["dim"], brightness=0.25, beta_end=0.01, beta_schedule="scaled_linear")
    mine = Checkpoint(row, tiny_checkpoint.unet, trained_scheduler(row), tiny_checkpoint.record)
    run = api.denoise(draw(1, 64), mine, start=400, steps=2)
    assert (run.settings.brightness, run.settings.beta_end) == (0.25, 0.01)
    assert run.steps[0].alpha_bar == mine.alphas_cumprod[400].item()
    assert run.settings != api.denoise(draw(1, 64), tiny_checkpoint, start=400, steps=2).settings


@pytest.mark.parametrize(
    "scheduler",
    [DDPMScheduler(**COSINE), DDPMScheduler(prediction_type="sample"), DDPMScheduler(beta_end=0.1)],
)
def test_a_scheduler_that_contradicts_its_row_is_refused(tiny_checkpoint, scheduler, one_sentence):
    with pytest.raises(Refusal, match="in its scheduler") as refusal:
        replace(tiny_checkpoint, scheduler=scheduler)
    one_sentence(refusal)


@pytest.mark.parametrize(
    "change", [{"brightness": 0.25}, {"centred": True}, {"size": 32}, {"channels": [8, 32]}]
)
def test_a_record_that_contradicts_its_row_is_refused(checkpoint_root, tmp_path, change, one_sentence):
    root = shutil.copytree(checkpoint_root, tmp_path / "checkpoints")
    path = root / "dim" / pipelines.RECORD
    path.write_text(json.dumps(json.loads(path.read_text()) | {"variant": change}))
    with pytest.raises(Refusal, match=f"dim has {next(iter(change))}") as refusal:
        checkpoints.load("dim", root)
    one_sentence(refusal)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"variant": {"brightness": 0.5}}))
    assert checkpoints.load("dim", root).variant == VARIANTS["dim"]


def test_a_path_that_nobody_offers_is_no_variant(plain, one_sentence):
    """What a user of the page names goes through these, and never through `open_network`."""
    for ask in (checkpoints.load, checkpoints.record, lambda name: run_settings(variant=name)):
        with pytest.raises(Refusal, match="There is no variant") as refusal:
            ask(str(plain))
        one_sentence(refusal)


def test_a_network_that_is_offered_is_found_by_its_folder_s_name(plain, table):
    row = checkpoints.offer(str(plain))
    assert row.name == "net"
    assert "net" in checkpoints.available()
    assert checkpoints.record("net").keys() == {"weights_sha256"}
    assert torch.equal(checkpoints.load("net").alphas_cumprod, api.load(plain).alphas_cumprod)
    assert run_settings(variant="net").brightness == 1.0


def test_what_is_offered_takes_no_name_of_the_study_s(folder, table, one_sentence):
    with pytest.raises(Refusal, match="dim already") as refusal:
        checkpoints.offer(str(folder.rename(folder.with_name("dim"))))
    one_sentence(refusal)


def test_plain_diffusers_draws_what_is_measured_here(checkpoint_root):
    """The snippet of the model card: were its timesteps others, it would show another image."""
    pipeline = DDPMPipeline.from_pretrained(checkpoint_root / "dim", local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    theirs = pipeline(
        num_inference_steps=10, generator=torch.Generator().manual_seed(4), output_type="np"
    ).images[0]
    network = checkpoints.load("dim", checkpoint_root)
    ours = api.generate(1, network, steps=10, seed=4).x0[0].permute(1, 2, 0).add(1).div(2).clamp(0, 1)
    assert abs(theirs - ours.numpy()).max() < 1e-3


@pytest.mark.parametrize("name", checkpoints.available())
def test_the_committed_schedulers_say_how_we_sample(name):
    config = json.loads((checkpoints.ROOT / name / "scheduler" / "scheduler_config.json").read_text())
    ours = dict(trained_scheduler(Variant(**vars(VARIANTS[name]))).config)
    differing = {key for key, value in ours.items() if not key.startswith("_") and config[key] != value}
    assert differing == set(), f"run `python -m lowlight_ddpm cards {name}`"


def test_what_needs_the_colours_learned_is_refused_at_the_call(plain, one_sentence):
    for settings in ({"leak_start": True}, {"mean_correction": "training"}):
        with pytest.raises(Refusal, match="are not known") as refusal:
            api.generate(1, plain, **settings)
        one_sentence(refusal)


def test_a_folder_s_row_has_the_groups_of_its_network(plain):
    network = api.load(plain)
    assert network.variant.norm_num_groups == network.unet.config["norm_num_groups"]
