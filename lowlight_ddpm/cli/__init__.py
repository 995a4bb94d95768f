"""The command line: every command reads its options, calls the core and prints what it returns.

Heavy imports are inside the commands, so that --help and a mistyped option are answered at once.
"""

import sys

from lowlight_ddpm.cli import runs, studies, training  # their commands join the app  # noqa: F401
from lowlight_ddpm.cli.app import app, is_main_process
from lowlight_ddpm.errors import Refusal


def main() -> None:
    """Run the command line; a refusal is printed as its one sentence, with exit status 2."""
    try:
        app()
    except Refusal as refusal:
        if is_main_process():
            print(refusal, file=sys.stderr)
        raise SystemExit(2) from None
