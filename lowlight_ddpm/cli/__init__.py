"""The command line: every command reads its options, calls the core and prints what it returns.

Heavy imports are inside the commands, so that --help and a mistyped option are answered at once.
"""

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from lowlight_ddpm.cli import (  # their commands join the app  # noqa: F401
    adoption,
    diagnosis,
    photographs,
    runs,
    studies,
    training,
)
from lowlight_ddpm.cli.app import app, is_main_process
from lowlight_ddpm.environment import forgive_output
from lowlight_ddpm.errors import Refusal, encodable

PROGRAM, COMPLETES = "lowlight-ddpm", "_LOWLIGHT_DDPM_COMPLETE"  # by the latter a shell asks how a word ends


def main() -> NoReturn:
    """Run the command line, and exit; a user's mistake is printed as one sentence, with exit status 2.

    What the machine does not allow, like a full disk, is too, with exit status 1.
    """
    forgive_output()
    # A shell has words of the program that is installed completed, not those of `python -m`.
    name = PROGRAM if any(word.endswith("-completion") for word in sys.argv[1:2]) else None
    try:
        with _log_shown():
            status = app(prog_name=name, complete_var=COMPLETES, standalone_mode=False)
    except Refusal as refusal:
        status = _ended(str(refusal), 2)
    except OSError as error:
        if not (error.strerror and error.filename):
            raise
        status = _ended(f"{error.strerror}: “{error.filename}”.", 1)
    except Exception as error:
        if not hasattr(error, "format_message"):  # typer's own, of words that it does not understand
            raise
        status = _ended(_misunderstood(error), 2)
    raise SystemExit(status)


def _ended(sentence: str, status: int) -> int:
    if is_main_process() and sentence:
        print(encodable(sentence), file=sys.stderr)
    return status


def _misunderstood(error: Any) -> str:
    """What typer says, in one sentence that names the help; nothing where it has printed the help itself."""
    said = " ".join(error.format_message().split()).rstrip(".?")
    command = error.ctx.command_path if error.ctx else PROGRAM
    joined = re.sub(r"[.:] ([A-Z])", lambda begun: f", {begun[1].lower()}", said)
    return joined and f"{joined}: see `{command} --help`."


@contextmanager
def _log_shown() -> Iterator[None]:
    """Print what the package logs to stderr, each line once: a command may open a source several times."""
    log, told = logging.getLogger("lowlight_ddpm"), set()
    handler = logging.StreamHandler() if is_main_process() else logging.NullHandler()

    def is_new(line: logging.LogRecord) -> bool:
        message = line.getMessage()
        return not (message in told or told.add(message))

    handler.addFilter(is_new)
    log.addHandler(handler)
    level = log.level
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
