"""The tests at the lowest and at the highest versions that requirements.txt allows: `make versions`.

Each in an environment of its own, made anew, which takes some 6 GB for as long as it runs. Browser tests are
left out: they are about the page in Chromium, at the one version of Gradio that there is.
"""

import re
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

from packaging.requirements import Requirement

from benchmarks.record import record, row, show
from lowlight_ddpm.paths import REPOSITORY

_REQUIREMENTS = ("requirements.txt", "requirements-quick.txt")
_TOOLS = "requirements-dev.txt"  # what tests are run by is as it comes
_TOLD = ("torch", "diffusers", "gradio", "numpy")


def main() -> bool:
    """Run the tests twice, print and record how many passed; True if all did."""
    rows = [tried("lowest", lowest), tried("highest", str)]
    record("versions", rows)
    return show(rows)


def tried(which: str, pinned: Callable[[Requirement], str]) -> dict:
    """The tests with every requirement as `pinned` has it: how many ran, how many passed."""
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder) / "venv" / "bin" / "python"
        venv.create(python.parent.parent, with_pip=True)
        pins = Path(folder) / "pins.txt"
        pins.write_text("\n".join(map(pinned, requirements(*_REQUIREMENTS))), encoding="utf-8")
        _run(python, "-m", "pip", "install", "--quiet", "--requirement", pins)
        # What is there already is kept, at the versions that are tried.
        tools = "--requirement", REPOSITORY / _TOOLS
        _run(python, "-m", "pip", "install", "--quiet", "--constraint", pins, *tools)
        report = Path(folder) / "report.xml"
        how = ["--quiet", "--ignore=tests/e2e", "--numprocesses=2", "--dist=loadfile"]
        command = [python, "-m", "pytest", *how, f"--junitxml={report}"]
        subprocess.run(command, cwd=REPOSITORY, check=False, stdout=sys.stderr)
        suite = ElementTree.parse(report).getroot().find("testsuite")
        ran, skipped, *broken = (int(suite.get(key)) for key in ("tests", "skipped", "failures", "errors"))
        installed = _run(python, "-m", "pip", "list", "--format=freeze")
    note = ", ".join(" ".join(re.search(rf"^({name})==(.*)$", installed, re.M).groups()) for name in _TOLD)
    return row(f"tests at the {which} versions", ran - skipped, ran - skipped - sum(broken), note)


def requirements(*files: str) -> Iterator[Requirement]:
    """What the files name, without what they include."""
    for file in files:
        for line in (REPOSITORY / file).read_text(encoding="utf-8").splitlines():
            if line.strip() and not line.startswith(("-r", "#")):
                yield Requirement(line)


def lowest(requirement: Requirement) -> str:
    """The requirement at the lowest version that it allows: "torch>=2.8" as "torch==2.8"."""
    bounds = [bound.version for bound in requirement.specifier if bound.operator in (">=", "~=", "==")]
    return f"{requirement.name}=={bounds[0]}"


def _run(*command: object) -> str:
    done = subprocess.run([*map(str, command)], check=True, capture_output=True, encoding="utf-8")
    return done.stdout


if __name__ == "__main__":
    sys.exit(not main())
