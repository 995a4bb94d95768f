"""What goes to the Hub: model cards with what was measured, and the files of the Space and the models."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from huggingface_hub import CommitOperationAdd, EvalResult, HfApi, RepoCard

from lowlight_ddpm.diffusion.schedule import trained_scheduler
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.figures import Inputs, Missing
from lowlight_ddpm.images.photometry import picture_grid
from lowlight_ddpm.images.sources import OURS
from lowlight_ddpm.images.writing import save_png
from lowlight_ddpm.models import checkpoints, hub
from lowlight_ddpm.models.checkpoints import ROOT
from lowlight_ddpm.models.model_card import are_photographs, model_card, subject_of
from lowlight_ddpm.paths import REPOSITORY
from lowlight_ddpm.study.protocol import STEPS
from lowlight_ddpm.study.store import NO_NETWORK
from lowlight_ddpm.variants import find_variant

PICTURE = "samples.png"
_DATASET = "16 {} that it has not learned from, two noise seeds; 64 images from pure noise"
# (metric's type for the Hub, its name on the card, the digits that count)
_RESTORED = (
    ("ssim", "SSIM, denoised from timestep {start}", "ssim", 3),
    (
        "colour-shift",
        "colour shift in 1/255 as at full brightness, denoised from {start}",
        "tint",
        2,
    ),
)
_STARTS = (300, 600)
# The border is the background where that is plain, as in the study.
_BACKGROUND = (
    "background-colour",
    "colour error of the border in 1/255 as at full brightness, from pure noise",
)


_TITLES = (
    *(title.format(start=start) for start in _STARTS for _, title, _, _ in _RESTORED),
    _BACKGROUND[1],
)


def write_cards(names: list[str], inputs: Inputs) -> Iterator[Path]:
    """Write README.md, samples.png and the scheduler of each checkpoint in `names`; yield its card's path."""
    for name in names:
        folder = inputs.root / name
        samples = picture_grid(inputs.samples(name), gain=1 / find_variant(name).brightness)
        save_png(samples, folder / PICTURE)
        card = folder / "README.md"
        card.write_text(card_of(name, inputs), encoding="utf-8")
        # Its snippet samples as the file says: networks from before "trailing" have another spacing there.
        trained_scheduler(find_variant(name)).save_pretrained(folder / "scheduler")
        yield card


def card_of(name: str, inputs: Inputs) -> str:
    """The card of a trained variant, with the figures that results/ has of it so far."""
    inputs.require(name)
    row, record = find_variant(name), checkpoints.record(name, inputs.root)
    ours = record["data"].get("kind") == OURS
    kind = "synthetic images" if ours else "photographs" if are_photographs(record["data"]) else "images"
    data = subject_of(row, record["data"]) or "images", _DATASET.format(kind)
    measured = list(_measured(name, record["data"]["source"], data, inputs))
    there = {result.metric_name for result in measured}
    lacks = tuple(title for title in _TITLES if title not in there)
    return model_card(row, record, measured, PICTURE, lacks)


def _measured(name: str, source: str, data: tuple[str, str], inputs: Inputs) -> Iterator[EvalResult]:
    """The metrics of a variant on images of `source`; `data` are that set's type and name for the Hub."""
    for start in _STARTS:
        rows = _rows_of(name, lambda start=start: inputs.restored(source=source, start=start))
        for kind, title, column, digits in _RESTORED if len(rows) else ():
            mean = rows.loc[:, column].mean()
            yield _result(data, f"{kind}-{start}", title.format(start=start), mean, digits)
    rows = _rows_of(name, lambda: inputs.sampled(steps=STEPS))
    if len(rows):
        yield _result(data, *_BACKGROUND, rows.ground.mean(), 2)


def _rows_of(name: str, select: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    try:
        rows = select()
    except Missing:
        return pd.DataFrame()
    return rows.loc[rows.variant == name, :]


def _result(data: tuple[str, str], kind: str, title: str, value: float, digits: int) -> EvalResult:
    return EvalResult(
        task_type="unconditional-image-generation",
        dataset_type=data[0],
        dataset_name=data[1],
        metric_type=kind,
        metric_name=title,
        metric_value=round(float(value), digits),
    )


OF_THE_SPACE = ("app.py", "requirements.txt", "README.md", "CHANGELOG.md", "LICENSE", "SECURITY.md")
FOLDERS = ("lowlight_ddpm", "results", "docs")
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
        sdk = "gradio" if self.kind == "space" else None
        added = [CommitOperationAdd(path, self._content(path)) for path in self.files]
        message = f"{len(added)} files of lowlight_ddpm"
        try:
            api.create_repo(self.repository, repo_type=self.kind, exist_ok=True, space_sdk=sdk)
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
            card.data["models"] = list(self.models)
            return str(card).encode()
        return str(self.files[path])


def uploads(
    names: Sequence[str],
    space: str | None,
    owner: str | None,
    root: Path = ROOT,
    house: Path = REPOSITORY,
) -> list[Upload]:
    """What would go where: the named models of `owner` first, since the Space names them.

    The Space gets the named checkpoints, and of results/ no other network's. Raises Refusal where neither
    Space nor owner is named, a variant has no checkpoint here, or `space` is no OWNER/NAME.
    """
    if not space and not owner:
        raise Refusal("There is nothing to publish: name a Space with --space, or an owner with --models.")
    for name in names:
        if not (root / find_variant(name).name).is_dir():
            raise Refusal(f"There is no checkpoint of {name} in {root} to publish: train it first.")
    models = [
        Upload(f"{owner}/lowlight-ddpm-{name}", "model", dict(_files(root / name)), name)
        for name in names
        if owner
    ]
    if not space:
        return models
    if space.count("/") != 1:
        raise Refusal(f"“{space}” names no Space: write OWNER/NAME.")
    if not (house / OF_THE_SPACE[0]).is_file():
        raise Refusal(
            "A Space is made of this project's files, which an installed package does not hold: run publish "
            "in a checkout of its repository, or publish the networks alone, with --models."
        )
    files = {name: house / name for name in OF_THE_SPACE}
    for folder in FOLDERS:
        files |= {f"{folder}/{path}": place for path, place in _files(house / folder)}
    shared = {"results/" + f"{name}.jsonl" for name in (*names, NO_NETWORK)}
    files = {path: place for path, place in files.items() if place.suffix != ".jsonl" or path in shared}
    for name in names:
        files |= {f"checkpoints/{name}/{path}": place for path, place in _files(root / name)}
    if (root / hub.NOTE).is_file():
        files[f"checkpoints/{hub.NOTE}"] = root / hub.NOTE
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
