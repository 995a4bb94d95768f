"""How few steps are enough: sets against DDPM's many steps, on cells of known colours and on run ones."""

import numpy as np
import pandas as pd
import pytest
from skimage.color import deltaE_ciede2000

from lowlight_ddpm.study import protocol, results, step_counts

GREY = np.array([50.0, 0.0, 0.0])


def samples(sampler, steps, moved=(0, 0, 0), noise=0.0):
    """A cell of 40 samples about grey: where their colour is moved, and by how much each differs besides."""
    rng = np.random.default_rng(steps)
    lab = GREY + np.random.default_rng(0).normal(size=(40, 3)) + np.array(moved)
    lab += noise * rng.normal(size=(40, 3))
    cell = {"variant": "dim", "mode": "generate", "sampler": sampler, "steps": steps, "picture": None}
    return pd.DataFrame(lab, columns=["lab_l", "lab_a", "lab_b"]).assign(seed=range(40), **cell)


def restored(sampler, steps, detail, spread=0.01):
    """A cell of 32 restorations of one colour, with about so much of the original's detail each."""
    rng = np.random.default_rng(steps)
    cell = {"variant": "dim", "mode": "restore", "sampler": sampler, "steps": steps, "brightness": 0.5}
    drawn = detail * np.exp(spread * rng.normal(size=32))
    colours = pd.DataFrame(0.1 * rng.normal(size=(32, 3)), columns=["delta_l", "delta_a", "delta_b"])
    pairs = {"picture": [f"p{i // 2:02d}" for i in range(32)], "seed": [i % 2 for i in range(32)]}
    return colours.assign(detail=drawn, detail_error=np.abs(np.log(drawn)), **pairs, **cell)


def far(monkeypatch, *cells):
    monkeypatch.setattr(results, "table", lambda *_: pd.concat(cells))
    return step_counts.distances()


def test_the_distance_is_that_of_the_mean_colours(monkeypatch):
    reference = samples("ddpm", 250)
    (row,) = far(monkeypatch, reference, samples("ddim", 10, moved=(2, 1, -3))).itertuples()
    centre = reference[["lab_l", "lab_a", "lab_b"]].mean().to_numpy()
    assert row.delta_e == pytest.approx(deltaE_ciede2000(centre, np.add(centre, (2, 1, -3))))
    assert row.p < 0.001


def test_rows_in_another_order_are_the_same_pairs(monkeypatch):
    cells = samples("ddpm", 250), samples("ddim", 10, moved=(0.3, 0, 0))
    mixed = cells[1].sample(frac=1, random_state=0)
    pd.testing.assert_frame_equal(far(monkeypatch, *cells), far(monkeypatch, cells[0], mixed))


def test_chance_comes_to_more_where_pairs_differ_more(monkeypatch):
    reference = samples("ddpm", 250)
    less, more = (far(monkeypatch, reference, samples("ddim", 10, noise=noise)) for noise in (0.5, 3))
    assert less.chance.item() < more.chance.item() / 3
    for found in (less, more):
        assert found.delta_e.item() < found.chance.item()
        assert found.p.item() > 0.05


def test_enough_is_where_no_difference_is_shown_any_more(monkeypatch):
    by_steps = {5: 0.0, 10: 0.8, 20: 0.0, 50: 0.0}  # ΔL* about grey, where ΔE is about as large
    cells = [samples("ddim", steps, (light, 0, 0), noise=0.5) for steps, light in by_steps.items()]
    other = samples("unipc", 50, moved=(3, 0, 0), noise=0.5)
    rows = far(monkeypatch, samples("ddpm", 250), *cells, other)
    assert step_counts.fewest(rows)["ddim"] == 20
    assert step_counts.fewest(rows)["unipc"] is None
    assert step_counts.decidable(rows)


def test_sets_too_small_to_show_what_an_eye_sees_say_nothing(monkeypatch):
    rows = far(monkeypatch, samples("ddpm", 250), samples("ddim", 50, noise=12))
    assert rows.p.item() > 0.05
    assert not step_counts.decidable(rows)
    assert step_counts.fewest(rows)["ddim"] is None


def test_what_lacks_detail_or_has_noise_instead_is_not_enough(monkeypatch):
    """The reference has 0.9 of the detail: half of it, and twice of it, are as far from none missing."""
    detail = {5: 0.5, 10: 2.0, 20: 0.9, 50: 0.98}
    cells = [restored("ddim", steps, share) for steps, share in detail.items()]
    rows = far(monkeypatch, restored("ddpm", 250, 0.9), *cells)
    assert step_counts.fewest(rows)["ddim"] == 20  # what has more of the original's is no worse
    assert (rows.set_index("steps").p < 0.05).to_dict() == {5: True, 10: True, 20: False, 50: False}


def test_coherence_counts_where_it_is_measured(monkeypatch):
    """Noise in place of detail, of the same energy."""
    reference, noisy = (
        restored("ddpm", 250, 0.9).assign(coherence=0.8),
        restored("ddim", 50, 0.9).assign(coherence=0.4),
    )
    assert far(monkeypatch, reference, noisy).p.item() < 0.05
    unknown = (cell.assign(coherence=np.nan) for cell in (reference, noisy))
    assert far(monkeypatch, *unknown).p.item() > 0.05


def test_many_counts_are_held_together_by_holm(monkeypatch):
    """Alone it would be shown to differ; among four counts it could be chance."""
    just = samples("ddim", 5, (0.3, 0, 0), noise=0.5)
    others = [samples("ddim", steps, noise=0.5) for steps in (10, 20, 50)]
    reference = samples("ddpm", 250)
    alone = far(monkeypatch, reference, just).p.item()
    together = far(monkeypatch, reference, just, *others).set_index("steps").p[5]
    assert alone < 0.05 < together == pytest.approx(4 * alone)


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
    assert rows.p.between(0, 1).all()
    assert (rows.chance > 0).all()
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
