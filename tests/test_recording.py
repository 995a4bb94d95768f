"""What a checkpoint says of its own making: the pictures it learned, its statistics, its card."""

import json

import pytest
import torch
from huggingface_hub import ModelCard
from PIL import Image

from lowlight_ddpm import checkpoints, recording
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import HELD_OUT, draw, square
from lowlight_ddpm.photometry import digest
from lowlight_ddpm.training import Recipe, Training
from lowlight_ddpm.variants import VARIANTS


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
    data = recording.TrainingSet("butterflies", pixels, ["a.png", "b.png"], {"kind": "image folder"})
    recipe = Recipe(channels=(8, 16), epochs=2, batch_size=6, warmup_steps=1, drawn=4)
    training = Training(VARIANTS["dim"], pixels, recipe)
    list(training)
    return training, data


def colours(pictures):
    return {int(picture[0, 0, 0]) for picture in pictures}


def test_held_out_pictures_are_not_learned_and_all_others_are(folder):
    data = recording.training_set(str(folder), size=16)
    assert data.pictures.shape == (34 - HELD_OUT, 3, 16, 16)
    assert len(data.held_out) == HELD_OUT
    held_out = {int(name.removesuffix(".png")[-2:]) for name in data.held_out}
    assert colours(data.pictures) == set(range(34)) - held_out


def test_drawn_pictures_are_added_and_none_of_them_is_shown_elsewhere(folder):
    data = recording.training_set(str(folder), drawn=2, size=16)
    assert len(data.pictures) == 34 - HELD_OUT + 2
    for number, picture in enumerate(data.pictures[-2:], recording.FIRST_DRAWN):
        assert torch.equal(picture, square(draw(number), 16))


def test_a_source_with_too_few_pictures_is_refused(tmp_path, one_sentence):
    Image.new("RGB", (16, 16)).save(tmp_path / "only.png")
    with pytest.raises(Refusal, match="at least 32") as refusal:
        recording.training_set(str(tmp_path))
    one_sentence(refusal)


@pytest.mark.parametrize("count", [1, 7, 100, 101, 1234])
def test_the_loss_curve_has_at_most_100_points_and_ends_at_the_last_step(count):
    losses = [float(number) for number in range(count)]
    curve = recording.loss_curve(losses)
    ends = [end for end, _ in curve]
    assert len(curve) == min(count, 100)
    assert ends == sorted(set(ends))
    assert ends[-1] == count
    weights = torch.tensor([0, *ends]).diff().double()
    means = torch.tensor([mean for _, mean in curve], dtype=torch.float64)
    assert (weights * means).sum().item() / count == pytest.approx((count - 1) / 2)


def test_a_run_without_steps_has_no_curve():
    assert recording.loss_curve([]) == []


@pytest.mark.parametrize("name", ["dim", "dim-raw"])
def test_an_exported_checkpoint_loads_with_its_record_and_card(trained, tmp_path, name):
    training, data = trained
    row = VARIANTS[name]
    recording.export(tmp_path / name, training, data, row, "python -m lowlight_ddpm train dim")
    loaded = checkpoints.load(name, tmp_path)

    record = loaded.record
    assert record == json.loads((tmp_path / name / checkpoints.RECORD).read_text())
    assert (record["steps"], record["epochs"], record["precision"]) == (2, 2, "no")
    assert record["held_out"] == ["a.png", "b.png"]
    known = {"source": "butterflies", "kind": "image folder", "sha256": digest(data.pictures)}
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
    assert f"| kind | image folder |\n| sha256 | `{digest(data.pictures)}` |" in card.text


def test_exporting_leaves_the_training_as_it_was(trained, tmp_path):
    training, data = trained
    before = {key: weight.clone() for key, weight in training.raw_unet.state_dict().items()}
    recording.export(tmp_path / "dim", training, data, VARIANTS["dim"], "")
    after = training.raw_unet.state_dict()
    assert all(
        torch.equal(after[key], weight) and after[key].dtype == weight.dtype for key, weight in before.items()
    )
