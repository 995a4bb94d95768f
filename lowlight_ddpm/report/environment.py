"""The variables of the environment that are read, as Markdown."""

from lowlight_ddpm.environment import VARIABLES
from lowlight_ddpm.figures import Inputs
from lowlight_ddpm.report.measurements import table


def variables(_: Inputs) -> str:
    """Every variable, what is taken where it is not set, and what it does."""
    lines = [(f"`{row.name}`", row.default, row.meaning) for row in VARIABLES.values()]
    return table(("name", "default", "effect"), lines)
