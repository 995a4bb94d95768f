"""Publishing: what would go where, and that what went can be loaded from there, by name and revision."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from huggingface_hub import RepoCard

from benchmarks.tiny import save_tiny
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.models import checkpoints, hub
from lowlight_ddpm.report import publish
from tests.helpers import hub_stand_in

LOAD = (
    "from lowlight_ddpm.models import checkpoints; checkpoint = checkpoints.load('dim');"
    "print(checkpoints.available(), float(checkpoint.unet.conv_in.weight.sum()))"
)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return save_tiny(tmp_path_factory.mktemp("publish") / "checkpoints", ["dim", "bright"])


def run(*arguments, home, root, **environment):
    """A process of its own, that knows the Hub by `environment` alone; its output."""
    environment = os.environ | {"HF_HOME": str(home), "LOWLIGHT_CHECKPOINTS": str(root)} | environment
    done = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def listed(announced):
    """Repository -> paths, of what --dry-run prints."""
    found = {}
    for line in announced.splitlines():
        if not line.startswith("  "):
            repository = line.split()[1].rstrip(":")
        found.setdefault(repository, set()).update([line.strip()] if line.startswith("  ") else [])
    return found


def test_everything_that_the_space_needs_goes_there_and_nothing_else(root):
    *models, space = publish.uploads(["bright", "dim"], "me/space", "me", root)
    assert {"app.py", "requirements.txt", "README.md", "lowlight_ddpm/ui/static/wipe.js"} <= set(space.files)
    assert not [
        path
        for path in space.files
        if path.startswith(("tests", "benchmarks", "runs", ".", "checkpoints/next"))
    ]
    assert not [path for path in space.files if "__pycache__" in path]
    assert space.files["checkpoints/dim/training.json"] == root / "dim" / "training.json"
    assert [model.repository for model in models] == ["me/lowlight-ddpm-bright", "me/lowlight-ddpm-dim"]
    assert "unet/diffusion_pytorch_model.safetensors" in models[0].files
    card = RepoCard(space._content("README.md").decode())
    assert card.data.models == ["me/lowlight-ddpm-bright", "me/lowlight-ddpm-dim"]


@pytest.mark.parametrize(
    ("space", "owner", "says"),
    [
        (None, None, "nothing to publish"),
        ("space", None, "OWNER/NAME"),
        ("me/other/space", None, "names no Space"),
    ],
)
def test_what_cannot_be_published_is_refused(root, space, owner, says, one_sentence):
    with pytest.raises(Refusal, match=says) as refusal:
        publish.uploads(["dim"], space, owner, root)
    one_sentence(refusal)


def test_a_variant_without_a_checkpoint_is_not_published(tmp_path, one_sentence):
    with pytest.raises(Refusal, match="no checkpoint of dim") as refusal:
        publish.uploads(["dim"], None, "me", tmp_path)
    one_sentence(refusal)


def test_what_is_not_named_is_not_published(root):
    model, space = publish.uploads(["dim"], "me/space", "me", root)
    assert model.variant == "dim"
    assert {path.split("/")[1] for path in space.files if path.startswith("checkpoints/")} == {"dim"}
    measured = {path for path in space.files if path.endswith(".jsonl")}
    assert measured == {"results/dim.jsonl", "results/no-network.jsonl"}


def test_publishing_without_a_name_is_refused(run):
    status, _, error = run("publish", "--models", "me", "--dry-run")
    assert status == 2
    assert "NAMES" in error or "names" in error.lower()


def test_what_is_published_is_loaded_from_there_at_its_revision(root, tmp_path):
    root = shutil.copytree(root, tmp_path / "checkpoints")
    with hub_stand_in.serving() as stand_in:
        online = {"HF_ENDPOINT": stand_in.url, "HF_HUB_OFFLINE": "0", "HF_TOKEN": "hf_test"}
        place = {"home": tmp_path / "home", "root": root} | online
        publishing = (
            "-m",
            "lowlight_ddpm",
            "publish",
            "bright",
            "dim",
            "--models",
            "me",
            "--space",
            "me/space",
        )
        status, announced, wrong = run(*publishing, "--dry-run", **place)
        assert status == 0, wrong
        assert not stand_in.asked

        status, said, wrong = run(*publishing, **place)
        assert status == 0, wrong
        assert hub_stand_in.OID in said
        assert listed(announced) == {name: set(files) for name, files in stand_in.repositories.items()}
        assert stand_in.sdks == {
            "me/lowlight-ddpm-bright": None, "me/lowlight-ddpm-dim": None, "me/space": "gradio"
        }  # fmt: skip
        sent = stand_in.repositories["me/lowlight-ddpm-dim"]
        assert sent["training.json"] == (root / "dim" / "training.json").read_bytes()
        assert "app.py" in stand_in.repositories["me/space"]

        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        shutil.copy(root / hub.NOTE, elsewhere)
        place |= {"root": elsewhere}
        status, said, wrong = run("-c", LOAD, **place)
        assert status == 0, wrong
        assert "['bright', 'dim']" in said
        weight = checkpoints.load("dim", root).unet.conv_in.weight.sum().item()
        assert float(said.split()[-1]) == pytest.approx(weight, abs=1e-5)
        assert any(
            f"/me/lowlight-ddpm-dim/resolve/{hub_stand_in.OID}/unet" in asked for asked in stand_in.asked
        )

    unreachable = place | {"root": root}
    status, _, wrong = run("-m", "lowlight_ddpm", "publish", "dim", "--space", "me/space", **unreachable)
    assert (status, "is out of reach" in wrong) == (2, True)

    # Gone offline: what was downloaded is there still, and what was not is said.
    place["HF_HUB_OFFLINE"] = "1"
    status, again, wrong = run("-c", f"{LOAD}; checkpoints.load('bright')", **place)
    assert again == said
    assert status != 0
    assert "The variant bright cannot be fetched" in wrong


def test_a_folder_that_is_here_is_not_asked_for(root, tmp_path, monkeypatch):
    root = shutil.copytree(root, tmp_path / "checkpoints")
    hub.note(root, "dim", "me/elsewhere", "1")
    monkeypatch.setattr(hub, "snapshot_download", lambda *_, **__: pytest.fail("the Hub was asked"))
    assert checkpoints.load("dim", root).variant.name == "dim"


def test_a_space_names_what_was_published_before_it(root, tmp_path):
    root = shutil.copytree(root, tmp_path / "checkpoints")
    hub.note(root, "dim", "me/earlier", "1")
    (space,) = publish.uploads(["dim"], "me/space", None, root)
    assert RepoCard(space._content("README.md").decode()).data.models == ["me/earlier"]


def test_a_damaged_note_is_refused(tmp_path, one_sentence):
    (tmp_path / hub.NOTE).write_text("{")
    with pytest.raises(Refusal, match="damaged") as refusal:
        hub.published(tmp_path)
    one_sentence(refusal)
    assert checkpoints.available(tmp_path) == []


def test_pickles_are_never_asked_for():
    assert not [pattern for pattern in hub._FILES if pattern.endswith((".bin", ".pt", ".pkl", ".ckpt", "*"))]


def test_the_note_keeps_what_was_published_before(tmp_path):
    hub.note(tmp_path, "dim", "me/a", "1")
    hub.note(tmp_path, "bright", "me/b", "2")
    assert json.loads((tmp_path / hub.NOTE).read_text())["models"] == hub.published(tmp_path)
    assert set(hub.published(tmp_path)) == {"dim", "bright"}


def test_a_space_needs_a_checkout(tmp_path, checkpoint_root, one_sentence):
    with pytest.raises(Refusal, match="in a checkout of its repository") as refusal:
        publish.uploads(["dim"], "me/space", None, checkpoint_root, house=tmp_path)
    one_sentence(refusal)
