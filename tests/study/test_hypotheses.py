"""Hypotheses: what they predict is written down, and what is measured follows from made-up results."""

import math

import numpy as np
import pandas as pd
import pytest

from lowlight_ddpm.figures import Inputs
from lowlight_ddpm.paths import DOCS
from lowlight_ddpm.report import written
from lowlight_ddpm.study import hypotheses
from lowlight_ddpm.study.findings import NOT_MEASURED, Outcome
from lowlight_ddpm.study.headlines import Comparison, Measure
from lowlight_ddpm.study.hypotheses import (
    ACROSS,
    ALONE,
    HYPOTHESES,
    OUTSIDE,
    WITHIN,
    Evidence,
    Prediction,
    clip_difference,
    clip_shift,
    compared,
    lies,
    mean_against_wave,
    small_difference,
)
from lowlight_ddpm.study.small_networks import Arm
from lowlight_ddpm.study.verdicts import Effect
from lowlight_ddpm.variants import VARIANTS

NOTHING = pd.DataFrame()


def evidence(**tables):
    empty = dict.fromkeys(("rows", "transmissions", "small", "clipped"), NOTHING)
    return Evidence(**empty | tables, learned=lambda name: np.array([100.0, 110, 120]), source=None)


def small(**kept):
    """Three seeds of three arms, k = 0 and 1, about the part that is kept."""
    arms = {"eight": Arm(), "none": Arm("none"), "one": Arm("1 group")}
    return pd.DataFrame(
        [
            arms[name]._asdict()
            | {"seed": seed, "signal": signal, "cycles": cycles, "kept": part + 0.01 * (seed - 1)}
            for name, part in kept.items()
            for seed in range(3)
            for signal in (0.02, 0.08)
            for cycles in (0, 1)
        ]
    ).assign(perfect=0.1)


def test_small_networks_differ_by_the_rule_s_own_t_interval():
    rows = small(eight=0.9, none=0.2, one=0.5)
    outcome = small_difference(Arm(), Arm("none"))(evidence(small=rows))
    assert outcome.basis == "3 against 3 small networks"
    assert outcome.effect.difference == pytest.approx(0.7)
    # s² = 0.01² over three arms of three: six degrees of freedom.
    assert outcome.effect.error == pytest.approx((0.01**2 * 2 / 3) ** 0.5)
    assert outcome.effect.freedom == pytest.approx(6)
    assert small_difference(Arm(), Arm("RMS per pixel"))(evidence(small=rows)) is None


def test_of_one_seed_there_is_a_difference_and_no_interval():
    rows = small(eight=0.9, none=0.2).query("seed == 1")
    outcome = small_difference(Arm(), Arm("none"))(evidence(small=rows))
    assert outcome.effect.difference == pytest.approx(0.7)
    assert math.isnan(outcome.effect.error)


def transmitted(**parts):
    return pd.DataFrame(
        [
            {"variant": name.replace("_", "-"), "signal": 0.08, "tint": "grey", "cycles": cycles}
            | {"kept": part if cycles == 0 else 0.1, "perfect": 0.2 if cycles == 0 else 0.05}
            for name, part in parts.items()
            for cycles in (0, 1)
        ]
    )


def test_networks_of_several_groups_pass_on_more_of_the_mean_than_of_a_wave():
    """Trainings of one recipe count as one; one group, v and shared weights have no part in it."""
    some = {"bright": 0.95, "dim": 0.9, "dim_retrained": 0.8, "dim_quarter": 0.9, "dim_deep": 0.9}
    others = {"dim_groups1": 0.2, "dim_v": 0.1, "dim_raw": 0.5}
    outcome = mean_against_wave(evidence(transmissions=transmitted(**some, **others, bright_deep=0.95)))
    assert outcome.basis == "5 networks"
    assert outcome.effect.difference == pytest.approx(np.mean([0.95, 0.85, 0.9, 0.9, 0.95]) - 0.2 - 0.05)
    few = mean_against_wave(evidence(transmissions=transmitted(dim=0.9)))
    assert few.basis == "dim alone"
    assert math.isnan(few.effect.error)
    means_alone = transmitted(dim=0.9).query("cycles == 0")
    assert mean_against_wave(evidence(transmissions=means_alone)) is None


def clipped(variant, clip, level, noise="ordinary"):
    seeds = np.arange(64)
    colour = level + 3 * np.sin(seeds)
    rows = pd.DataFrame({"seed": seeds, "mean_r": colour, "mean_g": colour + 1, "mean_b": colour + 2})
    return rows.assign(variant=variant, clip=clip, noise=noise, mean_correction="off")


