"""Which networks are taken into the study, and what becomes of those that they replace."""

import json

import pytest

from benchmarks.tiny import save_tiny
from lowlight_ddpm.cli import adoption as command
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.models.checkpoints import RECORD
from lowlight_ddpm.study import results, store
from lowlight_ddpm.study.protocol import network_id
from lowlight_ddpm.training import adoption

NAMES = ("dim", "bright")


def retold(folder, **changes):
    """Write other facts into a training record."""
    record = json.loads((folder / RECORD).read_text()) | changes
    (folder / RECORD).write_text(json.dumps(record))


def told(name, **changes):
    """What a record of the study's recipe says."""
    data = {"source": "mine", "sha256": "0" * 64}
    command = f"python -m lowlight_ddpm train {name} --images mine"
    return {"command": command, "precision": "fp32", "tf32": False, "epochs": 50, "data": data} | changes


@pytest.fixture
def waiting(tmp_path):
    """Two networks as the study wants them, waiting beside an empty folder of checkpoints."""
    place = save_tiny(tmp_path / "next", NAMES)
    for name in NAMES:
        retold(place / name, **told(name))
    return place


@pytest.fixture
def root(tmp_path):
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


def test_a_network_that_is_as_it_must_be_moves(waiting, root):
    adoption.check("dim", waiting, root)
    adoption.move("dim", waiting, root)
    assert [path.name for path in waiting.iterdir()] == ["bright"]
    assert checkpoints.load("dim", root).record["precision"] == "fp32"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"command": "none"}, "by which command"),
        ({"command": "python -m lowlight_ddpm train dim-deep --images mine"}, "by which command"),
        ({"precision": "bf16"}, "not trained in fp32"),
        ({"tf32": True}, "not trained in fp32"),
        ({"epochs": 49}, "not trained for 50 epochs"),
        ({"data": {}}, "on which images"),
        ({"weights_sha256": "0" * 64}, "damaged"),
        ({"variant": {"beta_end": 0.5}}, "beta_end"),
    ],
)
def test_a_network_that_is_not_is_refused_in_a_sentence(waiting, root, one_sentence, changes, said):
    retold(waiting / "dim", **changes)
    with pytest.raises(Refusal, match=said) as refusal:
        adoption.check("dim", waiting, root)
    one_sentence(refusal)


def test_one_that_learned_from_other_images_than_its_neighbours_is_refused(waiting, root, one_sentence):
    adoption.move("bright", waiting, root)
    adoption.check("dim", waiting, root)
    retold(waiting / "dim", data={"source": "mine", "sha256": "1" * 64})
    with pytest.raises(Refusal, match="other images than bright") as refusal:
        adoption.check("dim", waiting, root)
    one_sentence(refusal)


def test_one_that_is_too_large_or_not_there_is_refused(waiting, root, monkeypatch, one_sentence):
    with pytest.raises(Refusal, match="No network dim-deep waits") as refusal:
        adoption.check("dim-deep", waiting, root)
    one_sentence(refusal)
    monkeypatch.setattr(adoption, "LARGEST", 100)
    with pytest.raises(Refusal, match="more than 100 bytes"):
        adoption.check("dim", waiting, root)


def test_one_that_plain_diffusers_cannot_open_is_refused(waiting, root, one_sentence):
    (waiting / "dim" / "model_index.json").write_text(json.dumps({"_class_name": "DDPMPipeline"}))
    with pytest.raises(Refusal, match="Plain diffusers") as refusal:
        adoption.check("dim", waiting, root)
    one_sentence(refusal)


def test_results_of_a_replaced_network_go_and_all_others_stay(waiting, root, tmp_path):
    for name in NAMES:
        adoption.move(name, waiting, root)
    folder, there = tmp_path / "results", network_id("dim", root)
    for key, report in (("old", {"network": "gone"}), ("new", {"network": there}), ("set", {"rows": []})):
        store.append(folder / "dim.jsonl", "condition", key, report)
    store.append(folder / "bright.jsonl", "condition", "old", {"network": "gone"})
    assert results.forget_replaced(folder, root) == 2
    assert [*store.lines(folder / "dim.jsonl", "condition")] == ["new", "set"]
    assert [path.name for path in store.files(folder)] == ["dim.jsonl"]
    assert results.forget_replaced(folder, root) == 0


def test_the_command_moves_all_or_none_and_then_has_everything_made(run, waiting, root, monkeypatch):
    monkeypatch.setattr(checkpoints, "ROOT", root)
    for name in ("check", "move"):
        function = getattr(adoption, name)
        monkeypatch.setattr(adoption, name, lambda *given, function=function: function(*given, root))
    monkeypatch.setattr(results, "forget_replaced", lambda: made.append("forgotten"))
    made = []
    for step in ("evaluate", "cards", "figures", "findings"):
        monkeypatch.setattr(command, step, lambda *given, step=step, **_: made.append((step, *given[:1])))
    asked = ("adopt", *NAMES, "--images", "mine", "--waiting", waiting)

    retold(waiting / "bright", precision="bf16")
    status, _, said = run(*asked)
    assert (status, made, [*root.iterdir()]) == (2, [], [])
    assert "bright" in said
    retold(waiting / "bright", precision="fp32")
    after = ["forgotten", ("evaluate", [*NAMES]), ("cards", [*NAMES]), ("figures",), ("findings",)]
    assert run(*asked)[0] == 0
    assert made == after
    assert sorted(path.name for path in root.iterdir()) == sorted(NAMES)
    assert run(*asked)[0] == 0, "it goes on where it was stopped"
    assert made == 2 * after
