"""How few steps are enough: sets against DDPM's many steps, on cells of known colours and on run ones."""

import numpy as np
import pandas as pd
import pytest
from skimage.color import deltaE_ciede2000

from lowlight_ddpm.study import protocol, results, step_counts

GREY = np.array([50.0, 0.0, 0.0])


def samples(sampler, steps, moved=(0, 0, 0), spread=1.0):
    """A cell of 40 samples about grey, the same for every sampler but for where their colour is moved."""
    lab = GREY + np.array(moved) + spread * np.random.default_rng(0).normal(size=(40, 3))
    cell = {"variant": "dim", "mode": "generate", "sampler": sampler, "steps": steps, "picture": None}
    return pd.DataFrame(lab, columns=["lab_l", "lab_a", "lab_b"]).assign(seed=range(40), **cell)


def far(monkeypatch, *cells):
    monkeypatch.setattr(results, "table", lambda *_: pd.concat(cells))
    return step_counts.distances()


def test_the_distance_is_that_of_the_mean_colours(monkeypatch):
    reference = samples("ddpm", 250)
    (row,) = far(monkeypatch, reference, samples("ddim", 10, moved=(2, 1, -3))).itertuples()
    centre = reference[["lab_l", "lab_a", "lab_b"]].mean().to_numpy()
    assert row.delta_e == pytest.approx(deltaE_ciede2000(centre, np.add(centre, (2, 1, -3))))
    assert (row.low, row.high) == pytest.approx((row.delta_e, row.delta_e)), "every pair is moved alike"


def test_the_interval_is_wider_where_pairs_differ_more(monkeypatch):
    wider = [far(monkeypatch, samples("ddpm", 250), samples("ddim", 10, spread=s)) for s in (1.5, 3)]
    less, more = (rows.high.item() - rows.low.item() for rows in wider)
    assert 0 < less < more


def test_enough_is_where_it_stays_near(monkeypatch):
    by_steps = {5: 0.4, 10: 0.6, 20: 0.3, 50: 0.1}  # ΔL* about grey, where ΔE is about as large
    cells = [samples("ddim", steps, moved=(light, 0, 0)) for steps, light in by_steps.items()]
    rows = far(monkeypatch, samples("ddpm", 250), *cells, samples("unipc", 50, moved=(3, 0, 0)))
    assert step_counts.fewest(rows)["ddim"] == 20
    assert step_counts.fewest(rows)["unipc"] is None


def test_a_set_that_lacks_structure_is_not_enough():
    rows = pd.DataFrame({"sampler": "ddim", "steps": [10, 20], "delta_e": 0.1, "detail": [0.9, 0.96]})
    assert step_counts.fewest(rows)["ddim"] == 20


def test_nothing_is_said_without_the_reference(monkeypatch):
    assert far(monkeypatch, samples("ddim", 10)).empty


def test_cells_that_were_run_are_held_against_the_reference(monkeypatch, checkpoint_root, tmp_path):
    monkeypatch.setattr(step_counts, "STEPS", (2, 3))
    monkeypatch.setattr(step_counts, "REFERENCE", ("ddpm", 4))
    monkeypatch.setattr(protocol, "SAMPLES", protocol.HELD_OUT)
    drawn = protocol.evaluation_set("drawn", size=16)
    for cell in step_counts.conditions("dim", drawn, tmp_path, checkpoint_root):
        cell.run()
    rows = step_counts.distances(tmp_path, checkpoint_root)
    assert set(rows["mode"]) == {"restore", "generate"}
    assert len(rows) == 2 * 2 * len(step_counts.SAMPLERS)
    assert (rows.low <= rows.delta_e).all()
    assert (rows.delta_e <= rows.high + 1e-9).all()
    restored = rows[rows["mode"] == "restore"]
    assert (restored.detail > 0).all()
    assert rows[rows["mode"] == "generate"].detail.isna().all()


def test_other_networks_are_not_asked(checkpoint_root):
    assert (
        list(
            step_counts.conditions("bright", protocol.evaluation_set("drawn", size=16), root=checkpoint_root)
        )
        == []
    )
