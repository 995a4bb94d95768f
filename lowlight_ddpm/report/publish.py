"""The Space and the checkpoints as repositories of the Hub: what goes there, and sending it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import CommitOperationAdd, HfApi, RepoCard

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.models import hub
from lowlight_ddpm.models.checkpoints import ROOT, available
from lowlight_ddpm.paths import HOUSE

OF_THE_SPACE = ("app.py", "requirements.txt", "README.md", "CHANGELOG.md", "LICENSE", "SECURITY.md")
FOLDERS = ("lowlight_ddpm", "checkpoints", "results", "docs")
_LEFT_OUT = {"__pycache__", ".pyc", ".pyi"}


@dataclass(frozen=True)
class Upload:
    """One repository: its id (OWNER/NAME), its kind ("space" or "model"), and path in it -> local file.

    `variant` is the one that a model repository holds; `models` are named in a Space's front matter.
    """

    repository: str
    kind: str
    files: dict[str, Path]
    variant: str | None = None
    models: tuple[str, ...] = ()

    def send(self, api: HfApi) -> str:
        """Make the repository if need be, and put all files there in one commit, whose id comes back.

        Raises Refusal where the Hub takes nothing.
        """
        sdk = {"space_sdk": "gradio"} if self.kind == "space" else {}
        added = [CommitOperationAdd(path, self._content(path)) for path in self.files]
        message = f"{len(added)} files of lowlight_ddpm"
        try:
            api.create_repo(self.repository, repo_type=self.kind, exist_ok=True, **sdk)
            made = api.create_commit(self.repository, added, repo_type=self.kind, commit_message=message)
        except Exception as error:  # the Hub's client raises many kinds
            raise Refusal(
                f"“{self.repository}” is not published, since the Hub refuses it or is out of reach: "
                "log in with `hf auth login` as one who may write there, then publish again."
            ) from error
        return made.oid

    def _content(self, path: str) -> str | bytes:
        if path == "README.md" and self.models:
            card = RepoCard.load(self.files[path])
            card.data.models = list(self.models)
            return str(card).encode()
        return str(self.files[path])


def uploads(space: str | None, owner: str | None, root: Path = ROOT, house: Path = HOUSE) -> list[Upload]:
    """What would go where: the models of `owner` first, since the Space names them.

    Raises Refusal where neither is named, no variant is trained, or `space` is no OWNER/NAME.
    """
    if not space and not owner:
        raise Refusal("There is nothing to publish: name a Space with --space, or an owner with --models.")
    models = []
    for name in available(root) if owner else ():
        folder = root / name
        if folder.is_dir():
            models.append(Upload(f"{owner}/lowlight-ddpm-{name}", "model", dict(_files(folder)), name))
    if owner and not models:
        raise Refusal(f"There is no checkpoint in {root} to publish: train a variant first.")
    if not space:
        return models
    if space.count("/") != 1:
        raise Refusal(f"“{space}” names no Space: write OWNER/NAME.")
    files = {name: house / name for name in OF_THE_SPACE}
    for folder in FOLDERS:
        files |= {f"{folder}/{path}": place for path, place in _files(house / folder)}
    named = {name: place["repository"] for name, place in hub.published(root).items()}
    named |= {model.variant: model.repository for model in models}
    return [*models, Upload(space, "space", files, models=tuple(sorted(named.values())))]


def publish(upload: Upload, api: HfApi, root: Path = ROOT) -> str:
    """Send it, and note where a variant can be had from now on; the commit's id comes back."""
    revision = upload.send(api)
    if upload.variant:
        hub.note(root, upload.variant, upload.repository, revision)
    return revision


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder)
        if path.is_file() and not _LEFT_OUT & {*parts.parts, path.suffix}:
            yield parts.as_posix(), path
