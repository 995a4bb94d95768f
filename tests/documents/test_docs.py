"""Every command of the documents is run here in a small world, or is known to be tried elsewhere."""

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from benchmarks.tiny import save_tiny
from lowlight_ddpm import cli
from lowlight_ddpm.images import draw
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.paths import REPOSITORY
from lowlight_ddpm.training import loop
from lowlight_ddpm.variants import VARIANTS
from tests.helpers.doc_commands import (
    CLI,
    DOCUMENTS,
    ELSEWHERE,
    OF_OTHERS,
    SERVED,
    commands,
    elsewhere,
    examples,
    phrases,
)

APP = typer.main.get_command(cli.app)
HOWTO = REPOSITORY / "docs" / "howto.md"
each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    return save_tiny(tmp_path_factory.mktemp("networks"), VARIANTS, channels=(8, 16), side=16)


@pytest.fixture(scope="module")
def desk(tmp_path_factory, networks):
    """A folder with the pictures that the documents name, and networks that they open by their paths."""
    folder = tmp_path_factory.mktemp("desk")
    for place in ("MY_MODEL", "checkpoints/dim"):
        shutil.copytree(networks / "dim", folder / place)
    (folder / "TRAINING_IMAGES").mkdir()
    for number in range(8):
        draw(number, 96).save(folder / "TRAINING_IMAGES" / f"{number}.png")
    for name in ("PHOTO.jpg", "photo.jpg", "original.png", "result.png", "shifted.png"):
        draw(3, 96).save(folder / name)
    return folder


@pytest.fixture
def small(monkeypatch, desk, networks, table):
    """The desk, and networks that answer at once."""
    load = checkpoints.load
    monkeypatch.setattr(checkpoints, "load", lambda name: load(name, networks))
    monkeypatch.setattr(checkpoints, "ROOT", desk / "checkpoints")
    build = loop.build_unet
    monkeypatch.setattr(loop, "build_unet", lambda _, channels, *rest: build(1, (8, 8, 8, 8), *rest))
    (rows,) = examples(HOWTO, "toml")
    (desk / "mine.toml").write_text(rows)
    monkeypatch.chdir(desk)


def quick(words: list[str]) -> list[str]:
    """The same command with few steps, one epoch, and pictures that are here."""
    command = APP.commands[words[0]]
    if any(parameter.name == "steps" for parameter in command.params):
        words = [*words, "--steps", "2"]
    if "--epochs" in {option for parameter in command.params for option in parameter.opts}:
        words = [*words, "--epochs", "1"]
    return [re.sub(r"^(hub:.*|drawn:\d+|SOURCE)$", "drawn:32", word).replace("NAME", "dim") for word in words]


def run(words: list[str], monkeypatch) -> int:
    monkeypatch.setattr(sys, "argv", ["lowlight_ddpm", *words])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    return stop.value.code or 0


@pytest.fixture(scope="module")
def done():
    """The commands that an earlier document has had run."""
    return []


@each_document
def test_every_command_is_run_here_or_known_to_be_tried_elsewhere(document, small, done, monkeypatch, capsys):
    for command in commands(document):
        if elsewhere(command):
            continue
        assert command.startswith(CLI), (
            f"{document.name} has a new command: give “{command}” a line in ELSEWHERE"
        )
        words = quick(shlex.split(command.removeprefix(CLI)))
        if words not in done:
            assert run(words, monkeypatch) == 0, f"{command}\n{capsys.readouterr().err}"
            done.append(words)


@each_document
def test_every_command_of_ours_can_be_parsed(document, small):
    for command in commands(document):
        _, ours, words = command.partition(f"-m {CLI.split()[-1]} ")
        if ours:
            name, *arguments = shlex.split(words)
            APP.commands[name].make_context(name, arguments)  # ends the test with what is wrong


@each_document
def test_every_option_that_is_spoken_of_is_there(document):
    options = {
        name: {
            option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)
        }
        for name, command in {"": APP, **APP.commands}.items()
    }
    everywhere = OF_OTHERS.union(*options.values()) | {
        word for document in DOCUMENTS for command in commands(document) for word in command.split()
    }
    for phrase in phrases(document):
        first, *words = phrase.split()
        known = options.get(first, everywhere)
        if first in options or first.startswith("--"):
            asked = {word for word in [first, *words] if word.startswith("--")}
            assert asked <= known, f"{document.name}: {phrase}"


