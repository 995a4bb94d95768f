"""Commands that measure, and print what was found."""

import json
from dataclasses import asdict
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Annotated

import typer

from lowlight_ddpm.cli.app import (
    PATH,
    AsJson,
    Images,
    OptionalImages,
    OwnRows,
    Quiet,
    Threads,
    Trained,
    app,
    check_folder,
    is_main_process,
    load_network,
    row_named,
    told,
    variant_names,
)


@app.command()
def evaluate(
    names: Trained = None,
    images: OptionalImages = None,
    quiet: Quiet = False,
    threads: Threads = 1,
    own_rows: OwnRows = None,
) -> None:
    """Run the evaluation protocol on every variant, and print a summary.

    It measures the network's tint transmission; restores 16 synthetic images, and 16 of --images that were
    held out from its training, from timesteps 50, 300, 600 and 999 with two noise seeds; generates 64 from
    pure noise; all of it with both variance types. Then come the mean correction, on 64 images each, and
    `dim` with every sampler in 5 to 50 steps. What results/ holds is not run again. Several processes share
    the work: each condition is run by one.
    """
    import torch

    from lowlight_ddpm.models import checkpoints
    from lowlight_ddpm.study import mean_correction, protocol, results, step_counts, transmission
    from lowlight_ddpm.study.store import run_all
    from lowlight_ddpm.training.distributed import take_own_gpu

    torch.set_num_threads(threads)
    take_own_gpu()
    names = names or checkpoints.available()
    opened = cache(protocol.evaluation_set)  # most variants share theirs
    todo = []
    for name in names:
        row, learned = row_named(name), None
        pictures = [] if row.source else [opened("drawn", (), row.size)]
        more = [] if row.source else [opened(*mean_correction.synthetic(), row.size)]
        if source := row.source or images:
            record = checkpoints.record(name)
            held_out = record["held_out"]
            pictures.append(opened(source, tuple(held_out), row.size))
            more.append(opened(source, mean_correction.apart(record), row.size))
            if set(pictures[-1].names) <= set(held_out):  # else the network has learned from others
                learned = pictures[-1]
                protocol.describe_training_set(learned, name)
        todo.append(
            [
                transmission.Transmission(name, pictures[0], training=learned),
                *protocol.conditions(name, pictures, learned),
                *mean_correction.conditions(name, more, learned),
                *step_counts.conditions(name, pictures[0]),
            ]
        )
    # A condition of every variant in turn: a run that is cut short leaves what can be compared.
    in_turn = [job for turn in zip_longest(*todo) for job in turn if job]
    for _ in told(run_all(in_turn), len(in_turn), "condition", quiet):
        pass
    if is_main_process():
        rows = results.table()
        summary = results.summary(rows.loc[rows.variant.isin(names), :])
        print(summary.to_string(index=False, float_format="{:.2f}".format))


@app.command()
def causes(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="small-networks, and variants to clip in other ways; all there are if none."),
    ] = None,
    quiet: Quiet = False,
    threads: Threads = 1,
    own_rows: OwnRows = None,
) -> None:
    """Run the experiments on causes of the shift, and print what they show.

    small-networks trains 66 networks of 32 pixels, which takes hours on one thread: other normalizations,
    predictions and losses. A variant generates 64 images with every range that x0 is clipped to, with
    ordinary and mean-free noise, with and without the mean correction. What results/ holds is not run again;
    a run that is killed loses the one training or condition that it was at. Several processes share the work.
    """
    import torch

    from lowlight_ddpm.figures import Inputs
    from lowlight_ddpm.models.checkpoints import available
    from lowlight_ddpm.report import written
    from lowlight_ddpm.study import clipping, small_networks
    from lowlight_ddpm.study.store import run_all

    torch.set_num_threads(threads)
    there = available()
    names = names or ["small-networks", *(name for name in clipping.NETWORKS if name in there)]
    jobs = [
        job
        for name in names
        for job in (
            small_networks.trainings()
            if name == "small-networks"
            else clipping.conditions(row_named(name).name)
        )
    ]
    for _ in told(run_all(jobs), len(jobs), "job", quiet):
        pass
    for table in ("small-networks", "clipping", "hypotheses"):
        print(f"{written(table, Inputs())}\n")


