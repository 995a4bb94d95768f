"""What the server writes down of a run: one line of JSON, and nothing of the picture."""

import argparse
import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from lowlight_ddpm import environment
from lowlight_ddpm.diffusion.sampling import Step
from lowlight_ddpm.diffusion.settings import RunSettings
from lowlight_ddpm.errors import Refusal

log = logging.getLogger("lowlight_ddpm.runs")


def begin(arguments: list[str] | None = None) -> None:
    """Write logs to stderr from --log-level on, else from LOWLIGHT_LOG_LEVEL, else from "info"."""
    environment.forgive_output()
    parser = argparse.ArgumentParser(description="Serve the page, and print where.")
    usual = environment.value("LOWLIGHT_LOG_LEVEL") or "info"
    told = f"what is logged: {usual}"
    parser.add_argument("--log-level", choices=environment.LEVELS, default=usual, help=told)
    level = parser.parse_args(arguments).log_level.upper()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("lowlight_ddpm").setLevel(level)


@contextmanager
def logged(runs: Sequence[RunSettings]) -> Iterator[Callable[[dict[int, Step], dict[int, Refusal]], None]]:
    """Log of each run, at the end, how many steps it had, how long it took and how it ended.

    The function is to be called with the steps of every network call, and all refusals so far, by the places
    of the runs.
    """
    since = time.monotonic()
    lines = [_line(settings) for settings in runs]

    def note(steps: dict[int, Step], refused: dict[int, Refusal]) -> None:
        seconds = round(time.monotonic() - since, 3)
        for place, step in steps.items():
            line = lines[place]
            line |= {"steps": line["steps"] + 1, "seconds": seconds}
            if step.is_last:
                line["outcome"] = "done"
        for place in refused:
            if lines[place]["outcome"] == "stopped":
                lines[place] |= {"seconds": seconds, "outcome": "Refusal"}

    try:
        yield note
    except Exception as error:
        for line in lines:
            if line["outcome"] == "stopped":
                line["outcome"] = type(error).__name__
        raise
    finally:
        for line in lines:
            log.info("run %s", json.dumps(line))


def _line(settings: RunSettings) -> dict[str, Any]:
    """What is written of a run that is stopped before its first step."""
    return {
        "settings": digest(settings),
        "variant": settings.variant,
        "mode": settings.mode,
        "steps": 0,
        "seconds": 0.0,
        "outcome": "stopped",
    }


def digest(settings: RunSettings) -> str:
    """A short name for settings: equal settings have the same."""
    return hashlib.sha256(settings.model_dump_json().encode()).hexdigest()[:12]
