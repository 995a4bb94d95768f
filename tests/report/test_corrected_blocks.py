"""The mean correction's tables: what is off by more than the protocol expects is said to have missed."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from lowlight_ddpm.figures import Missing
from lowlight_ddpm.report import mean_correction
from lowlight_ddpm.study import results


def generated(variant, level, ground, sampler="ddpm", correction="training", leak=False):
    """64 images whose mean is `level` in all channels, with a standard error of about 0.5."""
    wave = level + 4 * np.sin(np.arange(64))
    rows = pd.DataFrame({"mean_r": wave, "mean_g": wave, "mean_b": wave, "ground": ground})
    own = {"variant": variant, "variance_type": "fixed_small", "mode": "generate", "sampler": sampler}
    return rows.assign(**own, steps=50, mean_correction=correction, leak_start=leak)


def inputs(*tables):
    rows = pd.concat(tables, ignore_index=True)
    return SimpleNamespace(rows=rows, training_means=lambda name: np.full(3, 100.0), results=None, root=None)


def lines(text):
    return text.splitlines()[2:]


def test_a_pair_is_told_with_what_it_was_and_what_it_is():
    before = generated("dim", 120, 50.0, correction="off")
    other = generated("dim", 90, 1.0, correction="off").assign(variance_type="fixed_large")
    (line,) = lines(mean_correction.samples(inputs(before, other, generated("dim", 100, 10.0))))
    assert line.startswith("| dim | ddpm, 50 steps | 20.")
    assert ", **missed** | 0.0 ± 0.4 | 50.0 → 10.0 (×0.20) |" in line.replace("0.1 ± 0.4", "0.0 ± 0.4")


def test_three_standard_errors_and_one_level_more_are_allowed():
    before = generated("dim", 100, 5.0, correction="off")
    for level, missed in ((102.0, False), (103.5, True)):
        (line,) = lines(mean_correction.samples(inputs(before, generated("dim", level, 5.0))))
        assert ("missed" in line) is missed


def test_with_the_leak_and_without_are_two_lines():
    before = generated("dim", 100, 5.0, "dpm++", "off")
    pair = [generated("dim", 100, 5.0, "dpm++", leak=leak) for leak in (False, True)]
    found = lines(mean_correction.samples(inputs(before, *pair)))
    assert [line.split(" | ")[1] for line in found] == [
        "dpm++, 50 steps",
        "dpm++, 50 steps, signal-leak initialisation",
    ]
    with pytest.raises(Missing):
        mean_correction.samples(inputs(before))


def restored(start, correction, tint):
    rows = pd.DataFrame({"picture": [f"p{n}" for n in range(64)], "seed": 0})
    rows["tint"] = tint + 0.2 * np.cos(np.arange(64))
    return rows.assign(variant="dim", source="mine", start=start, mean_correction=correction)


def test_the_change_is_paired_and_its_upper_end_counts(monkeypatch):
    rows = pd.concat(
        [
            restored(start, kind, tint)
            for start, off, wide in ((50, 3, 2.5), (300, 4, 5.5), (600, 9, 11.5))
            for kind, tint in (("off", off), ("wide", wide))
        ]
    )
    monkeypatch.setattr(results, "table", lambda *_: rows)
    (line,) = lines(mean_correction.restorations(inputs(rows)))
    assert line == (
        "| dim | mine | 64 | −0.50 (−0.50 to −0.50) | +1.50 (+1.50 to +1.50), **missed** | "
        "+2.50 (+2.50 to +2.50) |"
    )
    monkeypatch.setattr(results, "table", lambda *_: rows[rows.start != 600])
    assert lines(mean_correction.restorations(inputs(rows)))[0].endswith("| – |")
    monkeypatch.setattr(results, "table", lambda *_: pd.DataFrame())
    with pytest.raises(Missing):
        mean_correction.restorations(inputs(rows))
