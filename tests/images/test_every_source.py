"""Every source, from end to end: a network learns from it, is evaluated on it, and the page offers it."""

import datasets
import pytest
from huggingface_hub import ModelCard

from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.images import HELD_OUT, draw, gallery, open_source, sources
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.study import protocol, results
from lowlight_ddpm.training import records
from lowlight_ddpm.training.loop import Recipe, Training
from lowlight_ddpm.variants import VARIANTS

pytestmark = pytest.mark.slow

COUNT, SIDE = 34, 16
KINDS = {
    "folder": "image folder",
    "parquet": "parquet",
    "hub": "Hub",
    "drawn": "drawn by our own code",
    "fruit": "drawn by our own code",
}


@pytest.fixture(scope="module")
def pictures():
    return [draw(number, 32) for number in range(COUNT)]


def as_data_set(pictures):
    features = datasets.Features(image=datasets.Image())
    return datasets.Dataset.from_list([{"image": picture} for picture in pictures], features=features)


@pytest.fixture(params=KINDS)
def spec(request, pictures, tmp_path, monkeypatch):
    """The name of a source of each kind that holds COUNT pictures."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    if request.param == "folder":
        for number, picture in enumerate(pictures):
            picture.save(folder / f"{number:02d}.png")
        return str(folder)
    if request.param == "parquet":
        as_data_set(pictures).to_parquet(folder / "part.parquet")
        return str(folder)
    if request.param == "hub":
        monkeypatch.setattr(sources, "_hub_is_known", lambda: True)
        rows = as_data_set(pictures).to_iterable_dataset()
        monkeypatch.setattr(datasets, "load_dataset", lambda *_, **__: rows)
        return "hub:someone/butterflies"
    return f"{request.param}:{COUNT}"


def test_a_network_learns_one_epoch_is_evaluated_and_the_page_shows_the_unseen(spec, tmp_path, monkeypatch):
    root, folder = tmp_path / "checkpoints", tmp_path / "results"
    data = records.training_set(spec, size=SIDE)
    learned = data.images["learned"]
    assert learned.shape == (COUNT - HELD_OUT, 3, SIDE, SIDE)
    job = Training(VARIANTS["dim"], learned, Recipe(1, channels=(8, 16), warmup_steps=1, drawn=0))
    assert list(job)[-1].ends_epoch
    command = f"python -m lowlight_ddpm train dim --images {spec}"
    records.export(root / "dim", job, data, VARIANTS["dim"], command, tmp_path / "milestones")

    record = checkpoints.load("dim", root).record
    label = open_source(spec).label
    kind = next(kind for name, kind in KINDS.items() if record["data"]["kind"] == kind)
    assert record["data"]["source"] == label
    card = ModelCard.load(root / "dim" / "README.md")
    assert f"| kind | {kind} |" in card.text
    assert card.data.datasets == ([label] if kind == "Hub" else None)

    unseen = protocol.evaluation_set(spec, record["held_out"], SIDE)
    assert sorted(unseen.names) == record["held_out"]
    condition = protocol.Condition(
        run_settings(start=50, steps=1), protocol.network_id("dim", root), unseen, None, True, folder, root
    )
    condition.run()
    rows = results.table(folder, root)
    assert len(rows) == protocol.NOISE_SEEDS * HELD_OUT
    assert set(rows.source) == {label}
    assert condition.record["source"] == label

    monkeypatch.setenv("LOWLIGHT_IMAGES", spec)
    shown = gallery.gallery(tuple(record["held_out"]), patience=60)
    assert shown.label == f"Pictures from {label}."
    assert len(shown.names) == HELD_OUT
    if kind == "image folder":
        assert sorted(shown.names) == record["held_out"]
