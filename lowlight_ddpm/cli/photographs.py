"""The commands for photographs that are too dark: to brighten them, and to measure methods on pairs."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from lowlight_ddpm.cli.app import PATH, Quiet, Threads, app, check_folder, progress
from lowlight_ddpm.environment import home
from lowlight_ddpm.errors import Refusal

Pairs = Annotated[
    list[Path],
    typer.Argument(
        help="Two folders, of dark and of well-lit photographs with equal names; or one that has them as low "
        "and high. SERIES_divRATIO.png tells how many times shorter the dark one was exposed.",
        parser=home,
        metavar="PAIRS...",
    ),
]
Record = Annotated[bool, typer.Option("--record", help="Write into the study's results instead of --out.")]
Sets = Annotated[Path, typer.Option(help="Folder that has one for every set of pairs.", **PATH)]


@app.command()
def brighten(
    photos: Annotated[
        list[Path], typer.Argument(help="Photographs; those over 24 megapixels are made smaller.", **PATH)
    ],
    level: Annotated[
        str, typer.Option(help="“as it was”, dusk or day, or a mean brightness between 0 and 1.")
    ] = "day",
    denoise: Annotated[
        str, typer.Option(help="Filter: nlm (non-local means), tv (total variation) or none.")
    ] = "none",
    strength: Annotated[
        float,
        typer.Option(help="Share of the denoised image in the result, 0 to 1; the rest is the noisy one."),
    ] = 1.0,
    white_balance: Annotated[
        bool, typer.Option("--white-balance", help="Even out the mean light of red, green and blue.")
    ] = False,
    out: Annotated[
        Path, typer.Option(help="A .png or .jpg for one photograph, or a folder; made if missing.", **PATH)
    ] = Path("out"),
    quiet: Quiet = False,
) -> None:
    """Make dark photographs light, without a network; nothing is invented, and none is darkened.

    A photograph that is as bright as --level already keeps its brightness. In a folder, the result of
    NAME.png is NAME-brightened.png; those of JPEGs are JPEGs.
    """
    from lowlight_ddpm.photographs import brighten as core  # the module: its function has this command's name

    targets = _targets(photos, out)
    for photo, target in zip(photos, targets, strict=True):
        with progress(total=100, unit="%", quiet=quiet or denoise == core.NONE, leave=False) as bar:
            made = core.brighten(
                photo,
                level,
                denoise=denoise,
                strength=strength,
                white_balance=white_balance,
                announce=None if quiet else _tell,
                progress=lambda share, bar=bar: bar.update(round(100 * share) - bar.n),
            )
        _tell(*(f"{photo.name}: {note}" for note in made.notes))
        print(f"{photo.name}: {made.in_words}", made.save(target), sep="\n", flush=True)


def _targets(photos: list[Path], out: Path) -> list[Path]:
    """Where each result goes. Raises Refusal where two would be one file, or a photograph is overwritten."""
    from lowlight_ddpm.photographs.brighten import writable

    if out.suffix and not out.is_dir():
        targets = [writable(out)] * len(photos)
    else:
        targets = [out / f"{photo.stem}-brightened{_suffix(photo)}" for photo in photos]
    for target in targets:
        check_folder(target.parent)
        if targets.count(target) > 1:
            raise Refusal(
                f"Several results would be {target}: give a folder, and photographs of different names."
            )
        if target.exists() and any(photo.exists() and target.samefile(photo) for photo in photos):
            raise Refusal(f"{target} is the photograph itself, which is not overwritten: give another --out.")
    return targets


def _suffix(photo: Path) -> str:
    return ".jpg" if photo.suffix.lower() in (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo") else ".png"


@app.command()
def exposures(pairs: Pairs, record: Record = False, out: Sets = Path("out")) -> None:
    """Print each dark photograph's mean colour, and what a tone curve fitted to the other pairs predicts."""
    from lowlight_ddpm.figures import Inputs
    from lowlight_ddpm.report import written
    from lowlight_ddpm.study import dark_photographs

    predictions = dark_photographs.exposures(_found(pairs))
    folder = _folder(predictions, record, out)
    dark_photographs.write_exposures(predictions, folder)
    print(written("exposures", Inputs(results=folder)))


