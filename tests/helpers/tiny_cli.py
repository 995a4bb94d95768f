"""The command line with tiny networks and a protocol of few steps, for processes of their own.

Images have TINY_SIDE pixels a side, 16 unless it says 64. It leaves RANK.pid in the folder that it runs in,
and in jobs.log a line for every job that it begins or ends.
Where RANK is that of TINY_STUCK, `evaluate` never ends its second job.
"""

import os
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

from lowlight_ddpm import cli
from lowlight_ddpm.study import mean_correction, protocol, step_counts, transmission
from lowlight_ddpm.training import milestones, saved_state
from lowlight_ddpm.variants import VARIANTS

RANK = os.environ.get("RANK", "0")
SIDE = int(os.environ.get("TINY_SIDE", "16"))
CHANNELS = {16: (8, 16), 64: (8, 8, 8, 8)}[SIDE]


def logged(run):
    """`run` of a job, with a line for its begin and one for its end."""
    begun = []

    def write(job, what):
        with Path("jobs.log").open("a") as log:
            log.write(f"{job.claim} {what}\n")

    def call(job):
        begun.append(job)
        write(job, "begun")
        if os.environ.get("TINY_STUCK") == RANK and len(begun) == 2:
            write(job, "stuck")
            time.sleep(3600)
        run(job)
        write(job, "ended")

    return call


def main():
    VARIANTS.update(
        {name: replace(row, size=SIDE, channels=CHANNELS, synthetic=0) for name, row in VARIANTS.items()}
    )
    Path(f"{RANK}.pid").write_text(str(os.getpid()))
    milestones.EPOCHS, milestones.STEPS = (1,), 2
    saved_state.run = partial(saved_state.run, save_every=0)
    protocol.STEPS_FROM, protocol.STEPS, protocol.FINE_STEPS = {50: 2, 300: 3}, 2, 3
    protocol.SAMPLES = protocol.HELD_OUT
    step_counts.STEPS, step_counts.REFERENCE = (2,), ("ddpm", 3)
    mean_correction.GENERATED = ()
    for kind in (protocol.Condition, transmission.Transmission):
        kind.run = logged(kind.run)
    cli.main()


if __name__ == "__main__":
    main()
