"""Variants that are one row more each, from their training to the page; test_one_row.py runs it by itself.

`small` goes through every command, `wide` has the pictures that take longer. Prints what was seen as JSON.
The rows are the only change; the protocol is made short, which changes no code.
"""

import contextlib
import io
import json
import sys
from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image

from lowlight_ddpm.variants import Variant, register

SMALL = Variant(
    "small",
    "Small",
    "A tiny network on pictures of 16 pixels.",
    size=16,
    layers_per_block=1,
    channels=(8, 16),
    attention_head_dim=8,
    epochs=1,
)
WIDE = replace(SMALL, name="wide", title="Wide", size=128, channels=(8, 8, 8, 8))
SOURCE = "drawn:36"


def main() -> dict:
    """Train, evaluate, tell, draw, restore, show."""
    torch.set_num_threads(1)
    for row in (SMALL, WIDE):
        register(row)
    return {"steps": _trained(WIDE), "command line": _by_command(), "page": _in_the_page()}


def _trained(row: Variant) -> int:
    """Train for a few steps and save."""
    from lowlight_ddpm.images import open_source, stack
    from lowlight_ddpm.models import checkpoints
    from lowlight_ddpm.training import records
    from lowlight_ddpm.training.loop import Recipe, Training

    pictures = stack([picture for _, picture in open_source("drawn:6")], row.size)
    network = {"channels": row.channels, "attention_head_dim": row.attention_head_dim}
    job = Training(row, pictures, Recipe(row.epochs, batch_size=2, warmup_steps=1, drawn=0, **network))
    steps = len(list(job))
    data = records.TrainingSet("drawn butterflies", {}, {"held_out": []}, {"learned": pictures})
    records.export(checkpoints.ROOT / row.name, job, data, row, "none", Path("milestones"))
    return steps


def _by_command() -> dict:
    from lowlight_ddpm.study import protocol, results

    protocol.STEPS_FROM, protocol.STEPS, protocol.SAMPLES = {600: 2, 999: 2}, 2, 16
    Image.new("RGB", (64, 64), (90, 160, 60)).save("small.png")
    commands = {
        "train": f"train small --images {SOURCE}",
        "variants": "variants",
        "evaluate": f"evaluate small --images {SOURCE}",
        "means": "findings means",
        "figure": "figures noise-colours --out figures",
        "denoise": "denoise small.png --variant wide --steps 2 --start 300 --out out",
        "card": "cards small",
    }
    said = {name: _call(command) for name, command in commands.items()}
    with Image.open("out/result.png") as result:
        said["restored"] = result.size
    rows = results.table()
    said["measured"] = sorted(
        {(row.variant, int(row.size), row.source) for row in rows.itertuples()}, key=str
    )
    return said


def _call(command: str) -> str:
    from lowlight_ddpm import cli

    sys.argv = ["lowlight_ddpm", *command.split()]
    with contextlib.redirect_stdout(io.StringIO()) as said:
        try:
            cli.main()
        except SystemExit as end:
            if end.code:
                raise RuntimeError(f"{command}: {said.getvalue()}") from end
    return said.getvalue()


def _in_the_page() -> dict:
    from lowlight_ddpm.diffusion.settings import run_settings
    from lowlight_ddpm.images import read
    from lowlight_ddpm.images.gallery import drawn_gallery
    from lowlight_ddpm.models import checkpoints
    from lowlight_ddpm.ui import interface
    from lowlight_ddpm.ui.compare import sheet
    from lowlight_ddpm.ui.compare.trials import Trials, scene
    from lowlight_ddpm.ui.components import run_view
    from lowlight_ddpm.ui.components.plan import plan
    from lowlight_ddpm.ui.play.following import side_by_side
    from lowlight_ddpm.ui.play.results import results
    from lowlight_ddpm.ui.schedule import view as schedule_view
    from lowlight_ddpm.ui.session import Picked, Session, Watched
    from lowlight_ddpm.ui.why import tab

    choices = [getattr(block, "choices", ()) for block in interface.build().blocks.values()]
    small, gallery = Picked("small.png", read(Path("small.png"))), drawn_gallery()
    settings = run_settings(variant="wide", start=300, steps=2)
    run, whole = (Watched(settings.model_copy(update={"whole": whole}), small) for whole in (False, True))
    for one in (run, whole):
        list(one.walk())
    session = Session(gallery, own=small, staged=run, finished=run)

    both = [run_settings(variant=name, start=300, steps=2) for name in ("dim", "wide")]
    trials, pages = Trials(small, both), sheet.Sheet(gallery.pictures[:2], tuple(both))
    for job in (trials, pages, asked := tab.explanation_job(session, tab.Slot(), "restore")):
        list(job.walk())
    pair = schedule_view.SchedulePair.of(session, "wide", 1e-4, 0.02, False, 300)
    stages = (
        run_view.stage(run, False, ""), scene(trials, False), sheet.draw(session, pages),
        side_by_side(small.image, settings), schedule_view.scene(pair),
    )  # fmt: skip
    return {
        "offered": sum(("Wide", "wide") in offered for offered in choices),
        "available": checkpoints.available(),
        "sizes": [list(one.run.x0.shape[2:]) for one in (run, whole)],
        "sharp": "--scaling" not in stages[0],
        "plan": plan({"variant": "wide", "steps": 2, "start": 300}, small.image)[1],
        "compared": [list(outcome.result.shape[1:]) for outcome in trials.outcomes],
        "sheets": [list(side.step.x0.shape) for side in pages.sides],
        "results": len(results(session)) > 0 and bool(tab.draw(session, asked)),
        "explained": asked.explanation.complete,
        "drawn": all("data:image/png" in html for html in stages),
    }


if __name__ == "__main__":
    print(json.dumps(main()))
