"""“Your own variant” of docs/howto.md, word for word: a row in a file, trained, measured, on the page.

`make newcomer` does it in a fresh clone, with the real network; a test does it with a tiny one.
"""

import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from gradio_client import Client

from benchmarks.served import serving
from lowlight_ddpm.paths import REPOSITORY
from tests.helpers.doc_commands import commands, examples

HOWTO = REPOSITORY / "docs" / "howto.md"
(ROW,) = examples(HOWTO, "toml")
(NAME,) = tomllib.loads(ROW)
FILE = "mine.toml"


def follow(house: Path, shorten: Callable[[str], str] = str, *also: Path, row: str = ROW) -> dict:
    """Follow the section in `house`, each command as `shorten` gives it; what the page's /generate says.

    Modules that are not in `house` are found in `also`.

    It takes those commands that name the row, and changes nothing else. What sets up `make demo` is left out:
    the page is served from here.
    """
    (house / FILE).write_text(row)
    for command in (command for command in commands(HOWTO) if NAME in command):
        since = time.monotonic()
        words = shorten(command).split()
        here = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (house, *also)))}
        subprocess.run([sys.executable, *words[1:]], cwd=house, env=here, check=True)
        print(f"{time.monotonic() - since:.0f} s: {' '.join(words)}", flush=True)
    its_own = {
        "PYTHONPATH": str(house),
        "LOWLIGHT_CHECKPOINTS": str(house / "checkpoints"),
        "LOWLIGHT_VARIANTS": str(house / FILE),
    }
    with serving(house / "page.log", (str(house / "app.py"),), **its_own) as page:
        client = Client(page.url, verbose=False)
        listed = {row["name"]: row["available"] for row in client.predict(api_name="/variants")}
        assert listed[NAME], f"The page does not offer {NAME}."
        _, told = client.predict(variant=NAME, steps=2, api_name="/generate")
        client.close()
    return told


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        subprocess.run(["git", "clone", "--quiet", REPOSITORY, folder], check=True)
        print(follow(Path(folder)))