@app.command()
def dark(
    pairs: Pairs,
    methods: Annotated[
        str, typer.Option(help="Plain methods, separated by commas; all if left out, or none.")
    ] = "",
    networks: Annotated[
        str, typer.Option(help="Networks to compare, separated by commas: variants, or folders of pipelines.")
    ] = "",
    starts: Annotated[
        str, typer.Option(help="Timesteps that networks start from, separated by commas.")
    ] = "50,300,600,999",
    crop: Annotated[
        int | None, typer.Option(min=16, help="Use the middle square of so many pixels a side.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Use the first so many pairs.")] = None,
    restored: Annotated[bool, typer.Option("--restored", help="Write every restored image too.")] = False,
    record: Record = False,
    out: Sets = Path("out"),
    quiet: Quiet = False,
    threads: Threads = 1,
) -> None:
    """Measure methods on pairs of a dark and a well-lit photograph; `brighten` is for photographs alone.

    Methods are exposure, levels and gamma, CLAHE, each also with a filter after it, and networks if asked
    for. The results go to out/dark-ID, whose ID is that of the photographs; what is there is not run again.
    """
    import torch

    from lowlight_ddpm.figures import Inputs
    from lowlight_ddpm.report import written
    from lowlight_ddpm.study import dark_methods, dark_photographs

    torch.set_num_threads(threads)
    plain = [] if methods == "none" else dark_methods.plain_methods(_listed(methods))
    chosen = [*plain, *dark_methods.network_methods(_networks(networks), _timesteps(starts))]
    predictions = dark_photographs.exposures(_found(pairs, crop, limit))
    folder = _folder(predictions, record, out)
    images = folder / "restored" if restored else None
    jobs = [dark_photographs.MethodRun(method, predictions, folder, images=images) for method in chosen]
    for job in jobs:
        job.check()
    dark_photographs.write_exposures(predictions, folder)
    todo = [job for job in jobs if not job.done]
    seconds = sum(job.seconds() for job in todo)
    if not quiet:
        _tell(*dark_photographs.remarks(predictions))
        share = f"{len(todo)} of {len(jobs)} methods"
        _tell(f"{share} to run on {len(predictions)} pairs: about {seconds:.0f} s.")
    with progress(total=len(todo) * len(predictions), unit="picture", quiet=quiet) as bar:
        for job in todo:
            bar.set_description(job.method.name)
            for _ in job.run():
                bar.update()
    print(written("dark", Inputs(results=folder)))
    print(f"\nThe results are in {folder}.")


def _found(folders: list[Path], crop: int | None = None, limit: int | None = None) -> list:
    from dataclasses import replace

    from lowlight_ddpm.images.pairs import find_pairs

    if len(folders) > 2:
        raise Refusal(f"{len(folders)} folders are given: give two, or one that has low and high.")
    return [replace(pair, crop=crop) for pair in find_pairs(*folders)[:limit]]


def _folder(predictions: list, record: bool, out: Path) -> Path:
    """Where results of these pairs go: a folder of their own, or the study's."""
    from lowlight_ddpm.study import dark_photographs, protocol

    folder = protocol.RESULTS if record else out / f"dark-{dark_photographs.set_id(predictions)}"
    check_folder(folder)
    return folder


def _networks(text: str) -> list[str]:
    """Names of variants; a folder of a pipeline, or OWNER/NAME of the Hub, is put into the table."""
    if not text:
        return []
    from lowlight_ddpm.models.checkpoints import offer
    from lowlight_ddpm.variants import VARIANTS, find_variant

    names = _listed(text)
    return [find_variant(n).name if n in VARIANTS or "/" not in n else offer(n).name for n in names]


def _timesteps(text: str) -> list[int]:
    try:
        return [int(part) for part in _listed(text)]
    except ValueError:
        raise Refusal(f"The starts are “{text}”: give timesteps separated by commas, like 50,300.") from None


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _tell(*lines: str) -> None:
    for line in lines:
        print(line, file=sys.stderr, flush=True)
