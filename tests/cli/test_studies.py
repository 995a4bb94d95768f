"""The commands of the study: evaluate, and the figures."""

import shutil
from functools import partial

import pandas as pd
import pytest

from lowlight_ddpm.images import draw
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.study import (
    clipping,
    mean_correction,
    protocol,
    results,
    small_networks,
    step_counts,
    store,
    transmission,
)

pytestmark = pytest.mark.usefixtures("tiny_checkpoints")


def test_evaluate_runs_the_protocol_once_and_prints_its_summary(run, monkeypatch, checkpoint_root, tmp_path):
    for name, value in (("STEPS_FROM", {50: 1}), ("STEPS", 1), ("FINELY_SAMPLED", ()), ("SAMPLES", 16)):
        monkeypatch.setattr(protocol, name, value)
    monkeypatch.setattr(protocol, "OTHER_SAMPLERS", {})
    monkeypatch.setattr(protocol, "UNTRAINED_LIGHT", {})
    drawn = protocol.evaluation_set("drawn:2", size=16)
    monkeypatch.setattr(protocol, "evaluation_set", lambda *_: drawn)
    places = {"folder": tmp_path, "root": checkpoint_root}
    monkeypatch.setattr(protocol, "conditions", partial(protocol.conditions, **places))
    monkeypatch.setattr(results, "table", partial(results.table, **places))
    monkeypatch.setattr(transmission, "Transmission", partial(transmission.Transmission, **places))
    monkeypatch.setattr(mean_correction, "GENERATED", mean_correction.GENERATED[:1])
    monkeypatch.setattr(mean_correction, "conditions", partial(mean_correction.conditions, **places))
    monkeypatch.setattr(step_counts, "STEPS", ())
    monkeypatch.setattr(step_counts, "REFERENCE", ("ddpm", 2))
    monkeypatch.setattr(step_counts, "conditions", partial(step_counts.conditions, **places))

    def written():
        return {path: path.read_text().splitlines() for path in store.files(tmp_path)}

    status, said, told = run("evaluate", "dim")
    assert status == 0
    assert "condition 1/" in told
    assert "min left" in told
    assert "fixed_large" in said
    # Samples and three brightnesses under two variance types, one without leak, and what colour is kept;
    # samples with the mean correction, and restorations with it and without; what fewer steps are held
    # against.
    first = written()
    assert [(path.name, len(lines)) for path, lines in first.items()] == [("dim.jsonl", 15)]
    run("evaluate", "dim")
    assert written() == first


