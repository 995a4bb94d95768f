"""A short form of `make fuzz`: odd settings and broken files are taken, or refused in one sentence."""

import random
import subprocess

from benchmarks import broken, fuzz
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import draw
from lowlight_ddpm.images.formats import FORMATS


def test_odd_settings_and_broken_files_are_taken_or_refused_in_one_sentence():
    rows = [*fuzz.settings_tried(100), *fuzz.files_tried(100)]
    assert sum(row["tried"] for row in rows) >= 200
    for row in rows:
        assert row["held"] == row["tried"] > 0, row["what"]


def test_a_gif_that_hardly_ends_costs_hardly_any_time():
    (row,) = fuzz.endless(2**20)
    assert (row["tried"], row["held"]) == (6, 6)
    assert "4 refused" in row["note"]
    assert float(row["note"].split()[2]) < 3  # seconds; it was six for the comments alone


def test_what_fails_is_counted_as_not_held(capsys):
    def refuse(text):
        raise Refusal(text)

    tally = fuzz._Tally("tried")
    assert tally.attempt(lambda: 3) == 3
    for sentence in ("No.", "Traceback:\nno."):
        tally.attempt(lambda sentence=sentence: refuse(sentence))
    tally.attempt(lambda: 1 / 0)
    assert (tally.row["tried"], tally.row["held"]) == (4, 2)
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_every_kind_of_file_is_broken_in_many_ways():
    chance = random.Random(0)
    assert {*FORMATS, "zip"} <= {*broken.KINDS}
    for kind in broken.KINDS:
        file = broken.whole(kind)[0]
        assert len({broken.broken(file, chance) for _ in range(20)}) > 15


def test_whole_files_of_every_kind_are_read():
    for kind in broken.KINDS:
        for file in broken.whole(kind):
            assert fuzz.opened(file, kind)


def test_a_process_that_a_file_starts_is_counted(monkeypatch):
    monkeypatch.setattr(fuzz, "read", lambda *_: subprocess.run(["true"], check=True) and draw(0, 32))
    *_, last = fuzz.files_tried(len(broken.KINDS))
    assert last["held"] < last["tried"] == len(broken.KINDS)
