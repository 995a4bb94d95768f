"""What one run may cost: much on a machine of one's own, less on a Space that everyone shares."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass

from lowlight_ddpm.diffusion.schedule import TRAIN_TIMESTEPS
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images.reading import MAX_WHOLE_PIXELS
from lowlight_ddpm.ui.messages import duration


@dataclass(frozen=True)
class Limits:
    """`seconds` and network calls (`steps`) of a run, `pixels` of its picture, the size of an `upload`."""

    seconds: float = 3600.0
    steps: int = TRAIN_TIMESTEPS
    pixels: int = MAX_WHOLE_PIXELS
    upload: str = "20mb"

    @classmethod
    def here(cls) -> "Limits":
        """Those of this machine, each changed by LOWLIGHT_MAX_SECONDS, _STEPS, _PIXELS or _UPLOAD."""
        usual = cls(seconds=300.0, pixels=512 * 512, upload="10mb") if os.environ.get("SPACE_ID") else cls()
        wanted = {}
        for name, value in vars(usual).items():
            given = os.environ.get(f"LOWLIGHT_MAX_{name.upper()}")
            wanted[name] = type(value)(given) if given else value
        return cls(**wanted)

    def check(self, steps: int, pixels: int) -> None:
        """Raise Refusal for a run of so many steps on so many pixels, if that is too much here."""
        if steps > self.steps:
            raise Refusal(f"A run may have {self.steps} steps here, not {steps}: lower the steps.")
        if pixels > self.pixels:
            raise Refusal(
                f"A picture may have {self.pixels} pixels here, not {pixels}: "
                "make it smaller, or leave “Whole picture” out."
            )

    def timed(self, steps: Iterator, runs: int = 1) -> Iterator:
        """Pass the `steps` of so many runs on, and raise Refusal once they have taken too long."""
        until = time.monotonic() + runs * self.seconds
        for step in steps:
            if time.monotonic() > until:
                raise Refusal(
                    f"It was ended after {duration(runs * self.seconds)}, the longest that it may take here: "
                    "ask for fewer steps or a smaller picture."
                )
            yield step
