"""The mean correction's conditions: pairs from the same noise, on more images than the protocol's."""

import pytest

from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.study import mean_correction, protocol, results, store
from lowlight_ddpm.variants import VARIANTS


@pytest.fixture
def drawn():
    return protocol.evaluation_set("drawn:3", ["drawn_0000", "drawn_0002"], size=16)


@pytest.fixture
def conditions(drawn, tmp_path, checkpoint_root):
    return list(mean_correction.conditions("dim", [drawn], None, tmp_path, checkpoint_root))


def test_with_it_and_without_are_from_the_same_noise(conditions):
    how = ("mode", "start", "steps", "sampler", "mean_correction", "leak_start")
    seen = [tuple(getattr(c.settings, field) for field in how) for c in conditions]
    restored = [
        ("restore", start, steps, "ddpm", correction, False)
        for start, steps in ((50, 10), (300, 50), (600, 50))
        for correction in ("off", "wide")
    ]
    generated = [
        ("generate", 999, 50, "ddpm", "training", False),
        ("generate", 999, 20, "dpm++", "off", False),
        ("generate", 999, 20, "dpm++", "training", False),
        ("generate", 999, 20, "dpm++", "training", True),
    ]
    assert seen == generated + restored
    assert {c.settings.seed for c in conditions} == {0}
    assert len({(c.kind, c.key) for c in conditions}) == len(conditions)


def test_what_is_generated_is_the_protocol_s_and_restorations_are_not(conditions):
    assert [c.kind for c in conditions] == ["condition"] * 4 + [mean_correction.KIND] * 6


@pytest.mark.parametrize("name", ["dim", "dim-deep", "dim-v"])
def test_both_sides_have_the_variance_of_the_row(name):
    for how in mean_correction.GENERATED:
        settings = run_settings(variant=name, mode="generate", **how)
        assert settings.variance_type == VARIANTS[name].variance_type


def test_images_are_restored_once_and_never_mix_with_the_protocol_s(
    conditions, drawn, tmp_path, checkpoint_root
):
    condition = conditions[4]
    condition.run()
    assert [row["picture"] for row in condition.record["rows"]] == ["drawn_0000", "drawn_0002"]
    own = protocol.conditions("dim", [drawn], None, tmp_path, checkpoint_root)
    same = next(c for c in own if c.pictures and c.settings == condition.settings)
    assert not same.done
    assert results.table(tmp_path, checkpoint_root).empty
    rows = results.table(tmp_path, checkpoint_root, mean_correction.KIND)
    assert set(rows.mean_correction) == {"off"}
    assert list(store.records(tmp_path, mean_correction.KIND))


def test_as_many_images_as_a_record_sets_apart_up_to_sixty_four():
    held_out, reported = (
        [f"{kind}_{n}.png" for n in range(count)] for kind, count in (("a", 16), ("b", 184))
    )
    record = {"held_out": held_out, "names": {"reported": reported, "learned": ["c.png"]}}
    assert mean_correction.apart(record) == (*held_out, *reported[:48])
    assert mean_correction.apart({"held_out": held_out}) == tuple(held_out)
    source, names = mean_correction.synthetic()
    assert source == "drawn:64"
    assert (len(set(names)), names[63]) == (64, "drawn_0063")
