"""The endpoints for programs, which are the tools for language models too: the same core as the page."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from torch import Tensor

from lowlight_ddpm import api
from lowlight_ddpm.analysis.compare import Outcome, by_eye, by_mse, disagreements, ranks
from lowlight_ddpm.analysis.explain import Explanation, Question, reasons
from lowlight_ddpm.diffusion.sampling import Step
from lowlight_ddpm.diffusion.schedule import Curves
from lowlight_ddpm.diffusion.settings import (
    LAST_TIMESTEP,
    TRAIN_TIMESTEPS,
    RunSettings,
    names_in,
    run_settings,
)
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import draw
from lowlight_ddpm.images.photometry import to_image
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.runs.run import Run
from lowlight_ddpm.ui.api.parameters import Field, of_settings, stored, takes
from lowlight_ddpm.ui.compare.trials import Trials
from lowlight_ddpm.ui.components import run_view
from lowlight_ddpm.ui.components.controls import settings_of
from lowlight_ddpm.ui.components.words import FIELDS
from lowlight_ddpm.ui.messages import refusals_shown
from lowlight_ddpm.ui.schedule.view import signal_leak
from lowlight_ddpm.ui.session import Picked, Watched
from lowlight_ddpm.ui.why.jobs import ExplanationJob
from lowlight_ddpm.ui.worker.queue import Pace
from lowlight_ddpm.variants import VARIANTS

SECONDS = 0.5  # between two results on the way
PICTURE = Field(
    "picture",
    "the picture to restore, as a file, base64 or a data URL; its middle square, at the network's size, "
    "unless whole",
)
_GENERATED = names_in("generate")

Streamed = Iterator[tuple[str, dict]]
_SHARED = ("start", "steps", "seed", "brightness")
_NAMES = {"type": "array", "items": {"type": "string"}}
TIMESTEPS = (0, 100, 300, 600, LAST_TIMESTEP)


@takes(PICTURE, *of_settings(*FIELDS))
def denoise(picture: str | None = None, *values) -> Streamed:
    """Dim an image, add noise, denoise it with a network, and measure how far its colours shifted.

    Whatever is left out is as the variant was trained. While it runs, the network's estimate comes
    with its step, its mean R, G, B and what they should be. The last result is the restored picture (at the
    network's size or whole, as dim as brightness made it) with the settings in full, the measures against the
    dimmed picture, and the verdict in words.
    """
    with refusals_shown():
        settings = settings_of(values)
        if settings.mode == "restore" and not picture:
            raise Refusal("There is no picture to restore: send one, or set mode to generate.")
        yield from _streamed(settings, _picked(picture))


@takes(*of_settings(*_GENERATED), mode="generate")
def generate(*values) -> Streamed:
    """Have a network draw a picture from pure noise, and compare its mean colour with the training set's.

    Whatever is left out is as the variant was trained; the same seed draws the same picture. While it runs,
    the network's estimate comes with its step and its mean R, G, B. The last result is the picture
    (as large and as dim as those the network has learned from) with the settings in full.
    """
    with refusals_shown():
        settings = run_settings(mode="generate", **dict(zip(_GENERATED, values, strict=True)))
        yield from _streamed(settings, _picked(None))


def _picked(picture: str | None) -> Picked:
    """What was sent, called what it is to the sender; any picture for a run that needs none."""
    if picture is None or not picture:
        return Picked("the picture", draw(0))
    return replace(Picked.of_file(Path(picture)), name="the picture")


def _streamed(settings: RunSettings, picked: Picked) -> Streamed:
    watched, pace = Watched(settings, picked), Pace(SECONDS)
    for step in watched.walk():
        if pace.due(step.is_last):
            found = run_view.report(watched.run) if step.is_last else _progress(watched.run, step)
            yield stored(to_image(step.x0[0])), found


def _progress(run: Run, step: Step) -> dict[str, Any]:
    done = {"step": step.index + 1, "steps": step.total, "timestep": step.timestep}
    return done | {"mean": run.means[step.timestep], "target": run.known_target}


@takes(
    PICTURE,
    Field("variants", "names of the networks to compare; all that are available if it is left out", _NAMES),
    *of_settings(*_SHARED),
)
def compare(picture: str | None, variants: list[str] | None, *shared) -> tuple[list[Any], dict[str, Any]]:
    """Restore one picture with several networks from the same noise, and rank them by shift and by MSE.

    Each network gets the picture as bright as it was trained on, unless brightness is given. Returns the
    restored pictures with their networks' names, and a report: for every network its rank by eye (CIEDE2000
    between the mean colours, as at full brightness) and by MSE, and the pairs in which MSE prefers the
    picture whose colour is visibly further off.
    """
    with refusals_shown():
        if not picture:
            raise Refusal("There is no picture to restore: send one.")
        names = variants or checkpoints.available()
        values = dict(zip(_SHARED, shared, strict=True))
        picked = _picked(picture)
        trials = Trials(picked, [run_settings(variant=name, **values) for name in names])
        for _ in trials.walk():
            pass
        for outcome in trials.found:
            if isinstance(outcome, Refusal):
                raise outcome
        pictures = [_shown(outcome) for outcome in trials.outcomes]
        return pictures, _ranked(trials.outcomes, picked) | {"notes": picked.notes(run_settings())}


@takes(PICTURE, *of_settings(*FIELDS))
def explain(picture: str | None = None, *values) -> dict[str, Any]:
    """Take one run's colour shift apart: repeat it on the same noise with one cause removed at a time.

    A cause contributes what the shift of the run is more than without it. All are signed means of R, G, B of
    255, and total = sum of the contributions + remainder + interaction. Swaps, such as another sampler, are
    no causes and are in no sum. It takes a run for every cause and swap, and says so in words at the end.
    """
    with refusals_shown():
        settings = settings_of(values)
        if settings.mode == "restore" and not picture:
            raise Refusal("There is no picture to explain the run with: send one, or set mode to generate.")
        watched = Watched(settings, _picked(picture))
        job = ExplanationJob(watched.run, watched)
        for _ in job.walk():
            pass
        return _explained(job.explanation) | watched.run.provenance | {"notes": watched.run.notes}


def _shown(outcome: Outcome) -> tuple[str, str]:
    return stored(to_image(outcome.result)), outcome.settings.variant


def _ranked(outcomes: list[Outcome], picked: Picked) -> dict[str, Any]:
    places = zip(outcomes, ranks(outcomes, by_eye), ranks(outcomes, by_mse), strict=True)
    runs = [
        {
            "variant": outcome.settings.variant,
            "rank_by_eye": eye,
            "rank_by_mse": mse,
            "delta_e": outcome.delta_e,
            "mse": outcome.mse,
            "shift": outcome.shifts,
            "settings": outcome.settings.model_dump(),
            "measures": asdict(outcome.measures),
            **Run(outcome.settings, picked.pixels(outcome.settings), origin=picked.origin).provenance,
        }
        for outcome, eye, mse in places
    ]
    pairs = [
        {
            "mse_prefers": pair.preferred.settings.variant,
            "truer_colour": pair.truer.settings.variant,
            "by": pair.by,
        }
        for pair in disagreements(outcomes)
    ]
    return {"runs": runs, "disagreements": pairs}


def _explained(explanation: Explanation) -> dict[str, Any]:
    def row(question: Question) -> dict[str, Any]:
        cause = question.cause
        contribution = _numbers(explanation.contribution(question))
        return {
            "name": cause.name,
            "title": cause.title,
            "meaning": cause.sentence,
            "contribution": contribution,
        }

    return {
        "settings": explanation.run.settings.model_dump(),
        "total": _numbers(explanation.total),
        "causes": [row(question) for question in explanation.causes],
        "remainder": _numbers(explanation.remainder),
        "interaction": _numbers(explanation.interaction),
        "swaps": [row(question) for question in explanation.swaps],
        "verdict": " ".join(reasons(explanation)),
    }


def _numbers(colour: Tensor | None) -> list[float] | None:
    """R, G, B as JSON has them; None of what has not been computed."""
    return None if colour is None else colour.tolist()


@takes(
    Field("reference", "the original picture, as a file, base64 or a data URL"),
    Field("image", "the picture that may have shifted, likewise, of the same size"),
    Field(
        "brightness",
        "what both pictures were dimmed to, above 0 and at most 1; 1 if it is left out",
        {"type": "number"},
    ),
)
def measure(reference: str | None, image: str | None, brightness: float | None) -> dict[str, Any]:
    """Measure how far a picture's colours are from another's, in figures and in words.

    Shifts of R, G and B are signed means of 255; delta_e is the CIEDE2000 distance of the mean colours, of
    which 1 is just visible; ssim and psnr compare the structure; mse_shift is the part of the mean
    squared error that is colour shift.
    """
    with refusals_shown():
        if not reference or not image:
            raise Refusal("Two pictures are needed: send reference and image.")
        shift = api.measure(Path(reference), Path(image), 1.0 if brightness is None else brightness)
        return asdict(shift.measures) | {"verdict": shift.in_words}


@takes(
    *of_settings("variant", "beta_start", "beta_end"),
    Field(
        "zero_terminal_snr", "whether betas are rescaled so that nothing is left at 999", {"type": "boolean"}
    ),
    Field(
        "timesteps",
        "where to read the schedule, whole numbers from 0 to 999",
        {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": LAST_TIMESTEP}},
    ),
)
def schedule(
    variant: str | None,
    beta_start: float | None,
    beta_end: float | None,
    zero_terminal_snr: bool | None,
    timesteps: list[float] | None,
) -> dict[str, Any]:
    """Read a noise schedule: what its betas leave of a picture at chosen timesteps and leak at the last.

    Whatever is left out is as the variant was trained. For each timestep: beta, alpha_cumprod, signal (what
    the picture is multiplied by), noise, and the signal-to-noise ratio in dB, no lower than −60.
    kept_colour is the signal leak: the share, 0 to 1, of a picture's mean colour that a perfect denoiser
    still reads from the last timestep, for pictures like those that the variant has learned.
    """
    with refusals_shown():
        settings = run_settings(variant=variant, beta_start=beta_start, beta_end=beta_end)
        row = settings.row
        rescaled = row.zero_terminal_snr if zero_terminal_snr is None else zero_terminal_snr
        curves = Curves(settings.beta_start, settings.beta_end, row.beta_schedule, rescaled)
        read = [_read(curves, timestep) for timestep in timesteps or TIMESTEPS]
        figures = asdict(curves) | {"timesteps": read, "terminal_snr_db": curves.snr[-1].item()}
        return figures | {"kept_colour": signal_leak(curves, row.name)}


@takes()
def variants() -> list[dict[str, Any]]:
    """List the experiments: what each changes, what it shows, and whether its network is available here."""
    there = checkpoints.available()
    return [asdict(row) | {"available": name in there} for name, row in VARIANTS.items()]


def _read(curves: Curves, timestep: float) -> dict[str, Any]:
    if not (isinstance(timestep, int | float) and timestep in range(TRAIN_TIMESTEPS)):
        raise Refusal(f"Timesteps are whole numbers from 0 to {LAST_TIMESTEP}, and {timestep!r} is none.")
    timestep = int(timestep)  # JSON has one kind of number, and some clients write 500.0
    names = {"beta": "betas", "alpha_cumprod": "alphas_cumprod", "signal": "signal", "noise": "noise"}
    figures = {name: getattr(curves, curve)[timestep].item() for name, curve in names.items()}
    return {"timestep": timestep} | figures | {"snr_db": curves.snr[timestep].item()}
