"""README.md as a Hugging Face Space reads it."""

import re
import tomllib

import gradio
from huggingface_hub import RepoCard
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from lowlight_ddpm.images.sources import POST_DATASET
from lowlight_ddpm.models import checkpoints, hub
from lowlight_ddpm.paths import REPOSITORY

CARD = RepoCard.load(REPOSITORY / "README.md", ignore_metadata_errors=False).data.to_dict()
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
# What the Hub knows of a Gradio Space (its "Spaces Configuration Reference"); it says nothing of a slip.
KNOWN = {
    "title", "emoji", "colorFrom", "colorTo", "sdk", "sdk_version", "python_version", "app_file", "license",
    "short_description", "startup_duration_timeout", "datasets", "models", "tags",
}  # fmt: skip


def requirements() -> dict[str, Requirement]:
    lines = (REPOSITORY / "requirements.txt").read_text().split()
    return {requirement.name: requirement for requirement in map(Requirement, lines)}


def test_nothing_is_missing_or_misspelt():
    assert CARD.keys() | {"models"} == KNOWN
    assert {CARD["colorFrom"], CARD["colorTo"]} <= COLOURS
    assert CARD["emoji"] == "🦋"
    assert CARD["license"] == "apache-2.0"
    assert "Apache License" in (REPOSITORY / "LICENSE").read_text()


def test_the_space_s_gradio_is_the_one_that_is_tested():
    assert gradio.__version__ == CARD["sdk_version"]
    assert str(requirements()["gradio"].specifier) == f"=={CARD['sdk_version']}"


def test_the_space_s_python_is_one_that_zero_gpu_offers_and_ours_allows():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert CARD["python_version"] == "3.12"  # a string: as a number, 3.10 would be 3.1
    assert CARD["python_version"] in SpecifierSet(project["requires-python"])


def test_the_space_starts_a_file_that_is_there_within_a_time_of_its_own():
    assert (REPOSITORY / CARD["app_file"]).is_file()
    assert CARD["sdk"] == "gradio"
    assert re.fullmatch(r"\d+m", CARD["startup_duration_timeout"])


def test_the_short_description_fits():
    assert 0 < len(CARD["short_description"]) <= 60


def test_the_data_set_is_the_one_that_the_page_offers_pictures_of():
    assert CARD["datasets"] == [POST_DATASET]


def test_models_are_named_once_they_are_published():
    """`publish` writes them into the Space's own README; here there are those that are noted, if any."""
    published = {place["repository"] for place in hub.published(checkpoints.ROOT).values()}
    assert set(CARD.get("models", ())) <= published


def test_requirements_allow_what_zero_gpu_offers():
    assert all(requirements()["torch"].specifier.contains(version) for version in ("2.8.0", "2.11.0"))
