"""How much of the noise's own colour each network keeps, beside a perfect denoiser."""

from lowlight_ddpm.diffusion.transmission import LEVELS
from lowlight_ddpm.figures.inputs import Inputs
from lowlight_ddpm.report.markdown import table


def gains(inputs: Inputs, tint: str) -> str:
    """A line for every variant, a column for every √ᾱ: the part that is kept, and a perfect denoiser's."""
    rows = inputs.gains
    lines = []
    for name, group in rows[rows.tint == tint].groupby("variant", sort=False):
        told = {row.signal: f"{row.kept:.2f} / {row.perfect:.2f}" for row in group.itertuples()}
        lines.append((name, *(told.get(signal, "–") for signal in LEVELS)))
    return table(("variant", *(f"√ᾱ = {signal:g}" for signal in LEVELS)), lines)
