"""The model card: what sets a variant apart, and what was measured, for readers and for the Hub."""

import pytest
from huggingface_hub import EvalResult, ModelCard

from lowlight_ddpm.figures import Inputs
from lowlight_ddpm.images.sources import OURS
from lowlight_ddpm.models.model_card import model_card
from lowlight_ddpm.report import publish
from lowlight_ddpm.variants import VARIANTS, Variant

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
    assert "It has learned from fruit, at" in card.text
    assert "photographs" not in card.text
    photographs = ModelCard(model_card(VARIANTS["dim"], RECORD))
    assert photographs.data.license_name == "learning-and-research-only"
    assert "photographs, whose licences allow learning and research only" in photographs.text


def test_the_study_s_own_images_are_known_by_their_digest_and_credited():
    data = {
        "pictures": 1000,
        "source": "any name",
        "drawn": 150,
        "kind": "image folder",
        "licence": "CC0-1.0",
    }
    digest = "83af3d6a01d93c64e9c441a0b68c1e091fbe990b1691c6a0ca5da60617fa7ec1"
    card = ModelCard(model_card(VARIANTS["dim"], RECORD | {"data": data | {"sha256": digest}}))
    assert card.data.license == "apache-2.0"
    assert "850 specimens of *Heliconius* of the Natural History Museum, London" in card.text
    assert "doi:10.5061/dryad.2hp1978" in card.text
    assert "150 synthetic butterflies" in card.text
    assert "| licence | CC0-1.0 |" in card.text
    another = model_card(VARIANTS["dim"], RECORD | {"data": data | {"sha256": "0" * 64}})
    assert "Heliconius" not in another


def test_what_is_learned_from_free_photographs_is_free():
    data = RECORD["data"] | {"kind": "image folder", "licence": "CC0-1.0", "sha256": "0"}
    card = ModelCard(model_card(VARIANTS["dim"], RECORD | {"data": data}))
    assert card.data.license == "cc0-1.0"
    assert card.data.license_name is None
    assert "research" not in card.text
    assert "| licence | CC0-1.0 |" in card.text


MINE = Variant("mine", description="What I want to know.")
CATS = {"kind": "image folder", "pictures": 24, "source": "cats", "drawn": 0, "sha256": "0", "subject": ""}


def test_somebody_s_card_says_what_is_in_the_record_and_nothing_of_this_project_s_data():
    card = ModelCard(model_card(MINE, RECORD | {"data": CATS}))
    assert "| 24 of “cats” at 64 px; 16 held out |" in card.text
    assert "What I want to know." in card.text
    assert "| licence | not stated |" in card.text
    assert card.data.license == "unknown"
    assert "It has learned from the images above, at 64 pixels" in card.text
    assert card.data.tags == ["ddpm", "low-light"]
    for word in ("butterfl", "white", "research", "thousand"):
        assert word not in str(card)


def test_a_subject_that_was_given_is_the_card_s():
    card = ModelCard(model_card(MINE, RECORD | {"data": CATS | {"subject": "cats"}}))
    assert "It has learned from cats, at" in card.text
    assert "cats" in card.data.tags


@pytest.mark.parametrize("row", ["dim", "fruit-dim"])
def test_a_row_of_the_study_claims_nothing_of_other_images(row):
    card = str(ModelCard(model_card(VARIANTS[row], RECORD | {"data": CATS})))
    assert "butterfl" not in card
    assert "fruit" not in card.replace(row, "").replace(VARIANTS[row].title, "")


@pytest.mark.parametrize(
    ("given", "metadata"),
    [
        ("CC-BY-4.0", ("cc-by-4.0", None)),
        ("CC BY 4.0", ("cc-by-4.0", None)),
        ("ask my museum", ("other", "ask-my-museum")),
    ],
)
def test_a_licence_is_the_card_s_as_it_was_given(given, metadata):
    card = ModelCard(model_card(MINE, RECORD | {"data": CATS | {"licence": given}}))
    assert (card.data.license, card.data.license_name) == metadata
    assert f"| licence | {given} |" in card.text


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


@pytest.mark.parametrize(("brightness", "tagged"), [(1.0, False), (0.5, True)])
def test_a_network_of_bright_images_is_not_called_one_of_low_light(brightness, tagged):
    card = ModelCard(model_card(Variant("mine", brightness=brightness), RECORD | {"data": CATS}))
    assert ("low-light" in card.data.tags) is tagged


def test_a_card_claims_no_result_and_says_how_dark_its_images_were_made():
    card = str(model_card(Variant("mine", brightness=0.5), RECORD | {"data": CATS}))
    assert "generates" not in card
    assert "their pixel values were multiplied by 0.5" in card
    assert "\n\n\n" not in card
    assert "multiplied" not in model_card(Variant("mine", brightness=1.0), RECORD | {"data": CATS})


def test_betas_that_a_schedule_does_not_look_at_are_not_told():
    row = Variant("mine", beta_schedule="squaredcos_cap_v2")
    assert "| betas | squaredcos_cap_v2, T = 1000 |" in model_card(row, RECORD | {"data": CATS})


def test_an_evaluation_under_way_says_what_it_lacks():
    figure = EvalResult("image", "cats", "held-out", "ssim", 0.69, metric_name="SSIM")
    card = model_card(MINE, RECORD | {"data": CATS}, [figure], lacks=("the border",))
    assert "The evaluation is not complete, it lacks: the border." in card
