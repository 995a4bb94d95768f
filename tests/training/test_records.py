"""What a checkpoint says of its own making: the pictures it learned, its statistics, its card."""

import itertools
import json

import pytest
import torch
from huggingface_hub import ModelCard
from PIL import Image

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import HELD_OUT, hold_out, square
from lowlight_ddpm.images.photometry import digest
from lowlight_ddpm.images.synthetic.butterflies import draw_hue
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.training import records
from lowlight_ddpm.training.loop import Recipe, Training
from lowlight_ddpm.variants import VARIANTS

STUDY_SET = "83af3d6a01d93c64e9c441a0b68c1e091fbe990b1691c6a0ca5da60617fa7ec1"


@pytest.fixture
def folder(tmp_path):
    """34 pictures of one colour each, of many shapes."""
    for number in range(34):
        Image.new("RGB", (16 + number, 40), (number, 0, 255)).save(tmp_path / f"picture_{number:02d}.png")
    return tmp_path


@pytest.fixture
def trained():
    """Two steps of a tiny training, and what it learned from."""
    pixels = torch.randint(256, (6, 3, 16, 16), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    names = {"held_out": ["a.png", "b.png"], "learned": [f"{number}.png" for number in range(6)]}
    data = records.TrainingSet("butterflies", {"kind": "image folder"}, names, {"learned": pixels})
    recipe = Recipe(channels=(8, 16), epochs=2, batch_size=6, warmup_steps=1, drawn=4)
    training = Training(VARIANTS["dim"], pixels, recipe)
    list(training)
    return training, data


def reds(pictures):
    return [int(picture[0, 0, 0]) for picture in pictures]


def test_held_out_pictures_are_not_learned_and_all_others_are(folder):
    data = records.training_set(str(folder), size=16)
    assert data.images["learned"].shape == (34 - HELD_OUT, 3, 16, 16)
    assert len(data.names["held_out"]) == HELD_OUT
    for part, images in data.images.items():
        assert [f"picture_{red:02d}.png" for red in reds(images)] == data.names[part]
    assert set(reds(data.images["learned"])) == set(range(34)) - set(reds(data.images["held_out"]))


def test_a_small_source_is_measured_on_the_pictures_held_out(folder):
    data = records.training_set(str(folder), size=16)
    assert data.names.keys() == {"held_out", "learned"}
    for part in ("tuning", "reported"):
        assert torch.equal(data.measured(part), data.images["held_out"])


def test_a_large_source_is_split_by_name_once_and_for_all():
    names = [f"specimen_{number:04d}" for number in range(1234)]
    parts = records.split(names)
    assert {part: len(of) for part, of in parts.items()} == {
        "held_out": 16,
        "tuning": 184,
        "reported": 184,
        "learned": 850,
    }
    assert sorted(itertools.chain(*parts.values())) == names
    assert all(of == sorted(of) for of in parts.values())
    assert records.split(names[::-1]) == parts
    assert parts["held_out"] == hold_out(names)
    assert len(records.split(names[:1233])["learned"]) == 1233 - 16
    assert len(records.split([*names, "one more"])["learned"]) == 851


@pytest.mark.parametrize(
    "name", ["dim", "dim-raw", "dim-large", "bright", "dim-groups1", "bright-groups1", "dim-deep-zsnr"]
)
def test_a_network_that_was_trained_is_tested_on_what_it_has_not_seen(name):
    """Its record has the names; were the seed or the rule another, it would be tested on its training set."""
    record = json.loads((checkpoints.ROOT / "next" / name / checkpoints.RECORD).read_text())
    trained = [image for image in record["names"]["learned"] if not image.startswith("hues_")]
    assert len(trained) == 850
    # The row of the study itself brings the rest, so that the recorded command makes the same set again.
    added = [f"hues_{number}" for number in range(records.FIRST_DRAWN, records.FIRST_DRAWN + 150)]
    assert record["names"]["learned"] == trained + added
    assert record["data"]["drawn"] == VARIANTS[name].synthetic == 150
    assert record["data"]["sha256"] == STUDY_SET
    parts = {"held_out": record["held_out"]} | record["names"] | {"learned": trained}
    assert records.split(list(itertools.chain(*parts.values()))) == parts


def test_a_licence_is_recorded_unless_the_source_has_one(folder):
    given = records.training_set(str(folder), size=16, licence="CC0-1.0")
    assert given.card == {"kind": "image folder", "licence": "CC0-1.0", "subject": ""}
    assert records.training_set(str(folder), size=16, subject="moths").card["subject"] == "moths"
    assert "licence" not in records.training_set(str(folder), size=16).card


def test_drawn_pictures_are_added_and_none_of_them_is_shown_elsewhere(folder):
    data = records.training_set(str(folder), drawn=2, size=16)
    assert len(data.images["learned"]) == 34 - HELD_OUT + 2
    assert data.names["learned"][-2:] == ["hues_10000", "hues_10001"]
    for number, picture in enumerate(data.images["learned"][-2:], records.FIRST_DRAWN):
        assert torch.equal(picture, square(draw_hue(number), 16))


def test_a_source_with_too_few_pictures_is_refused(tmp_path, one_sentence):
    Image.new("RGB", (16, 16)).save(tmp_path / "only.png")
    with pytest.raises(Refusal, match="at least 32") as refusal:
        records.training_set(str(tmp_path))
    one_sentence(refusal)


@pytest.mark.parametrize("count", [1, 7, 100, 101, 1234])
def test_the_loss_curve_has_at_most_100_points_and_ends_at_the_last_step(count):
    losses = [float(number) for number in range(count)]
    curve = records.loss_curve(losses)
    ends = [end for end, _ in curve]
    assert len(curve) == min(count, 100)
    assert ends == sorted(set(ends))
    assert ends[-1] == count
    weights = torch.tensor([0, *ends]).diff().double()
    means = torch.tensor([mean for _, mean in curve], dtype=torch.float64)
    assert (weights * means).sum().item() / count == pytest.approx((count - 1) / 2)


def test_a_run_without_steps_has_no_curve():
    assert records.loss_curve([]) == []


@pytest.mark.parametrize("name", ["dim", "dim-raw"])
def test_an_exported_checkpoint_loads_with_its_record_and_card(trained, tmp_path, name):
    training, data = trained
    row = VARIANTS[name]
    records.export(
        tmp_path / name, training, data, row, "python -m lowlight_ddpm train dim", tmp_path / "milestones"
    )
    loaded = checkpoints.load(name, tmp_path)

    record = loaded.record
    assert record == json.loads((tmp_path / name / checkpoints.RECORD).read_text())
    assert (record["steps"], record["epochs"], record["precision"]) == (2, 2, "fp32")
    assert record["tf32"] is False
    assert record["held_out"] == ["a.png", "b.png"]
    assert record["names"] == {"learned": [f"{number}.png" for number in range(6)]}
    assert record["milestones"] == []
    known = {"source": "butterflies", "kind": "image folder", "sha256": digest(data.images["learned"])}
    assert record["data"] == known | {"pictures": 6, "drawn": 4}
    assert record["recipe"]["channels"] == [8, 16]
    assert len(record["channel_mean"]) == 3
    assert [round(loss, 6) for loss in training.place.losses] == [loss for _, loss in record["loss_curve"]]

    expected = training.copy_unet(row.averaged).state_dict()
    assert all(
        torch.equal(weight, expected[key].half().float()) for key, weight in loaded.unet.state_dict().items()
    )
    card = ModelCard.load(tmp_path / name / "README.md")
    assert card.data.library_name == "diffusers"
    assert row.title in card.text
    assert "python -m lowlight_ddpm train dim" in card.text
    known = f"| licence | not stated |\n| sha256 | `{digest(data.images['learned'])}` |"
    assert f"| kind | image folder |\n{known}" in card.text


def test_exporting_leaves_the_training_as_it_was(trained, tmp_path):
    training, data = trained
    before = {key: weight.clone() for key, weight in training.raw_unet.state_dict().items()}
    records.export(tmp_path / "dim", training, data, VARIANTS["dim"], "", tmp_path / "milestones")
    after = training.raw_unet.state_dict()
    assert all(
        torch.equal(after[key], weight) and after[key].dtype == weight.dtype for key, weight in before.items()
    )