def test_a_second_evaluation_runs_nothing_and_leaves_every_file_as_it_was(
    run, monkeypatch, checkpoint_root, tmp_path
):
    """With the images that were learned from, of two networks and one that shares the weights of another."""
    root, folder, mine = (tmp_path / name for name in ("root", "results", "mine"))
    shutil.copytree(checkpoint_root, root)
    shutil.copytree(root / "dim", root / "dim-large")
    mine.mkdir()
    for number in range(4):
        draw(number, 16).save(mine / f"{number}.png")
    brief = {"STEPS_FROM": {50: 1}, "STEPS": 1, "FINE_STEPS": 2, "SAMPLES": 16, "SAMPLED_FROM": (50,)}
    for name, value in brief.items():
        monkeypatch.setattr(protocol, name, value)
    monkeypatch.setattr(step_counts, "STEPS", (1,))
    monkeypatch.setattr(step_counts, "REFERENCE", ("ddpm", 2))
    opened = protocol.evaluation_set
    monkeypatch.setattr(
        protocol,
        "evaluation_set",
        lambda source, held_out, _: opened({"drawn": "drawn:2"}.get(source, source), held_out, size=16),
    )
    monkeypatch.setattr(mean_correction, "synthetic", lambda: ("drawn:2", ("drawn_0000", "drawn_0001")))
    record = checkpoints.record
    monkeypatch.setattr(checkpoints, "available", lambda: ["bright", "dim", "dim-large"])
    monkeypatch.setattr(
        checkpoints, "record", lambda name, place=root: record(name, place) | {"held_out": ["1.png"]}
    )
    places = {"folder": folder, "root": root}
    for module, name in (
        (protocol, "conditions"),
        (transmission, "Transmission"),
        (step_counts, "conditions"),
        (mean_correction, "conditions"),
    ):
        monkeypatch.setattr(module, name, partial(getattr(module, name), **places))
    monkeypatch.setattr(results, "table", partial(results.table, **places))
    describe = partial(protocol.describe_training_set, folder=folder)
    monkeypatch.setattr(protocol, "describe_training_set", describe)

    def files():
        return {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    assert run("evaluate", "--images", mine)[0] == 0
    first = files()
    assert {"bright.jsonl", "dim.jsonl", "dim-large.jsonl", "no-network.jsonl"} <= {p.name for p in first}

    def never(*_, **__):
        raise AssertionError("a network is called")

    for module, name in ((protocol, "load"), (transmission, "load"), (transmission, "transmissions")):
        monkeypatch.setattr(module, name, never)
    assert run("evaluate", "--images", mine)[0] == 0
    assert files() == first
    assert run("evaluate")[0] == 0, "without the images, less is asked for"
    assert files() == first


@pytest.mark.parametrize(
    ("name", "labels", "held_out", "learned"),
    [
        ("dim", ["drawn butterflies", "mine"], "a.png", "mine"),
        ("dim", ["drawn butterflies", "mine"], "b.png", None),
        ("fruit-dim", ["drawn fruit"], "fruit_10003", "drawn fruit"),
    ],
)
def test_a_variant_is_measured_on_its_own_subject(
    run, monkeypatch, tmp_path, name, labels, held_out, learned
):
    (tmp_path / "mine").mkdir()
    draw(9, 64).save(tmp_path / "mine" / "a.png")
    measured = {}
    monkeypatch.setattr(checkpoints, "record", lambda name: {"held_out": [held_out]})
    monkeypatch.setattr(
        protocol, "describe_training_set", lambda data, of: measured.update(learned=(data.label, of))
    )
    monkeypatch.setattr(
        protocol, "conditions", lambda name, pictures, _: measured.update(conditions=pictures) or []
    )
    monkeypatch.setattr(
        transmission, "Transmission", lambda name, pictures, training: measured.update(gain=pictures)
    )
    monkeypatch.setattr(
        mean_correction, "conditions", lambda name, pictures, _: measured.update(pairs=pictures) or []
    )
    monkeypatch.setattr(
        step_counts, "conditions", lambda name, pictures: measured.update(pace=pictures) or []
    )
    monkeypatch.setattr(results, "table", lambda: pd.DataFrame({"variant": [], "mode": [], "leaks": []}))
    monkeypatch.setattr(results, "summary", lambda rows: rows)
    run("evaluate", name, "--images", tmp_path / "mine")
    assert [pictures.label for pictures in measured["conditions"]] == labels
    assert [pictures.label for pictures in measured["pairs"]] == labels
    assert measured["gain"].label == measured["pace"].label == labels[0]
    assert measured.get("learned") == (learned and (learned, name))


def test_causes_trains_and_clips_once_and_prints_what_was_found(run, monkeypatch, checkpoint_root, tmp_path):
    monkeypatch.setattr(small_networks, "ARMS", (small_networks.Arm("none", steps=1),))
    monkeypatch.setattr(small_networks, "SEEDS", (0,))
    recipe = small_networks.RECIPE._replace(size=16, channels=(8, 8), images=2, batch=2)
    trainings = partial(small_networks.trainings, folder=tmp_path, recipe=recipe)
    monkeypatch.setattr(small_networks, "trainings", trainings)
    monkeypatch.setattr(clipping, "CLIPS", {"none": None})
    monkeypatch.setattr(
        clipping, "conditions", partial(clipping.conditions, folder=tmp_path, root=checkpoint_root)
    )
    monkeypatch.setattr(protocol, "STEPS", 1)
    monkeypatch.setattr(protocol, "SAMPLES", 16)
    monkeypatch.setattr(protocol, "RESULTS", tmp_path)
    monkeypatch.setattr(checkpoints, "ROOT", checkpoint_root)

    def lines():
        return {path.name: len(path.read_text().splitlines()) for path in store.files(tmp_path)}

    status, said, _ = run("causes", "small-networks", "dim")
    assert status == 0
    assert "| hypothesis | compared | predicted |" in said
    assert lines() == {"dim.jsonl": 4, "small-networks.jsonl": 1}
    run("causes", "small-networks", "dim")
    assert lines() == {"dim.jsonl": 4, "small-networks.jsonl": 1}
    assert run("causes", "weather")[0] == 2


def test_figures_says_what_it_draws_and_what_it_leaves_out(run, tmp_path):
    status, said, _ = run("figures", "3.1-originals", "--out", tmp_path)
    assert status == 0
    assert said.split() == [str(tmp_path / "3.1-originals.png")]
    assert run("figures", "9.9", "--out", tmp_path)[0] == 2
