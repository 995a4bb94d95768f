"""What the networks make of noised pictures that they have not seen."""

from lowlight_ddpm.figures.inputs import Inputs
from lowlight_ddpm.report.markdown import signed, table
from lowlight_ddpm.study.bootstrap import interval

_AXES = "rgb"


def restorations(inputs: Inputs, start: int, source: str | None = None) -> str:
    """Signed shifts, their size at full brightness, likeness and fine structure, from timestep `start`."""
    rows = inputs.restored(source=source or inputs.photographs, start=start)
    lines = []
    for name, group in rows.groupby("variant", sort=False):
        shifts = (signed(interval(group, f"shift_{axis}")) for axis in _AXES)
        tint, ssim, detail = (group[column].mean() for column in ("tint", "ssim", "detail"))
        lines.append((name, *shifts, f"{tint:.2f}", f"{ssim:.3f}", f"{detail:.2f}"))
    heads = ("variant", "ΔR", "ΔG", "ΔB", "size / brightness", "SSIM", "fine structure over the original's")
    return table(heads, lines)
