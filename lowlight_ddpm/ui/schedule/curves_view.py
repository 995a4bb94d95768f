"""What a schedule does, as HTML: a picture under two schedules, their figures, and their curves."""

from dataclasses import dataclass
from functools import lru_cache
from html import escape

import torch
from torch import Tensor

from lowlight_ddpm.diffusion.curves import SNR_LIMIT, Curves
from lowlight_ddpm.diffusion.settings import LAST_TIMESTEP, run_settings
from lowlight_ddpm.diffusion.trajectory import add_noise, randn
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.models.normalization import Frame
from lowlight_ddpm.ui.components.run_view import gain, panel
from lowlight_ddpm.ui.html.chart import NAMES, Chart, Line, chart
from lowlight_ddpm.ui.session import Run, Session
from lowlight_ddpm.variants import find_variant

TYPES_TITLE = "Four variance types, two sizes of noise"
TYPES = (
    "“fixed_small_log” adds what “fixed_small” adds, and “fixed_large_log” what “fixed_large” adds. "
    "Small and large part only in the first timesteps, the last of the walk back."
)
SCALE = (
    "Signal and noise are what the picture and the noise are multiplied by. What the last timestep still "
    "tells of a picture is the terminal leak: pure noise, where generating starts, tells nothing."
)


@dataclass(frozen=True)
class Dialled:
    """A picture, a timestep and two schedules: the variant's own and one that was dialled in."""

    run: Run
    trained: Curves
    dialled: Curves
    brightened: bool = False

    @classmethod
    def of(cls, session: Session, variant: str, beta_start: float, beta_end: float, zero_snr: bool, at: int):
        """What the controls ask for. Raises Refusal where they contradict each other."""
        settings = run_settings(variant=variant, beta_start=beta_start, beta_end=beta_end, start=at, steps=1)
        row = find_variant(variant)
        dialled = Curves(settings.beta_start, settings.beta_end, row.beta_schedule, zero_snr)
        return cls(Run(settings, session.picked), Curves.trained(row), dialled, session.brightened)

    @property
    def both(self) -> dict[str, Curves]:
        """The two schedules by their names."""
        return {"trained": self.trained, "dialled": self.dialled}


def scene(dialled: Dialled) -> str:
    """Pictures, figures and curves, as HTML."""
    figures = f'{_table(dialled)}<p class="note">{SCALE}</p>'
    return f'<div class="panels">{_pictures(dialled)}</div>{figures}{_charts(dialled)}'


def kept_colour(curves: Curves, variant: str) -> float:
    """The terminal leak of a schedule for pictures like those that a variant has learned."""
    row, record = find_variant(variant), checkpoints.record(variant)
    covariance = torch.tensor(record["channel_covariance"], dtype=torch.float64)
    covariance = Frame.of(row, record["channel_mean"]).enter_covariance(covariance)
    return curves.kept_colour(covariance, row.size**2, row.offset_noise)


def percent(share: float) -> str:
    """A share in per cent: two digits where it is small, and "0%" of nothing alone."""
    if 0 < share < 1e-4:
        return "< 0.01%"
    digits = 0 if share == 0 or share >= 0.0995 else 1 if share >= 0.00995 else 2
    return f"{share:.{digits}%}"


@lru_cache(maxsize=1)
def _noise(size: int) -> Tensor:
    return randn((1, 3, size, size), [torch.Generator().manual_seed(0)])[0]


def _pictures(dialled: Dialled) -> str:
    run, at = dialled.run, dialled.run.settings.start
    frame = Frame.of(
        find_variant(run.settings.variant), checkpoints.record(run.settings.variant)["channel_mean"]
    )
    exposure = gain(run.settings, dialled.brightened)
    html = panel("clean", "Input", "dimmed", "", run.dim, exposure)
    for name, curves in dialled.both.items():
        noised = add_noise(frame.enter(run.dim), _noise(run.settings.size), curves.alphas_cumprod[at].item())
        title = NAMES[name].capitalize()
        html += panel(name, title, f"timestep {at}", "", frame.leave(noised), exposure)
    return html


def _table(dialled: Dialled) -> str:
    """The figures of both schedules, each below its picture."""
    at, variant = dialled.run.settings.start, dialled.run.settings.variant
    rows = (
        (f"Signal left at timestep {at}", lambda curves: curves.signal[at].item()),
        (f"Noise at timestep {at}", lambda curves: curves.noise[at].item()),
        (f"Signal left at the last, {LAST_TIMESTEP}", lambda curves: curves.signal[-1].item()),
        ("Mean colour a perfect denoiser still tells from it", lambda c: kept_colour(c, variant)),
    )
    body = ""
    for heading, value in rows:
        cells = "".join(f"<td>{escape(percent(value(curves)))}</td>" for curves in dialled.both.values())
        body += f'<tr><th scope="row">{heading}</th>{cells}</tr>'
    head = "".join(f'<th scope="col">{NAMES[name]}</th>' for name in dialled.both)
    head = f"<thead><tr><td></td>{head}</tr></thead>"
    return f'<table class="compare">{head}<tbody>{body}</tbody></table>'


def _charts(dialled: Dialled) -> str:
    drawn = "".join(
        chart(plot, [_line(dialled, *source) for source in sources], dialled.run.settings.start)
        for plot, sources in _plots(dialled)
    )
    aside = f'<p class="aside"><b>{TYPES_TITLE}</b> {TYPES}</p>'
    return f'<div class="charts">{drawn}{aside}</div>'


def _plots(dialled: Dialled) -> tuple:
    """(plot, its lines as (curve, name)) of each chart."""
    # A zero terminal SNR ends with betas up to 1, before which all others would lie flat on the ground.
    top = max(max(c.betas.quantile(0.95).item(), c.beta_end) for c in dialled.both.values())
    snr = Chart("Signal-to-noise ratio", f"in dB, no lower than −{SNR_LIMIT:.0f}", _decibels)
    return (
        (Chart("Beta", "variance of the noise added", _short, 0, top), [("betas", "")]),
        (
            Chart("Signal and noise", "what multiplies the picture, and the noise", percent, 0, 1),
            [("signal", "signal"), ("noise", "noise")],
        ),
        (snr, [("snr", "")]),
        (
            Chart("Noise of a step back", "deviation of what it adds", _short, 0, top**0.5),
            [("large", "large"), ("small", "small")],
        ),
        (
            Chart("Small over large", "their ratio, timesteps logarithmic", _ratio, logarithmic=True),
            [("small_of_large", "")],
        ),
    )


def _line(dialled: Dialled, curve: str, name: str) -> Line:
    return Line(getattr(dialled.trained, curve), getattr(dialled.dialled, curve), name)


def _short(value: float) -> str:
    return f"{value:.3g}"


def _ratio(value: float) -> str:
    return f"{100 * value:.3g}%"


def _decibels(value: float) -> str:
    # Adding 0.0 turns a rounded -0.0 into 0.0.
    return f"{round(value, 1) + 0.0:g}".replace("-", "−")
