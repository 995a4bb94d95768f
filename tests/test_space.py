"""README.md as a Hugging Face Space reads it."""

from pathlib import Path

from huggingface_hub import RepoCard
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
CARD = RepoCard.load(ROOT / "README.md", ignore_metadata_errors=False).data.to_dict()


def requirements() -> dict[str, Requirement]:
    lines = (ROOT / "requirements.txt").read_text().split()
    return {requirement.name: requirement for requirement in map(Requirement, lines)}


def test_the_space_s_gradio_is_the_one_that_is_tested():
    assert requirements()["gradio"].specifier.contains(CARD["sdk_version"])


def test_the_space_starts_a_file_that_is_there():
    assert (ROOT / CARD["app_file"]).is_file()
    assert CARD["sdk"] == "gradio"


def test_the_short_description_fits():
    assert 0 < len(CARD["short_description"]) <= 60


def test_requirements_allow_what_zero_gpu_offers():
    assert all(requirements()["torch"].specifier.contains(version) for version in ("2.8.0", "2.11.0"))
