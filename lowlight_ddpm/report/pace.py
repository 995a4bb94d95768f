"""How few steps every sampler needs to end in the colours of DDPM's 250."""

from lowlight_ddpm.diffusion.samplers import SAMPLERS
from lowlight_ddpm.figures.inputs import Inputs
from lowlight_ddpm.report.markdown import table
from lowlight_ddpm.study import step_counts


def paces(inputs: Inputs, mode: str) -> str:
    """A line for every sampler, a column for every number of steps: distance, interval, fine structure."""
    rows = inputs.paces
    rows = rows[rows["mode"] == mode]
    enough = step_counts.fewest(rows)
    lines = []
    for name, row in SAMPLERS.items():
        told = {cell.steps: _told(cell) for cell in rows[rows.sampler == name].itertuples()}
        cells = (told.get(steps, "–") for steps in step_counts.STEPS)
        lines.append((row.title, *cells, str(enough[name] or f"over {max(step_counts.STEPS)}")))
    return table(("sampler", *(f"{steps} steps" for steps in step_counts.STEPS), "enough"), lines)


def _told(cell) -> str:
    said = f"{cell.delta_e:.2f} ({cell.low:.2f} to {cell.high:.2f})"
    return f"{said}, {cell.detail:.2f}" if cell.mode == "restore" else said
