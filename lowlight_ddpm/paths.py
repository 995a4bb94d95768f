"""Every folder that the package reads or writes by itself; variables of the environment move some of them."""

from pathlib import Path

from lowlight_ddpm import environment

_BESIDE = Path(__file__).parent.parent
# The checkout. An installed package has none: what it would keep there belongs to whoever runs it, and an
# upgrade would delete it from the folder of installed packages.
REPOSITORY = _BESIDE if (_BESIDE / "pyproject.toml").is_file() else Path.cwd()
DOCS = REPOSITORY / "docs"
FIGURES = DOCS / "figures"
BENCHMARKS = REPOSITORY / "benchmarks"
STATIC = Path(__file__).parent / "ui" / "static"  # styles, scripts and templates of the page


def _chosen(variable: str, name: str) -> Path:
    """The folder that a variable names, else `name` in the working directory, else the checkout's."""
    given, here = environment.value(variable), Path.cwd() / name
    return given or (here if here.is_dir() else REPOSITORY / name)


CHECKPOINTS = _chosen("LOWLIGHT_CHECKPOINTS", "checkpoints")
RESULTS = environment.value("LOWLIGHT_RESULTS") or REPOSITORY / "results"
CACHE = environment.value("LOWLIGHT_CACHE") or environment.home("~/.cache/lowlight_ddpm")
STATES = Path("runs")  # of trainings, in the working directory: the same command goes on from there
