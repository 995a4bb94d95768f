"""The model card: what sets a variant apart, and what was measured, for readers and for the Hub."""

import pytest
from huggingface_hub import EvalResult, ModelCard

from lowlight_ddpm.figures import Inputs
from lowlight_ddpm.images.sources import OURS
from lowlight_ddpm.models.model_card import model_card
from lowlight_ddpm.report import publish
from lowlight_ddpm.variants import VARIANTS

RECORD = {
    "command": "python -m lowlight_ddpm train NAME",
    "precision": "bf16",
    "recipe": {"batch_size": 16},
    "data": {"pictures": 20, "source": "butterflies", "drawn": 4},
    "epochs": 3,
    "steps": 9,
    "channel_mean": [-0.1, -0.2, -0.3],
}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("dim", "seed 0, bf16 |"),
        ("dim-deep-zsnr", "zero terminal SNR"),
        ("dim-v", "| the network predicts | v_prediction |"),
        ("dim-deep-x0", "| the network predicts | sample: x0, the image itself |"),
        ("dim-deep-centred", "add (-0.1000, -0.2000, -0.3000) to the R, G, B"),
        ("dim-deep-renorm", "by 0.5"),
        ("dim-deep-offset", "| offset noise | 0.1 |"),
    ],
)
def test_it_says_what_sets_its_variant_apart(name, words):
    assert words in model_card(VARIANTS[name], RECORD)


def test_what_our_own_code_draws_is_nobody_else_s_to_license():
    ours = RECORD | {
        "data": {"pictures": 9, "source": "drawn fruit", "drawn": 0, "kind": OURS, "sha256": "0"}
    }
    card = ModelCard(model_card(VARIANTS["fruit-dim"], ours))
    assert card.data.license == "apache-2.0"
    assert "fruit" in card.data.tags
    assert "| 9 of “drawn fruit” at 64 px; 16 held out |" in card.text
    assert "It generates fruit on white, at" in card.text
    assert "photographs" not in card.text
    photographs = ModelCard(model_card(VARIANTS["dim"], RECORD))
    assert photographs.data.license_name == "learning-and-research-only"
    assert "photographs, whose licences allow learning and research only" in photographs.text


def test_what_is_learned_from_free_photographs_is_free():
    data = RECORD["data"] | {"kind": "image folder", "licence": "CC0-1.0", "sha256": "0"}
    card = ModelCard(model_card(VARIANTS["dim"], RECORD | {"data": data}))
    assert card.data.license == "apache-2.0"
    assert card.data.license_name is None
    assert "research" not in card.text
    assert "| licence | CC0-1.0 |" in card.text


def test_figures_stand_in_the_text_and_in_the_hub_s_metadata():
    figure = EvalResult("image", "butterflies", "held-out", "ssim", 0.69, metric_name="SSIM")
    card = ModelCard(model_card(VARIANTS["dim"], RECORD, [figure], "samples.png"))
    assert card.data.eval_results[0].metric_value == 0.69
    assert "| SSIM | 0.69 |" in card.text
    assert "](samples.png)" in card.text


def test_a_card_without_figures_has_no_empty_part():
    card = ModelCard(model_card(VARIANTS["dim"], RECORD))
    assert "Measured" not in card.text
    assert card.data.eval_results is None


@pytest.mark.parametrize("name", Inputs().trained)
def test_the_committed_cards_say_what_the_results_say(name):
    inputs = Inputs()
    assert (inputs.root / name / "README.md").read_text() == publish.card_of(name, inputs), (
        f"run `python -m lowlight_ddpm cards {name}`"
    )
    assert (inputs.root / name / publish.PICTURE).exists()
