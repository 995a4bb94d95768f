"""The command line: every command reads its options, calls the core and prints what it returns.

Heavy imports are inside the commands, so that --help and a mistyped option are answered at once.
"""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from lowlight_ddpm.cli import diagnosis, runs, studies, training  # their commands join the app  # noqa: F401
from lowlight_ddpm.cli.app import app, is_main_process
from lowlight_ddpm.environment import forgive_output
from lowlight_ddpm.errors import Refusal


def main() -> None:
    """Run the command line; a refusal is printed as its one sentence, with exit status 2."""
    forgive_output()
    try:
        with _log_shown():
            app()
    except Refusal as refusal:
        if is_main_process():
            print(refusal, file=sys.stderr)
        raise SystemExit(2) from None


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
