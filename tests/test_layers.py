"""The house's floors: a module imports from floors below its own, and the core knows nothing of the page."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "lowlight_ddpm"

# From the ground up; a package counts as one module. On a floor, later names may use earlier ones.
FLOORS = (
    ("errors", "variants", "versions", "threads", "network", "optimizer", "processes", "worklist"),
    (
        "frame",
        "photometry",
        "camera",
        "light",
        "schedule",
        "leak",
        "samplers",
        "cures",
        "settings",
        "tiling",
        "curves",
        "colour",
        "onset",
        "error_map",
        "histograms",
        "detail",
        "words",
        "classical",
    ),
    ("images", "hub", "checkpoints", "backends"),
    ("response",),
    ("walk", "card", "training", "training_state", "sampling", "held_out"),
    (
        "history",
        "memorisation",
        "loss_curves",
        "judgement",
        "outputs",
        "run",
        "api",
        "causes",
        "explain",
        "probe",
        "reasons",
        "evaluation",
        "gain",
        "milestones",
        "recording",
        "dark",
        "results",
        "statistics",
        "pace",
        "comparison",
        "sweep",
        "claims",
        "findings",
        "baselines",
    ),
    ("figures", "report", "cards", "publish"),
    ("ui", "cli", "__main__"),
)
RANK = {name: rank for rank, name in enumerate(name for floor in FLOORS for name in floor)}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def name_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path):
    """Every module that a file imports, wherever in it, as dotted names."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own(dotted):
    """The part of this package that a dotted name lies in, if it lies in one."""
    parts = dotted.split(".")
    return parts[1] if parts[0] == "lowlight_ddpm" and len(parts) > 1 and parts[1] != "__version__" else None


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_only_go_down(path):
    name = name_of(path)
    assert name in RANK, f"give {name} a floor in tests/test_layers.py and in DESIGN"
    used = {own(dotted) for dotted in imports(path)} - {None, name}
    assert {other for other in used if RANK[other] > RANK[name]} == set()


@pytest.mark.parametrize(
    "path",
    [path for path in MODULES if name_of(path) != "ui"],
    ids=lambda path: str(path.relative_to(PACKAGE)),
)
def test_the_core_never_imports_gradio(path):
    assert not {dotted for dotted in imports(path) if dotted.split(".")[0].startswith("gradio")}
