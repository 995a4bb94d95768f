"""Cards that tell what was measured: written again, with a picture, once a checkpoint is evaluated."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from huggingface_hub import EvalResult

from lowlight_ddpm.figures.inputs import Inputs, Missing
from lowlight_ddpm.images import open_source
from lowlight_ddpm.images.grids import picture_grid
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.models.model_card import model_card
from lowlight_ddpm.study.protocol import STEPS
from lowlight_ddpm.variants import Variant, find_variant

PICTURE = "samples.png"
_DATASET = "16 {} that it has not learned from, two noise seeds; 64 pictures from pure noise"

# (metric's type for the Hub, its name on the card, the digits that count)
_RESTORED = (
    ("ssim", "SSIM, restored from timestep {start}", "ssim", 3),
    ("colour-shift", "colour shift in 1/255 as at full brightness, restored from {start}", "tint", 2),
)
_STARTS = (300, 600)
_GROUND = ("ground-colour", "false colour of grounds in 1/255 as at full brightness, from pure noise")


def write_cards(names: list[str], inputs: Inputs) -> Iterator[Path]:
    """Write README.md and samples.png of every checkpoint in `names`, and yield each card's path."""
    for name in names:
        folder = inputs.root / name
        picture_grid(inputs.samples(name), gain=1 / find_variant(name).brightness).save(folder / PICTURE)
        card = folder / "README.md"
        card.write_text(card_of(name, inputs))
        yield card


def card_of(name: str, inputs: Inputs) -> str:
    """The card of a trained variant, with the figures that results/ has of it so far."""
    inputs.require(name)
    record = checkpoints.record(name, inputs.root)
    return model_card(find_variant(name), record, list(_measured(name, inputs)), PICTURE)


def _measured(name: str, inputs: Inputs) -> Iterator[EvalResult]:
    row = find_variant(name)
    source = open_source(row.source).label if row.source else inputs.photographs
    for start in _STARTS:
        rows = _rows(name, lambda start=start: inputs.restored(source=source, start=start))
        for kind, title, column, digits in _RESTORED if len(rows) else ():
            yield _result(row, f"{kind}-{start}", title.format(start=start), rows[column].mean(), digits)
    rows = _rows(name, lambda: inputs.sampled(steps=STEPS))
    if len(rows):
        yield _result(row, *_GROUND, rows.ground.mean(), 2)


def _rows(name: str, cell) -> pd.DataFrame:
    try:
        rows = cell()
    except Missing:
        return pd.DataFrame()
    return rows[rows.variant == name]


def _result(row: Variant, kind: str, title: str, value: float, digits: int) -> EvalResult:
    return EvalResult(
        task_type="unconditional-image-generation",
        dataset_type=row.subject,
        dataset_name=_DATASET.format("drawn pictures" if row.source else "photographs"),
        metric_type=kind,
        metric_name=title,
        metric_value=round(float(value), digits),
    )
