"""Every folder that the package reads or writes by itself, and the environment variables that move them."""

import os
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent  # the checkout; of an installed package the folder that it lies in
DOCS = REPOSITORY / "docs"
FIGURES = DOCS / "figures"
BENCHMARKS = REPOSITORY / "benchmarks"
STATIC = Path(__file__).parent / "ui" / "static"  # styles, scripts and templates of the page


def _chosen(variable: str, name: str) -> Path:
    """The folder that a variable names, else `name` in the working directory, else the checkout's."""
    given, here = os.environ.get(variable), Path.cwd() / name
    return Path(given) if given else here if here.is_dir() else REPOSITORY / name


CHECKPOINTS = _chosen("LOWLIGHT_CHECKPOINTS", "checkpoints")
RESULTS = Path(os.environ.get("LOWLIGHT_RESULTS") or REPOSITORY / "results")
CACHE = Path(os.environ.get("LOWLIGHT_CACHE") or Path.home() / ".cache" / "lowlight_ddpm")
STATES = Path("runs")  # of trainings, in the working directory: the same command goes on from there
