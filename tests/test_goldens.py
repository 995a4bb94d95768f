"""Three runs of the committed networks come to what they came to before, whatever was rewritten since."""

import pytest

from tests.helpers.goldens import RUNS, TOLERANCE, blocks, farthest, written


@pytest.mark.parametrize("name", RUNS)
def test_a_run_comes_to_what_is_written_down(name):
    assert farthest(blocks(RUNS[name]), written()[name]) < TOLERANCE


def test_the_tolerance_tells_a_small_change():
    name, settings = next(iter(RUNS.items()))
    changed = settings.model_copy(update={"epsilon_scale": 1.002})
    assert farthest(blocks(changed), written()[name]) > TOLERANCE


def test_nothing_else_is_written_down():
    assert written().keys() == RUNS.keys()