def test_the_table_of_what_is_tried_elsewhere_is_true():
    used = {elsewhere(command) for document in DOCUMENTS for command in commands(document)}
    assert set(ELSEWHERE) - used == set(), "no document has these any more"
    for tried_by in [*(entry.tried_by for entry in ELSEWHERE.values()), *SERVED.values()]:
        file, _, test = tried_by.partition("::")
        assert f"def {test}" in (REPOSITORY / file).read_text() if test else (REPOSITORY / file).is_file(), (
            tried_by
        )


@pytest.mark.parametrize("target", sorted(name for name in ELSEWHERE if name.startswith("make ")))
def test_every_target_of_make_is_there_and_runs_files_that_are(target):
    recipe = subprocess.run(
        ["make", "--dry-run", target.split()[1]], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert recipe.returncode == 0, recipe.stderr
    for module in re.findall(r"python -m ((?:benchmarks|lowlight_ddpm)[\w.]*)", recipe.stdout):
        assert Path(REPOSITORY, *module.split(".")).with_suffix(".py").is_file() or module == "lowlight_ddpm"
    for file in re.findall(r"python ([\w/]+\.py)", recipe.stdout):
        assert (REPOSITORY / file).is_file()


def test_make_lets_python_keep_what_it_has_compiled():
    """Nothing is compiled as it is installed: without this every process would compile torch anew."""
    shown = subprocess.run(
        ["make", "--silent", "--eval=shown: ; @echo [$$PYTHONDONTWRITEBYTECODE]", "shown"],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout == "[]\n"


@pytest.mark.parametrize(
    "document",
    [path for path in DOCUMENTS if path.name not in SERVED and examples(path)],
    ids=lambda path: path.name,
)
def test_every_example_in_python_runs(document, small, capsys):
    names = {}
    for example in examples(document):
        if "gradio_client" not in example:  # tests/ui/test_api.py has the page that it needs
            exec(compile(re.sub(r"steps=\d+", "steps=2", example), document.name, "exec"), names)
    told = re.search(r"\d of (255|a tint)", capsys.readouterr().out)
    assert told, "a run or a measurement is told in words"


@each_document
def test_every_link_leads_to_a_file_that_is_there(document):
    for target in re.findall(r"(?:\]\(|src=\"|srcset=\")([^)\"#]+)", document.read_text()):
        if not target.startswith("http"):
            assert (document.parent / target).exists(), target


def test_every_document_is_linked_from_the_readme():
    readme = (REPOSITORY / "README.md").read_text()
    pages = [
        *REPOSITORY.glob("docs/*.md"),
        *REPOSITORY.glob("docs/*.ipynb"),
        *(REPOSITORY / name for name in ("CONTRIBUTING.md",)),
    ]
    assert [page.name for page in pages if f"({page.relative_to(REPOSITORY)})" not in readme] == []


@each_document
def test_every_name_that_links_to_a_file_stands_in_it(document):
    named = re.findall(r"\[`([\w.]+)`\]\(((?:[\w.]+/)*\w+\.py)\)", document.read_text(encoding="utf-8"))
    assert len(named) > 30 or document.name != "walk.md"
    for name, target in named:
        file = (document.parent / target).resolve()
        module = file.parent.name if file.name == "__init__.py" else file.stem
        if name != file.relative_to(REPOSITORY).as_posix():  # what names the file itself
            assert name.rpartition(f"{module}.")[2] in set(defined(file)), f"{name} in {target}"


def defined(file: Path):
    """Dotted names of the functions, classes, fields and constants that a file defines."""

    def below(node, prefix=""):
        for child in node.body:
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                yield prefix + child.name
                if isinstance(child, ast.ClassDef):
                    yield from below(child, f"{prefix}{child.name}.")
            targets = getattr(child, "targets", [getattr(child, "target", None)])
            yield from (prefix + target.id for target in targets if isinstance(target, ast.Name))

    return below(ast.parse(file.read_text(encoding="utf-8")))
