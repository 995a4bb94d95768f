"""What the settings mean, said before anything runs."""

from html import escape
from typing import Any

from PIL import Image

from lowlight_ddpm.diffusion.backends import TITLES, backend_here, seconds_per_call, tile_count
from lowlight_ddpm.diffusion.schedule import signal_and_noise
from lowlight_ddpm.diffusion.settings import RunSettings, run_settings
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images.reading import entire_size
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.ui.messages import about
from lowlight_ddpm.ui.worker import source
from lowlight_ddpm.variants import Variant, find_variant


def description(variant: str) -> str:
    """What a variant teaches, as HTML."""
    return f'<p class="note">{escape(find_variant(variant).description)}</p>'


def signal(settings: RunSettings) -> str:
    """How much of the picture is left where the run starts, as HTML."""
    if settings.mode == "generate":
        return '<p class="hint"><b>All noise</b>: nothing of an image is left.</p>'
    left, noise = signal_and_noise(settings.alphas_cumprod[settings.start].item())
    return f'<p class="hint">Signal left <b>{left:.0%}</b>, noise <b>{noise:.0%}</b>.</p>'


def plan(values: dict[str, Any], picture: Image.Image) -> tuple[str, str]:
    """(signal, plan) as HTML for the controls' values: the time that `picture` takes, and what is unusual."""
    try:
        settings = run_settings(**values)
        notes = [_estimate(settings, picture), *_departures(settings, settings.row)]
        return signal(settings), _list(notes)
    except Refusal as refusal:
        return "", _list([str(refusal)], "plan refused")


def seconds(settings: RunSettings, picture: Image.Image) -> float:
    """How long a run on `picture` takes here; a network is timed once. Raises Refusal for too much."""
    height = width = settings.size
    if settings.whole:
        width, height = entire_size(picture.size, settings.size)
    source.LIMITS.check(settings.steps, height * width)
    source.settle_threads()
    per_call = seconds_per_call(checkpoints.load(settings.variant), height, width, settings.backend)
    return per_call * settings.steps


def _estimate(settings: RunSettings, picture: Image.Image) -> str:
    calls = "1 network call" if settings.steps == 1 else f"{settings.steps} network calls"
    if settings.whole:
        width, height = entire_size(picture.size, settings.size)
        calls += f" on {tile_count(height, width, settings.size)} tiles of {width}×{height} pixels"
    return f"Takes {about(seconds(settings, picture))}: {calls} by {TITLES[backend_here(settings.backend)]}."


def _departures(settings: RunSettings, trained: Variant) -> list[str]:
    """What differs from how the network was trained."""
    notes = []
    if backend_here(settings.backend) != settings.backend:
        notes.append(f"{TITLES[settings.backend]} is not to be had here.")
    if settings.mode == "restore" and trained.source:
        notes.append(f"This network has learned from {trained.subject} alone.")
    if settings.mode == "restore" and settings.brightness != trained.brightness:
        notes.append(
            f"This network was trained at brightness {trained.brightness:g}; "
            f"it has never seen pictures at {settings.brightness:g}."
        )
    if (settings.beta_start, settings.beta_end) != (trained.beta_start, trained.beta_end):
        notes.append(
            "The same weights run on a new noise schedule: at every step the network is told the timestep "
            "of its own schedule that has the matching noise level."
        )
    if settings.mean_correction != "off" and (trained.prediction_type != "epsilon" or trained.offset_noise):
        notes.append(
            "The mean correction is for networks that predict noise: it made those of ours worse that "
            "predict v or the image, or that learned with offset noise."
        )
    return notes


def _list(notes: list[str], classes: str = "plan") -> str:
    items = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return f'<ul class="{classes}">{items}</ul>'