def test_clips_are_compared_image_by_image():
    rows = pd.concat([clipped("dim", "[-1, 1]", 120), clipped("dim", "[-1, 0]", 90 + np.arange(64) % 2)])
    conditions = (("[-1, 0]", "ordinary", "off"), ("[-1, 1]", "ordinary", "off"))
    outcome = clip_difference("dim", *conditions)(evidence(clipped=rows))
    assert outcome.effect.difference == pytest.approx(-29.5)
    assert outcome.effect.error == pytest.approx(0.5 / 8, rel=0.1), (
        "what images have in common is not counted"
    )
    assert outcome.basis == "dim alone"
    shift = clip_shift("dim", conditions[1])(evidence(clipped=rows))
    assert shift.effect.difference == pytest.approx(np.mean(120 + 3 * np.sin(np.arange(64))) + 1 - 110)
    assert clip_shift("bright", conditions[1])(evidence(clipped=rows)) is None


def restored(variant, start, excess):
    row = VARIANTS[variant]
    own = {"variant": variant, "brightness": row.brightness, "variance_type": row.variance_type}
    how = {"mode": "restore", "start": start, "steps": 50, "sampler": "ddpm", "light": "pixels"}
    how |= {"mean_correction": "off", "leaks": True, "source": "drawn"}
    pictures = [f"p{number}" for number in range(16)]
    return pd.DataFrame({"picture": pictures, "seed": 0, "excess": excess}).assign(**own, **how)


def test_at_equal_signal_each_side_has_its_own_start_and_the_spread_is_that_of_the_usual_one():
    rows = pd.concat(
        [
            restored("dim-deep", 600, 4.0),
            restored("dim-deep-again", 600, 6.0),
            restored("dim-deep", 796, 50.0),
            restored("dim-deep-low", 600, 70.0),
            restored("dim-deep-low", 796, 5.5),
        ]
    )
    c = Comparison("excess", 0, "dim-deep-low", "dim-deep", start=796, other_start=600)
    outcome = compared(c)(evidence(rows=rows))
    assert outcome.effect.difference == pytest.approx(0.5)
    assert outcome.basis == "1 against 2 trainings"
    assert outcome.effect.error == pytest.approx((2.0 * (1 + 1 / 2)) ** 0.5)  # s² = (4 − 6)²/2


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(0.1, 0.9, WITHIN), (-math.inf, 0.65, ACROSS), (0.8, math.inf, OUTSIDE), (-1, 0.2, OUTSIDE)],
)
def test_an_interval_lies_within_what_is_predicted_or_it_does_not(low, high, said):
    prediction = Prediction("", low, high, Measure("", "", 1.0), lambda _: None)
    assert lies(prediction, Outcome(Effect(0.6, 0.05, math.inf), "")) == said
    assert lies(prediction, Outcome(Effect(0.6, math.nan, math.nan), "")) == ALONE


def test_four_hypotheses_predict_something_that_can_fail():
    assert len(HYPOTHESES) == 4
    for hypothesis in HYPOTHESES:
        assert len(hypothesis.predictions) >= 3
        for prediction in hypothesis.predictions:
            assert prediction.low < prediction.high
            assert not (math.isinf(prediction.low) and math.isinf(prediction.high))
            assert prediction.of(evidence()) is None


def test_what_is_predicted_stands_in_the_protocol_and_what_is_not_measured_is_said_so(tmp_path):
    inputs = Inputs(tmp_path / "none", tmp_path)
    assert written("predictions", inputs) in (DOCS / "protocol.md").read_text(encoding="utf-8")
    lines = written("hypotheses", inputs).splitlines()[2:]
    assert len(lines) == sum(len(hypothesis.predictions) for hypothesis in HYPOTHESES)
    assert all(line.endswith(f"| – | – | {NOT_MEASURED} |") for line in lines)


def test_what_is_measured_has_its_interval_beside_the_prediction(tmp_path, monkeypatch):
    def known(_):
        return Outcome(Effect(-0.4, 0.01, math.inf), "3 against 3 small networks")

    first = HYPOTHESES[0]._replace(predictions=(HYPOTHESES[0].predictions[2]._replace(of=known),))
    monkeypatch.setattr("lowlight_ddpm.report.causes.HYPOTHESES", (first,))
    (line,) = written("hypotheses", Inputs(tmp_path / "none", tmp_path)).splitlines()[2:]
    assert line.endswith(
        "| −1.00 to −0.30 | −0.40 (−0.42 to −0.38) | 3 against 3 small networks | within what is predicted |"
    )
    assert hypotheses.SIGNAL == 0.08
