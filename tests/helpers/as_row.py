"""A checkpoint as another row would have it, for what a row alone decides."""

from dataclasses import replace
from typing import Any

from lowlight_ddpm.diffusion.schedule import trained_scheduler
from lowlight_ddpm.models.checkpoints import Checkpoint
from lowlight_ddpm.variants import Variant


def as_row(checkpoint: Checkpoint, row: Variant, **changes: Any) -> Checkpoint:
    """The checkpoint with the row and its scheduler, and whatever else is changed."""
    return replace(checkpoint, **{"variant": row, "scheduler": trained_scheduler(row)} | changes)
