"""What the server writes down of a run: one line of JSON, and nothing of the picture."""

import argparse
import hashlib
import json
import logging
import os
import time
from collections.abc import Iterator

from lowlight_ddpm.settings import RunSettings

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


def logged(settings: RunSettings, steps: Iterator) -> Iterator:
    """Pass `steps` on, and log how many there were, how long they took and how they ended."""
    since, done, outcome = time.monotonic(), 0, "stopped"
    try:
        for step in steps:
            done += 1
            yield step
        outcome = "done"
    except Exception as error:
        outcome = type(error).__name__
        raise
    finally:
        line = {
            "settings": digest(settings),
            "variant": settings.variant,
            "mode": settings.mode,
            "steps": done,
            "seconds": round(time.monotonic() - since, 3),
            "outcome": outcome,
        }
        log.info("run %s", json.dumps(line))


def digest(settings: RunSettings) -> str:
    """A short name for settings: equal settings have the same."""
    return hashlib.sha256(settings.model_dump_json().encode()).hexdigest()[:12]
