"""Folders and zips that were damaged or made to do harm: a sentence each, and little memory."""

import json
import random
import resource
import struct
import zipfile

import pytest
from diffusers import DDPMPipeline, DDPMScheduler, UNet2DModel
from safetensors.torch import load_file, save_file

from lowlight_ddpm.diagnosis import zips
from lowlight_ddpm.diagnosis.folders import open_folder
from lowlight_ddpm.diagnosis.guard import Limits
from lowlight_ddpm.errors import Refusal

pytestmark = pytest.mark.slow
UNET, SCHEDULER, INDEX = "unet/config.json", "scheduler/scheduler_config.json", "model_index.json"
WEIGHTS = "unet/diffusion_pytorch_model.safetensors"
LIMITS = Limits(weights=60_000_000, side=64)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The files of a small whole model, by name."""
    folder = tmp_path_factory.mktemp("model")
    unet = UNet2DModel(
        sample_size=16,
        block_out_channels=(8, 16),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "UpBlock2D"),
        norm_num_groups=4,
    )
    DDPMPipeline(unet, DDPMScheduler(1000)).save_pretrained(folder)
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def put(folder, files):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def told(files, name, **values):
    """The files with other values in one JSON."""
    return files | {name: json.dumps(json.loads(files[name]) | values).encode()}


def lacking(files, folder):
    """Weights of which one is not there: diffusers would draw it at random, with a warning."""
    weights = load_file(put(folder / "whole", files) / WEIGHTS)
    weights.popitem()
    save_file(weights, folder / "fewer")
    return files | {WEIGHTS: (folder / "fewer").read_bytes()}


def claimed(files, **shape):
    """Weights whose header claims a tensor of petabytes."""
    header = json.dumps({"a": {"dtype": "F32", "shape": [2**40, 1024], "data_offsets": [0, 2**52]}}).encode()
    return files | {WEIGHTS: struct.pack("<Q", len(header)) + header}


HUGE = 10**12
CLAIMS = {
    "wide": lambda files, _: told(files, UNET, block_out_channels=[HUGE, HUGE]),
    "wide, by a little": lambda files, _: told(files, UNET, block_out_channels=[16_000, 16_000]),
    "many blocks": lambda files, _: told(files, UNET, block_out_channels=[8] * 10_000),
    "no widths": lambda files, _: told(files, UNET, block_out_channels="wide"),
    "many layers": lambda files, _: told(files, UNET, layers_per_block=HUGE),
    "half a layer": lambda files, _: told(files, UNET, layers_per_block=0.5),
    "large images": lambda files, _: told(files, UNET, sample_size=HUGE),
    "images beyond the limit": lambda files, _: told(files, UNET, sample_size=128),
    "negative images": lambda files, _: told(files, UNET, sample_size=-8),
    "many timesteps": lambda files, _: told(files, SCHEDULER, num_train_timesteps=HUGE),
    "no timesteps": lambda files, _: told(files, SCHEDULER, num_train_timesteps=0),
    "words for betas": lambda files, _: told(files, SCHEDULER, trained_betas=["a", "b"]),
    "many classes": lambda files, _: told(files, UNET, num_class_embeds=10**9),
    "more weights than there are": lambda files, _: told(files, UNET, block_out_channels=[16, 32]),
    "a weight that lacks": lacking,
    "a header of petabytes": lambda files, _: claimed(files),
    "a header that is long": lambda files, _: files | {WEIGHTS: struct.pack("<Q", 2**62) + b"{}"},
    "no weights": lambda files, _: {name: data for name, data in files.items() if name != WEIGHTS},
    "empty weights": lambda files, _: files | {WEIGHTS: b""},
    "a long JSON": lambda files, _: files | {UNET: b'{"a": "' + b"x" * 30_000_000 + b'"}'},
    "a list": lambda files, _: files | {UNET: b"[]"},
    "code": lambda files, _: told(files, INDEX, _class_name=["mine", "Pipeline"]),
    "a shard elsewhere": lambda files, _: {
        **{name: data for name, data in files.items() if name != WEIGHTS},
        f"{WEIGHTS}.index.json": json.dumps({"weight_map": {"a": "../../secret.safetensors"}}).encode(),
    },
}


@pytest.mark.parametrize("what", CLAIMS)
def test_a_folder_that_claims_much_is_refused_before_anything_is_allocated(
    what, files, tmp_path, one_sentence
):
    folder = put(tmp_path / "model", CLAIMS[what](files, tmp_path))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Refusal) as refusal:
        open_folder(str(folder), limits=LIMITS)
    one_sentence(refusal)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 500_000, "kilobytes"


@pytest.mark.parametrize("number", range(12))
def test_a_file_with_bytes_of_chance_is_refused_or_read(number, files, tmp_path):
    """A network that still loads has weights of chance: that is no damage which anyone could see."""
    chance = random.Random(number)
    name = chance.choice(sorted(files))
    content = bytearray(files[name])
    for _ in range(chance.choice((1, 20, 2000))):
        content[chance.randrange(len(content))] = chance.randrange(256)
    folder = put(tmp_path / "model", files | {name: bytes(content)})
    try:
        model = open_folder(str(folder), limits=LIMITS)
    except Refusal:
        return
    assert model.shape[0] in (1, 3)


def test_a_whole_model_is_within_the_limits_and_smaller_ones_refuse_it(files, tmp_path, one_sentence):
    folder = put(tmp_path / "model", files)
    weights = open_folder(str(folder), limits=LIMITS).facts["parameters"]
    open_folder(str(folder), limits=Limits(weights, 16))
    for limits in (Limits(weights - 1, 16), Limits(weights, 15)):
        with pytest.raises(Refusal, match="on the command line") as refusal:
            open_folder(str(folder), limits=limits)
        one_sentence(refusal)


def zipped(path, files, **settings):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = settings.get("mode", 0o100644) << 16
            archive.writestr(info, content)
    return path


def test_a_zip_of_a_folder_or_of_what_is_in_it_is_a_model(files, tmp_path):
    for place, within in (("flat", ""), ("nested", "mine/model/")):
        archive = zipped(tmp_path / f"{place}.zip", {f"{within}{name}": files[name] for name in files})
        folder = zips.unpack(archive, tmp_path / place)
        assert open_folder(str(folder)).shape == (3, 16, 16)


def test_nothing_but_configurations_and_weights_comes_out_of_a_zip(files, tmp_path):
    more = {"pipeline.py": b"raise SystemExit", "unet/weights.bin": b"\x80\x04.", ".hidden": b""}
    zips.unpack(zipped(tmp_path / "a.zip", files | more), tmp_path / "out")
    assert {path.suffix for path in (tmp_path / "out").rglob("*") if path.is_file()} == {
        ".json",
        ".safetensors",
    }


def lying(path, files):
    """A zip that says its first file unpacks to ten bytes."""
    zipped(path, {"model_index.json": b" " * 5_000_000} | files)
    data = bytearray(path.read_bytes())
    for head, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = data.find(head) + at
        data[place : place + 4] = struct.pack("<I", 10)
    path.write_bytes(bytes(data))
    return path


ZIPS = {
    "up": lambda path, files: zipped(path, files | {"../outside.json": b"{}"}),
    "up, by backslashes": lambda path, files: zipped(path, files | {"..\\outside.json": b"{}"}),
    "from the root": lambda path, files: zipped(path, files | {"/outside.json": b"{}"}),
    "on a drive": lambda path, files: zipped(path, files | {"C:outside.json": b"{}"}),
    "a link": lambda path, files: zipped(path, {"unet": b"/etc"}, mode=0o120777),
    "a bomb": lambda path, files: zipped(path, files | {"more.json": b"0" * 20_000_000}),
    "two of one name": lambda path, files: zipped(path, files | {"a/../a.json": b"{}"}),
    "many": lambda path, files: zipped(path, files | {f"{number}.json": b"" for number in range(1200)}),
    "a lie about size": lying,
    "nothing": lambda path, files: zipped(path, {}),
    "no model": lambda path, files: zipped(path, {"readme.json": b"{}"}),
    "no zip": lambda path, files: path.write_bytes(b"GIF89a") and path,
    "empty": lambda path, files: path.write_bytes(b"") or path,
    "cut": lambda path, files: path.write_bytes(zipped(path, files).read_bytes()[:-300]) and path,
    "a number for a name": lambda path, files: zipped(path, files | {"unet/config.json/x.json": b"{}"}),
}


@pytest.mark.parametrize("what", ZIPS)
def test_a_hostile_or_damaged_zip_is_refused_and_leaves_nothing_outside(what, files, tmp_path, one_sentence):
    archive = ZIPS[what](tmp_path / "a.zip", files)
    (tmp_path / "deep").mkdir()
    with pytest.raises(Refusal) as refusal:
        zips.unpack(archive, tmp_path / "deep" / "out", most=10_000_000)
    one_sentence(refusal)
    outside = [path for path in tmp_path.rglob("*") if path.is_file() and "deep/out" not in path.as_posix()]
    assert outside == [archive]
    written = sum(path.stat().st_size for path in (tmp_path / "deep").rglob("*") if path.is_file())
    assert written <= 10_000_000
