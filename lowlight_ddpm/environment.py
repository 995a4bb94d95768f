"""What the package is told by its environment: one table of variables, and how each is read.

A value that cannot be meant is refused in a sentence, by the command line and the page as they start.
"""

import math
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lowlight_ddpm.errors import Refusal

MOST_THREADS = 1024  # PyTorch takes any number, and dies of it later
LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True)
class Variable:
    """A variable that is read here: its default and its meaning in words, and what makes its value of a text.

    `read` raises ValueError for what is no such value; `must` completes the sentence on it.
    """

    name: str
    default: str
    meaning: str
    read: Callable[[str], Any]
    must: str = ""


def home(path: str | Path) -> Path:
    """A path whose leading ~ stands for the home folder, as in a shell; an unknown user stays ~name."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def _whole(least: int, most: float = math.inf) -> Callable[[str], int]:
    def read(text: str) -> int:
        number = int(text)
        if not least <= number <= most:
            raise ValueError(text)
        return number

    return read


def _positive(text: str) -> float:
    number = float(text)
    if not (math.isfinite(number) and number > 0):  # NaN too
        raise ValueError(text)
    return number


def _size(text: str) -> str:
    size = text.strip().lower()
    if not re.fullmatch(r"[1-9]\d{0,11} *(b|kb|mb|gb|tb)", size, re.ASCII):
        raise ValueError(text)
    return size


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _level(text: str) -> str:
    level = text.strip().lower()
    if level not in LEVELS:
        raise ValueError(text)
    return level


_YES = {"1", "T", "TRUE", "Y", "YES", "ON"}


def _flag(text: str) -> bool:
    return text.strip().upper() in _YES  # whatever else is said means no


_COUNT = "a whole number from 1 up"
_RANK = "a whole number from 0 up, as launchers set it"
VARIABLES = {
    variable.name: variable
    for variable in (
        Variable(
            "LOWLIGHT_IMAGES",
            "the post's data set when online, else synthetic images",
            "images that the page offers: a folder, a zip archive, parquet files or hub:OWNER/NAME",
            str,
        ),
        Variable(
            "LOWLIGHT_CHECKPOINTS",
            "./checkpoints if it exists or there is no checkout, else the checkout's",
            "folder of the networks",
            home,
        ),
        Variable("LOWLIGHT_VARIANTS", "none", "a TOML file with variants of your own (howto.md)", home),
        Variable(
            "LOWLIGHT_NETWORKS",
            "none",
            "other networks that the page offers: folders of diffusers pipelines or OWNER/NAME of the Hub, "
            "separated by commas",
            _list,
        ),
        Variable(
            "LOWLIGHT_RESULTS",
            "the checkout's results; without a checkout ./results",
            "folder of the measurements",
            home,
        ),
        Variable("LOWLIGHT_CACHE", "~/.cache/lowlight_ddpm", "folder of the compiled ONNX networks", home),
        Variable(
            "LOWLIGHT_THREADS",
            "the fastest number, timed before the first run",
            "processor threads of a run on the page",
            _whole(1, MOST_THREADS),
            f"a whole number from 1 to {MOST_THREADS}",
        ),
        Variable("LOWLIGHT_LOG_LEVEL", "info", "what the server logs", _level, f"one of {', '.join(LEVELS)}"),
        Variable(
            "LOWLIGHT_MAX_SECONDS",
            "3600; 300 on a Space",
            "seconds that a run on the page may take",
            _positive,
            "a number above 0",
        ),
        Variable("LOWLIGHT_MAX_STEPS", "1000", "network calls of a run on the page", _whole(1), _COUNT),
        Variable(
            "LOWLIGHT_MAX_PIXELS",
            "1048576; 262144 on a Space",
            "pixels of a whole image on the page",
            _whole(1),
            _COUNT,
        ),
        Variable(
            "LOWLIGHT_MAX_UPLOAD",
            "20mb; 10mb on a Space",
            "size of an uploaded file",
            _size,
            "a size like 500kb or 20mb",
        ),
        Variable(
            "GRADIO_SERVER_PORT",
            "the first free one from 7860 up",
            "port that the page is served at",
            _whole(1, 65535),
            "a port from 1 to 65535",
        ),
        Variable("GRADIO_NUM_PORTS", "100", "ports that are tried for a free one", _whole(1), _COUNT),
        Variable(
            "GRADIO_SERVER_NAME", "127.0.0.1; 0.0.0.0 on a Space", "address that the page is served at", str
        ),
        Variable(
            "GRADIO_TEMP_DIR", "a folder of the system", "folder of uploads and results, kept for a day", str
        ),
        Variable("HF_HOME", "~/.cache/huggingface", "folder of what the Hub sent", str),
        Variable("HF_TOKEN", "that of `hf auth login`", "token to publish with", str),
        Variable("HF_HUB_OFFLINE", "0", "1 asks nothing of the Hub", _flag),
        Variable("SPACE_ID", "none", "set by a Space, on which a run may cost less", str),
        Variable("SPACES_ZERO_GPU", "0", "set by a Space that lends a GPU for a run at a time", _flag),
        Variable("RANK", "0", "number of this process, set by torchrun and accelerate", _whole(0), _RANK),
        Variable("LOCAL_RANK", "0", "number of this process on its machine, set likewise", _whole(0), _RANK),
    )
}


def value(name: str) -> Any:
    """What a variable of the table is set to, read; None where it is not set, or to nothing.

    Raises Refusal for a value that cannot be meant.
    """
    variable, text = VARIABLES[name], os.environ.get(name, "")
    if not text.strip():
        return None
    try:
        return variable.read(text)
    except ValueError as error:
        shown = text if len(text) <= 40 else f"{text[:40]}…"
        raise Refusal(f"{name} is “{shown}”: set it to {variable.must}, or leave it out.") from error


def network_called(name: str) -> str | None:
    """What LOWLIGHT_NETWORKS names that has `name` as its last part, by which the page calls it."""
    for place in value("LOWLIGHT_NETWORKS") or ():
        if home(place).resolve().name == name:
            return place
    return None


def check() -> None:
    """Read every variable once. Raises Refusal for the first value that cannot be meant."""
    for name in VARIABLES:
        value(name)


def forgive_output() -> None:
    """Have characters that the terminal or the pipe has no code for printed as “?”, not end the process.

    Streams that something else has put in place of Python's are left alone.
    """
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="replace")
