"""Terminals, pipes and locales of any encoding: text files are UTF-8, and what cannot be printed is a “?”."""

import ast
import os
import subprocess
import sys

import pytest
from PIL import Image

from lowlight_ddpm.paths import REPOSITORY

OURS = [
    REPOSITORY / "app.py",
    *(
        path
        for folder in ("lowlight_ddpm", "benchmarks", "tools")
        for path in (REPOSITORY / folder).rglob("*.py")
    ),
]
_PATHS = {"read_text", "write_text"}
_NOT_FILES = {"Image", "archive", "fsspec", "webbrowser"}  # whose open is no text file's


def without_encoding(path):
    """Lines of a module that read or write text, or a process's output, by the locale's encoding."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        options = {keyword.arg: keyword.value for keyword in node.keywords}
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        of = ast.unparse(node.func.value).split("(")[0] if isinstance(node.func, ast.Attribute) else ""
        mode = options.get("mode") or next((one for one in node.args[of == "" :] if _is_mode(one)), None)
        binary = isinstance(mode, ast.Constant) and "b" in str(mode.value)
        text = name in _PATHS or (
            name in ("open", "fdopen") and not binary and of.lstrip("_") not in _NOT_FILES
        )
        text |= ("text" in options and name != "TextContent") or "universal_newlines" in options
        text |= name.endswith("TemporaryFile") and mode is not None and not binary
        if text and "encoding" not in options:
            yield f"{path.name}:{node.lineno}: {ast.unparse(node)}"


def _is_mode(node):
    return (
        isinstance(node, ast.Constant) and isinstance(node.value, str) and set(node.value) <= set("rwaxbt+")
    )


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_every_text_is_opened_as_utf8(path):
    assert list(without_encoding(path)) == []


def test_what_has_no_encoding_is_found(tmp_path):
    calls = ["p.read_text()", "p.write_text('a')", "open(p)", "p.open('w')", "run(c, text=True)"]
    fine = ["p.read_text(encoding='utf-8')", "open(p, 'rb')", "p.open('a+b', buffering=0)", "Image.open(p)"]
    (tmp_path / "a.py").write_text("\n".join(calls + fine), encoding="utf-8")
    assert len(list(without_encoding(tmp_path / "a.py"))) == len(calls)


RUN = """
import sys, warnings
warnings.filterwarnings("error", category=EncodingWarning, module="lowlight_ddpm")
from lowlight_ddpm import cli
given = sys.argv[1:]
for words in {commands!r} or [given]:
    sys.argv = ["lowlight_ddpm", *words]
    try:
        cli.main()
    except SystemExit as end:
        print("status", end.code or 0)
{then}
"""


REFUSED = """
import os
os.environ["LOWLIGHT_THREADS"] = "many"
sys.argv = ["lowlight_ddpm", "variants"]
try:
    cli.main()
except SystemExit as end:
    assert end.code == 2
"""


def said(encoding, *commands, given=(), then=""):
    """What a process prints that knows nothing of UTF-8: stdout and stderr as bytes.

    It runs `commands`, or the one whose words it is given as a shell gives them, then some code.
    """
    here = os.environ | {
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "LC_ALL": "C",
        "PYTHONIOENCODING": encoding,
        "OMP_NUM_THREADS": "1",
    }
    script = RUN.format(commands=commands, then=then)
    command = [sys.executable, "-X", "warn_default_encoding", "-c", script, *map(str, given)]
    done = subprocess.run(command, cwd=REPOSITORY, env=here, capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    return done.stdout, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("encoding", "opening"),
    [("cp1252", b"\x93"), ("latin-1", b"?"), ("shift_jis", b"\x81\x67"), ("ascii", b"?")],
)
def test_help_and_refusals_are_printed_in_any_encoding(encoding, opening):
    helps = (["--help"], ["denoise", "--help"], ["evaluate", "--help"])
    out, told = said(encoding, *helps, then=REFUSED)
    assert out.count(b"Usage") == out.count(b"status 0") == len(helps)
    assert b"LOWLIGHT_THREADS is " + opening in told


@pytest.mark.slow
def test_files_and_names_are_what_they_are_where_nothing_knows_utf8(tmp_path):
    folder = tmp_path / "Käfer"
    folder.mkdir()
    for name in ("Käfer.png", os.fsdecode("Müll.png".encode("latin-1"))):
        Image.new("RGB", (64, 48), "white").save(folder / name, format="PNG")
    (folder / "Größe.txt").write_text("a", encoding="utf-8")
    then = """
from lowlight_ddpm.images import open_source
print(ascii([row["name"] for row in open_source(given[1]).rows]))
"""
    out, told = said("ascii", given=("specimens", folder, tmp_path / "out"), then=then)
    assert b"K?fer.png" in out, "what cannot be printed is replaced"
    assert ascii(["Käfer.png", "M\\xfcll.png"]).encode() in out, "names do not depend on the locale"
    assert b"Found 2 images in ?K?fer?; left out 1: Gr??e.txt (not an image file that is read here)." in told
