"""The random cases of the diagnosis: what was recorded is what comes out, and a blind diagnosis misses."""

import json
from dataclasses import replace

import pytest

from benchmarks import diagnosis
from benchmarks.record import FOLDER
from lowlight_ddpm.diagnosis import verdict
from lowlight_ddpm.diagnosis.causes import CAUSES

pytestmark = pytest.mark.slow
RECORDED = {row["what"]: row for row in json.loads((FOLDER / "diagnosis.json").read_text())["rows"]}


def test_what_is_recorded_is_of_all_cases_and_reaches_its_aims():
    faults = [RECORDED[fault] for fault in diagnosis.FAULTS]
    assert sum(row["tried"] for row in faults) == 40
    assert sum(row["held"] for row in faults) >= 36
    assert RECORDED[diagnosis.NONE]["tried"] == 20
    assert RECORDED[diagnosis.NONE]["held"] >= 19
    for row in RECORDED.values():
        assert sum(row["named"].values()) == row["tried"]
        assert row["named"][row["what"]] == row["held"]


@pytest.mark.parametrize("number", range(len(diagnosis.FAULTS)))
def test_a_case_is_named_as_it_is_recorded(number):
    """The first of every fault: all of a fault's cases are right, or the record says what else was named."""
    case = [*diagnosis.cases()][number]
    assert RECORDED[case.fault]["named"][case.named()] > 0


def test_cases_differ_and_are_the_same_again():
    first, again = ([*diagnosis.cases()] for _ in range(2))
    assert [vars(case.network.scheduler.config) for case in first] == [
        vars(case.network.scheduler.config) for case in again
    ]
    strengths = {case.network.passes for case in first if case.fault == "insensitive"}
    assert len(strengths) == 7


@pytest.mark.parametrize("cause", [cause.name for cause in CAUSES])
def test_without_its_detector_a_fault_s_case_fails(cause, monkeypatch):
    blind = [replace(row, is_suspect=lambda evidence: False) if row.name == cause else row for row in CAUSES]
    monkeypatch.setattr(verdict, "CAUSES", blind)
    case = next(case for case in diagnosis.cases() if case.fault == cause)
    assert case.named() != cause
