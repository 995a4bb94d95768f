"""What the server writes down of a run: one line of JSON, and nothing of the picture."""

import argparse
import hashlib
import json
import logging
import os
import time
from collections.abc import Iterator, Sequence

from lowlight_ddpm.diffusion.sampling import Told
from lowlight_ddpm.diffusion.settings import RunSettings
from lowlight_ddpm.errors import Refusal

LEVELS = ("debug", "info", "warning", "error")
log = logging.getLogger("lowlight_ddpm.runs")


def begin(arguments: list[str] | None = None) -> None:
    """Write logs to stderr from --log-level on, else from LOWLIGHT_LOG_LEVEL, else from "info"."""
    parser = argparse.ArgumentParser(description="Serve the page, and print where.")
    usual = os.environ.get("LOWLIGHT_LOG_LEVEL", "info")
    parser.add_argument("--log-level", choices=LEVELS, default=usual, help=f"what is logged: {usual}")
    level = parser.parse_args(arguments).log_level.upper()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("lowlight_ddpm").setLevel(level)


def logged(runs: Sequence[RunSettings], calls: Iterator[Told]) -> Iterator[Told]:
    """Pass `calls` on, and log of each run how many steps it had, how long it took and how it ended."""
    since = time.monotonic()
    lines = [_line(settings) for settings in runs]
    try:
        for told in calls:
            for place, step in told.items():
                line = lines[place]
                line["seconds"] = round(time.monotonic() - since, 3)
                if isinstance(step, Refusal):
                    line["outcome"] = "Refusal"
                    continue
                line["steps"] += 1
                if step.is_last:
                    line["outcome"] = "done"
            yield told
    except Exception as error:
        for line in lines:
            if line["outcome"] == "stopped":
                line["outcome"] = type(error).__name__
        raise
    finally:
        for line in lines:
            log.info("run %s", json.dumps(line))


def _line(settings: RunSettings) -> dict:
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