@app.command()
def baselines(
    name: Annotated[
        str, typer.Argument(help="The variant to compare: see `variants`.", autocompletion=variant_names)
    ],
    images: Images,
    as_json: AsJson = False,
    threads: Threads = 1,
    own_rows: OwnRows = None,
) -> None:
    """Restore held-out images, and compare with the best classical filters and pure noise.

    16 pictures, noised to 100, 300 and 600, with 4 noise seeds and 50 steps; takes some minutes. Shifts are
    signed means in 1/255.
    """
    from lowlight_ddpm.images import open_source
    from lowlight_ddpm.study import baselines
    from lowlight_ddpm.study.protocol import evaluation_set

    row = row_named(name)
    open_source(images)  # what cannot be is refused before a network is loaded
    checkpoint = load_network(row.name, threads)  # what it holds out is in its record
    data = evaluation_set(images, checkpoint.record["held_out"], checkpoint.variant.size)
    rows = []
    if not as_json:
        print(f"{name} on {len(data.unseen)} held-out images of “{data.label}”")
        print(f"{'start':>5}  {'method':22} {'SSIM':>6}  {'dR':>6} {'dG':>6} {'dB':>6}")
    for row in baselines.restorations(checkpoint, data):
        rows.append(asdict(row))
        if not as_json:
            shifts = " ".join(f"{shift:+6.1f}" for shift in (row.shift_r, row.shift_g, row.shift_b))
            print(f"{row.start:5}  {row.method:22} {row.ssim:6.3f}  {shifts}", flush=True)
    _, noise = baselines.from_noise(checkpoint, data)
    if as_json:
        print(json.dumps({"restorations": rows, "from_noise": asdict(noise)}, indent=1))
        return
    samples, training, chance = "samples", "training", "by chance"
    print(f"pure noise {samples:>25} {training:>20}")
    _print_triples(
        ("means", noise.means, noise.reference_means),
        ("border mean", noise.border_mean, noise.reference_border_mean),
        ("border deviation", noise.border_std, noise.reference_border_std),
    )
    print(f"distance {samples:>27} {chance:>20}")
    _print_triples(
        ("means", noise.distance_means, noise.chance_means),
        ("border", noise.distance_border, noise.chance_border),
        ("L*, a*, b*", noise.distance_lab, noise.chance_lab),
    )


def _print_triples(*lines: tuple[str, tuple[float, ...], tuple[float, ...]]) -> None:
    for label, *columns in lines:
        print(
            f"       {label:22} " + "   ".join("{:5.1f} {:5.1f} {:5.1f}".format(*found) for found in columns)
        )


@app.command()
def findings(
    names: Annotated[
        list[str] | None, typer.Argument(help="Names of tables, like claims; all if none.")
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Write them into README and docs instead.")] = False,
) -> None:
    """Print what the results say, as Markdown: verdicts on the post's claims, and what explains the shift."""
    from lowlight_ddpm.figures import Inputs
    from lowlight_ddpm.report import BLOCKS, PAGES, fill, written

    inputs = Inputs()
    if write:
        for page in PAGES:
            page.write_text(fill(page.read_text(encoding="utf-8"), inputs), encoding="utf-8")
            print(page)
        return
    for name in names or BLOCKS:
        print(f"{name}\n\n{written(name, inputs)}\n")


@app.command()
def figures(
    names: Annotated[list[str] | None, typer.Argument(help="Figures like 1.1-walk; all if none.")] = None,
    images: Annotated[
        str | None, typer.Option(help="Photographs to use instead of synthetic images.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where they go; docs/figures if left out.", **PATH)] = None,
    threads: Threads = 1,
) -> None:
    """Draw the figures of the post, and our own, from what is trained and evaluated.

    What cannot be drawn yet is left out, with the reason. Figures of photographs never go to docs/.
    """
    import torch

    from lowlight_ddpm.figures import Inputs
    from lowlight_ddpm.figures.table import draw_figures

    if out:
        check_folder(out)
    torch.set_num_threads(threads)
    for line in draw_figures(names or [], Inputs(images=images), out):
        print(line, flush=True)
