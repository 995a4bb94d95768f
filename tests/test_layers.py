"""The house's floors: a room imports from rooms below its own, never from one beside it."""

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "lowlight_ddpm"

# From the ground up. A folder is a room, and so is a file that lies in none.
FLOORS = (
    {"errors"},
    {"environment"},
    {"images", "paths", "variants"},
    {"metrics", "models", "photographs"},
    {"diffusion"},
    {"analysis", "diagnosis", "runs", "study", "training"},
    {"api", "figures"},
    {"report"},
    {"cli", "ui"},
    {"__main__"},
)
# The page's own, on the same terms.
UI_FLOORS = (
    {"messages"},
    {"worker"},
    {"session"},
    {"html"},
    {"components"},
    {"compare", "findings", "photographs", "play", "schedule", "why"},
    {"start"},
    {"api"},
    {"interface"},
    {"server"},
    {"__main__"},
)
ALL = sorted(PACKAGE.rglob("*.py"))
# The package's own front door offers what lies above it, when it is asked for (PEP 562).
MODULES = [path for path in ALL if path != PACKAGE / "__init__.py"]


def room_of(path, house):
    return path.relative_to(house).parts[0].removesuffix(".py")


def imports(path):
    """Every module that a file imports, wherever in it, as dotted names."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def rooms_used(path, house):
    """The other rooms of a house that a file imports from."""
    prefix = ".".join(house.relative_to(PACKAGE.parent).parts) + "."
    used = {
        dotted.removeprefix(prefix).split(".")[0] for dotted in imports(path) if dotted.startswith(prefix)
    }
    return used - {room_of(path, house), "__version__", "versions"}


def height(room, floors):
    return next(number for number, floor in enumerate(floors) if room in floor)


def names(path):
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("path", MODULES, ids=names)
def test_a_room_imports_from_lower_floors_alone(path):
    here = height(room_of(path, PACKAGE), FLOORS)
    assert {room for room in rooms_used(path, PACKAGE) if height(room, FLOORS) >= here} == set()


@pytest.mark.parametrize("path", sorted((PACKAGE / "ui").rglob("*.py")), ids=names)
def test_a_room_of_the_page_imports_from_lower_floors_alone(path):
    if path == PACKAGE / "ui" / "__init__.py":
        assert rooms_used(path, PACKAGE / "ui") == {"worker"}, "a shared GPU comes before torch"
        return
    here = height(room_of(path, PACKAGE / "ui"), UI_FLOORS)
    assert {room for room in rooms_used(path, PACKAGE / "ui") if height(room, UI_FLOORS) >= here} == set()


def test_every_room_has_one_floor():
    for house, floors in ((PACKAGE, FLOORS), (PACKAGE / "ui", UI_FLOORS)):
        found = {room_of(path, house) for path in house.rglob("*.py")} - {"__init__"}
        listed = [room for floor in floors for room in floor]
        assert sorted(listed) == sorted(found)


def test_the_table_in_contributing_md_has_the_same_floors():
    text = (PACKAGE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (.*) \|$", text, re.MULTILINE)
    told = {int(floor): set(re.findall(r"`(\w+)`", rooms)) for floor, rooms in rows}
    assert told == dict(enumerate(FLOORS, 1))


def test_the_house_stays_one_that_can_be_overlooked():
    arrows = {(room_of(path, PACKAGE), room) for path in MODULES for room in rooms_used(path, PACKAGE)}
    assert len({room for floor in FLOORS for room in floor}) <= 24
    assert len(FLOORS) <= 10
    assert len(arrows) <= 108


@pytest.mark.parametrize("path", ALL, ids=names)
def test_no_file_is_longer_than_a_reader_s_patience(path):
    assert len(path.read_text().splitlines()) <= 320


@pytest.mark.parametrize(("library", "room"), [("gradio", "ui"), ("typer", "cli")], ids=["gradio", "typer"])
def test_a_face_s_library_is_known_to_that_face_alone(library, room):
    users = {names(path) for path in ALL if any(dotted.split(".")[0] == library for dotted in imports(path))}
    assert users
    assert all(user.startswith(f"{room}/") for user in users)
