"""The command train: which images a network learns from, and how it is stopped."""

import os
import signal

import pytest
from PIL import Image

from lowlight_ddpm.cli import training
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.training import loop, records
from lowlight_ddpm.variants import VARIANTS, Variant

pytestmark = pytest.mark.usefixtures("tiny_checkpoints")


@pytest.mark.parametrize(
    ("arguments", "source", "added", "licence", "subject"),
    [
        ("fruit-dim", "fruit:1000:10000", 0, None, "fruit"),
        ("fruit-dim --images mine", "mine", 0, None, ""),
        ("dim --images mine", "mine", 150, None, "butterflies"),
        ("dim --images mine --synthetic 150", "mine", 150, None, "butterflies"),
        ("dim --images mine --synthetic 0", "mine", 0, None, ""),
        ("dim --images mine --synthetic 0 --subject moths", "mine", 0, None, "moths"),
        ("own --images mine", "mine", 0, None, ""),
        ("own --images mine --licence CC-BY-4.0", "mine", 0, "CC-BY-4.0", ""),
        ("own-moths --images mine", "mine", 0, None, "moths"),
        ("own-moths --images mine --synthetic 7", "mine", 7, None, ""),
    ],
)
def test_a_row_of_the_study_brings_its_own_images_and_no_other_row_does(
    run, monkeypatch, arguments, source, added, licence, subject
):
    for row in (Variant("own"), Variant("own-moths", subject="moths")):
        monkeypatch.setitem(VARIANTS, row.name, row)
    asked = []

    def training_set(*arguments):
        asked.append(arguments)
        raise Refusal("Enough.")

    monkeypatch.setattr(records, "training_set", training_set)
    run("train", *arguments.split())
    assert asked == [(source, added, 64, licence, subject)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["dim"], "150 synthetic butterflies are added to the images of “photos”, and the card says"),
        (["dim", "--synthetic", 5, "--subject", "moths"], "5 synthetic butterflies are added"),
        (["dim", "--synthetic", 0], ""),
        (["own"], ""),
    ],
)
def test_whatever_is_added_to_somebody_s_images_is_said(run, monkeypatch, tmp_path, arguments, said):
    monkeypatch.setitem(VARIANTS, "own", Variant("own"))
    (tmp_path / "photos").mkdir()
    for number in range(32):
        Image.new("RGB", (64, 64), (number, 0, 255)).save(tmp_path / "photos" / f"{number}.png")

    def refuse(*_):
        raise Refusal("Enough.")

    monkeypatch.setattr(loop, "Training", refuse)
    status, out, error = run("train", *arguments, "--images", tmp_path / "photos")
    assert status == 2
    assert error.endswith("Enough.\n")
    assert out.startswith(said)
    assert bool(out) == bool(said)
    assert "--synthetic 0" in out or not said


def test_asked_to_stop_a_training_is_told_and_afterwards_signals_are_as_before():
    before = signal.getsignal(signal.SIGTERM)
    with training.stop_requested() as stopped:
        assert not stopped()
        os.kill(os.getpid(), signal.SIGTERM)
        assert stopped()
        assert signal.getsignal(signal.SIGTERM) == before  # a second one is not waited for
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_log_has_a_line_for_every_epoch_and_no_bar(run, monkeypatch, tmp_path):
    monkeypatch.setitem(VARIANTS, "own", Variant("own", size=16, channels=(8, 16)))
    monkeypatch.chdir(tmp_path)
    train = "train", "own", "--images", "drawn:32", "--epochs", 2
    status, said, told = run(*train, "--out", "trained")
    assert status == 0
    counts, end = said.splitlines()
    assert counts == "16 images are learned, 16 held out; steps: 2, of 16 images; an epoch has 1."
    assert end.startswith("trained is trained: ")
    lines = [line.split(", ") for line in told.splitlines() if line.startswith("own: ")]
    epochs = [[f"own: epoch {number}/2", what] for number in (1, 2) for what in ("loss", "drawing")]
    assert [[place, what.split()[0]] for place, what in lines] == epochs, "samples are drawn without a bar"
    assert "image/s" not in told
    assert run(*train, "--out", "again", "--quiet") == (0, "", "")


def test_the_first_ctrl_c_is_answered_at_once(capfd):
    with training.stop_requested() as stopped:
        os.kill(os.getpid(), signal.SIGINT)
        assert stopped()
        assert "again to stop at once" in capfd.readouterr().err
