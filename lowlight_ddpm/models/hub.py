"""Checkpoints on the Hub: by name, at the revision that `publish` has recorded in hub.json."""

import json
from pathlib import Path

from huggingface_hub import HfApi, snapshot_download

from lowlight_ddpm.errors import Refusal

NOTE = "hub.json"  # in the folder of checkpoints: {"models": {NAME: {"repository": ID, "revision": COMMIT}}}
PATIENCE = 10  # seconds without an answer until the Hub counts as out of reach
# Weights are safetensors only: a pickle can run code.
_FILES = ("model_index.json", "training.json", "README.md", "*/*.json", "unet/*.safetensors")


def published(root: Path) -> dict[str, dict[str, str]]:
    """The variants that are on the Hub, with their repository and revision; empty without hub.json."""
    try:
        return json.loads((root / NOTE).read_text(encoding="utf-8"))["models"]
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError) as error:
        raise Refusal(f"The file {root / NOTE} is damaged: restore it, or publish again.") from error


def note(root: Path, name: str, repository: str, revision: str) -> None:
    """Record where a variant has been published."""
    models = published(root) | {name: {"repository": repository, "revision": revision}}
    (root / NOTE).write_text(json.dumps({"models": models}, indent=1) + "\n", encoding="utf-8")


def fetch(name: str, root: Path) -> Path | None:
    """The folder of a published variant, downloaded once; None where hub.json has none.

    Raises Refusal where the Hub is out of reach and nothing was downloaded before.
    """
    place = published(root).get(name)
    if place is None:
        return None
    return _download(place["repository"], place["revision"], f"The variant {name}")


def fetch_repository(repository: str) -> Path:
    """The folder of any repository of models, OWNER/NAME, downloaded once; refuses as `fetch` does."""
    return _download(repository, None, "A network")


def _download(repository: str, revision: str | None, what: str) -> Path:
    try:
        return Path(
            snapshot_download(
                repository,
                revision=revision,
                allow_patterns=list(_FILES),
                local_files_only=not _answers(repository, revision),
            )
        )
    except Exception as error:  # the Hub's client raises many kinds
        raise Refusal(
            f"{what} cannot be fetched: there is no folder “{repository}”, and the Hub has no such "
            "repository or does not answer; correct the path or the name, go online, or choose another "
            "variant."
        ) from error


def _answers(repository: str, revision: str | None) -> bool:
    """Whether the Hub has it and answers soon; a download would wait minutes for a silent Hub."""
    try:
        HfApi().model_info(repository, revision=revision, timeout=PATIENCE)
    except Exception:  # as many kinds as in `fetch`
        return False
    return True
