"""Checkpoint folders: what is saved is what is loaded, and whatever is damaged is refused by name."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from diffusers import DDPMPipeline
from safetensors.torch import load_file

from benchmarks.tiny import save_tiny
from lowlight_ddpm.diffusion.schedule import trained_scheduler
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.models import checkpoints, hub
from lowlight_ddpm.models.unet import build_unet
from lowlight_ddpm.variants import VARIANTS


@pytest.fixture
def root(checkpoint_root, tmp_path):
    """A copy of the checkpoints that may be damaged."""
    return shutil.copytree(checkpoint_root, tmp_path / "checkpoints")


def damage(path, how):
    whole = path.read_bytes()
    match how:
        case "missing":
            path.unlink()
        case "truncated":
            path.write_bytes(whole[: len(whole) // 2])
        case "one bit flipped":
            path.write_bytes(whole[:-100] + bytes([whole[-100] ^ 1]) + whole[-99:])
        case content:
            path.write_bytes(content)


def test_what_is_saved_is_loaded_but_for_half_precision(tmp_path):
    torch.manual_seed(7)
    unet = build_unet(1, channels=(8, 16), resolution=16)
    before = {name: weight.clone() for name, weight in unet.state_dict().items()}
    row = VARIANTS["dim"]
    checkpoints.save(tmp_path / "dim", unet, trained_scheduler(row), {"steps": 3}, "# A card\n")
    loaded = checkpoints.load("dim", tmp_path)

    assert loaded.variant == row
    assert loaded.record["steps"] == 3
    assert not loaded.unet.training
    assert (tmp_path / "dim" / "README.md").read_text() == "# A card\n"
    for name, weight in loaded.unet.state_dict().items():
        assert weight.dtype == torch.float32
        assert torch.equal(weight, before[name].half().float())


def test_weights_are_half_precision_on_disk_and_anyone_may_read_them(checkpoint_root):
    path = checkpoint_root / "dim" / checkpoints.WEIGHTS
    assert {weight.dtype for weight in load_file(path).values()} == {torch.float16}
    for file in (file for file in checkpoint_root.rglob("*") if file.is_file()):
        assert file.stat().st_mode & 0o777 == 0o644, file


@pytest.mark.parametrize("name", ["dim", "bright"])
def test_diffusers_alone_loads_the_folder_offline(checkpoint_root, name):
    pipeline = DDPMPipeline.from_pretrained(checkpoint_root / name, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    assert pipeline(num_inference_steps=2).images[0].size == (16, 16)
    assert torch.equal(pipeline.scheduler.betas, trained_scheduler(VARIANTS[name]).betas)


def test_the_noise_levels_are_those_of_training(tiny_checkpoint):
    levels = trained_scheduler(VARIANTS["dim"]).alphas_cumprod
    assert torch.equal(tiny_checkpoint.alphas_cumprod, levels.double())


def test_a_checkpoint_is_loaded_once(checkpoint_root):
    assert checkpoints.load("dim", checkpoint_root) is checkpoints.load("dim", checkpoint_root)


def test_the_available_are_listed_in_the_table_s_order(checkpoint_root, tmp_path):
    order = list(VARIANTS)
    assert checkpoints.available(checkpoint_root) == sorted(("bright", "dim"), key=order.index)
    assert checkpoints.available(tmp_path / "nowhere") == []


def test_a_damaged_note_of_the_hub_is_said_of_what_is_not_here_alone(root, one_sentence):
    (root / hub.NOTE).write_text("{")
    assert sorted(checkpoints.available(root)) == ["bright", "dim"]
    assert checkpoints.load("dim", root).variant.name == "dim"
    with pytest.raises(Refusal, match=hub.NOTE) as refusal:
        checkpoints.load("dim-raw", root)
    one_sentence(refusal)


DAMAGES = ["missing", "truncated", b"", b"{", b"[]", b"null", b"\xff\xfe"]
FILES = [str(checkpoints.WEIGHTS), checkpoints.RECORD, "model_index.json", "unet/config.json"]
FILES += ["scheduler/scheduler_config.json"]


@pytest.mark.parametrize(
    ("file", "how"),
    [(file, how) for file in FILES for how in DAMAGES] + [(FILES[0], "one bit flipped"), (FILES[1], b"{}")],
)
def test_a_damaged_file_is_refused_and_spares_the_other_variants(root, file, how, one_sentence):
    damage(root / "dim" / file, how)
    with pytest.raises(Refusal, match="dim is damaged or incomplete") as refusal:
        checkpoints.load("dim", root)
    one_sentence(refusal)
    assert checkpoints.load("bright", root).variant.name == "bright"


def test_a_record_is_read_without_the_network(root):
    whole = checkpoints.load("dim", root).record
    damage(root / "dim" / checkpoints.WEIGHTS, "missing")
    assert checkpoints.record("dim", root) == whole


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_record_is_refused(root, how, one_sentence):
    damage(root / "dim" / checkpoints.RECORD, how)
    with pytest.raises(Refusal, match="dim is damaged or incomplete") as refusal:
        checkpoints.record("dim", root)
    one_sentence(refusal)


def test_a_repaired_checkpoint_loads_again(checkpoint_root, root):
    damage(root / "dim" / checkpoints.RECORD, "missing")
    with pytest.raises(Refusal):
        checkpoints.load("dim", root)
    shutil.copy(checkpoint_root / "dim" / checkpoints.RECORD, root / "dim" / checkpoints.RECORD)
    assert checkpoints.load("dim", root).variant.name == "dim"


def test_weights_of_another_network_are_refused(root):
    config = root / "dim" / "unet" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"block_out_channels": [8, 24]}))
    with pytest.raises(Refusal, match="damaged"):
        checkpoints.load("dim", root)


@pytest.mark.parametrize("read", [checkpoints.load, checkpoints.record])
@pytest.mark.parametrize(("name", "says"), [("dim-raw", "train it"), ("nothing", "There is no variant")])
def test_a_checkpoint_that_is_not_there_is_refused(root, read, name, says, one_sentence):
    with pytest.raises(Refusal, match=says) as refusal:
        read(name, root)
    one_sentence(refusal)


def test_what_other_threads_make_meanwhile_is_not_harmed(tmp_path):
    names = list(VARIANTS)[:12]
    save_tiny(tmp_path, names, channels=(8, 16), side=16)
    with ThreadPoolExecutor(3) as crowd:
        loaded = [crowd.submit(checkpoints.load, name, tmp_path) for name in names]
        while not all(one.done() for one in loaded):
            assert not torch.nn.Linear(2, 2).weight.is_meta
    for one, name in zip(loaded, names, strict=True):
        stored = load_file(tmp_path / name / checkpoints.WEIGHTS)["conv_in.weight"].float()
        assert torch.equal(one.result().unet.conv_in.weight, stored)
