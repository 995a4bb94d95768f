"""The sweep without a browser: its map fills, is never run twice, and reads by any measure."""

import re
from xml.etree import ElementTree

import gradio as gr
import pytest

from lowlight_ddpm.analysis.sweep import AXES, MEASURES
from lowlight_ddpm.ui.compare import sweep
from lowlight_ddpm.ui.compare.sweep import label
from lowlight_ddpm.ui.components.jobs import Course, Slot

SHARED = (300, 2, 0, 0.0)  # start, steps, seed, brightness
GRID = ("shift", "dim", "steps", [1, 10], "start", [5, 300])
COURSE = Course(sweep.make, sweep.draw)


def run(session, slot, grid=GRID, shared=SHARED):
    COURSE.begin(session, slot, *grid, *shared)
    frames = [scene for _, scene in COURSE.stream(session, slot) if isinstance(scene, str)]
    return frames, COURSE.conclude(session, slot)[-1]


def table(html):
    """The map's table, and that it is well formed."""
    return ElementTree.fromstring(re.search("<table>.*</table>", html)[0].replace("&nbsp;", " "))


def cells(html):
    """The text of every cell, row by row."""
    return [["".join(cell.itertext()) for cell in row.findall("td")] for row in table(html).find("tbody")]


def test_cells_appear_as_they_finish_and_impossible_ones_say_why(session):
    slot = Slot()
    before = COURSE.stage(session, slot, *GRID, *SHARED)
    assert cells(before) == [["–", "not possible"], ["–", "–"]]
    assert "From timestep 5 there are at most 6 steps" in before
    frames, scene = run(session, slot)
    assert [frame.count("<button") for frame in frames] == [2, 3], "runs of one step end as one"
    assert cells(frames[0])[1][1] == "running"
    assert scene.count("<button") == scene.count("<img") == 3
    heads = ["".join(head.itertext()) for head in table(scene).find("thead").iter("th")]
    assert heads == ["Steps", "Start timestep", "1", "10"]


def test_every_cell_opens_its_own_run(session):
    _, scene = run(session, Slot())
    queries = [button.get("data-value") for button in table(scene).iter("button")]
    assert len(set(queries)) == 3
    assert all("start=" in query or "steps=" in query for query in queries)


def test_finished_cells_are_never_run_again(session, walks):
    slot = Slot()
    _, scene = run(session, slot)
    assert [(settings.start, settings.steps) for settings in walks] == [(5, 1), (300, 1), (300, 10)]
    assert run(session, slot)[1] == scene
    assert len(walks) == 3
    run(session, slot, ("shift", "dim", "start", [300, 500], "steps", [10]))
    assert [(settings.start, settings.steps) for settings in walks[3:]] == [(500, 10)]
    assert run(session, Slot())[1] == scene, "of another user neither"
    assert len(walks) == 4


def test_the_measure_is_switched_without_running_again(session, walks):
    slot = Slot()
    run(session, slot)
    for name, row in MEASURES.items():
        scene = sweep.measure(session, slot, name)
        values = [row.read(outcome) for outcome in slot.job.outcomes]
        shown = [button.find("b").text for button in table(scene).iter("button")]
        assert shown == [format(value, row.form) for value in values]
        low, high = re.search('class="scale"><span>([^<]+)<.*<span>([^<]+)<', scene).groups()
        assert (low, high) == (format(min(values), row.form), format(max(values), row.form))
    assert len(walks) == 3
    assert sweep.measure(session, Slot(), "ssim") == gr.skip()


def test_the_lowest_is_darkest_and_the_highest_lightest(session):
    slot = Slot()
    _, scene = run(session, slot)
    values = [outcome.shift for outcome in slot.job.outcomes]
    styles = [button.get("style") for button in table(scene).iter("button")]
    assert styles[values.index(min(values))] == "background:#00224e;color:#ffffff"
    assert styles[values.index(max(values))] == "background:#fee838;color:#000000"


@pytest.mark.parametrize(
    ("grid", "said"),
    [
        (("shift", "dim", "steps", [1], "steps", [1]), "Both axes vary steps"),
        (("shift", "dim", "steps", [], "start", [300]), "Nothing is chosen for steps"),
        (("shift", "dim", "seed", list(range(10)), "start", [100, 300, 500]), "at most 25"),
    ],
)
def test_a_grid_that_cannot_be_is_answered_in_place_and_at_the_button(session, grid, said):
    slot = Slot()
    assert re.search(rf'role="alert">[^<]*{said}', COURSE.stage(session, slot, *grid, *SHARED))
    with pytest.raises(gr.Error, match=said):
        COURSE.begin(session, slot, *grid, *SHARED)


def test_values_stand_in_the_axis_order_however_they_were_ticked(session):
    job = sweep.make(session, "shift", "dim", "start", [500, 100], "steps", [2, 1], *SHARED)
    assert (job.grid.columns, job.grid.rows) == ((100, 500), (1, 2))


@pytest.mark.parametrize("name", AXES)
def test_every_axis_can_be_ticked_and_every_value_has_its_own_words(session, name):
    with gr.Blocks():
        built = sweep.Sweep(["bright", "dim"], session, SHARED)
        values = built._values(name)
    offered = [value for _, value in values.choices]
    assert values.preprocess(offered) == offered
    assert values.value
    assert set(values.value) <= set(offered)
    words = [label(name, value) for value in AXES[name].values]
    assert len(set(words)) == len(words)
