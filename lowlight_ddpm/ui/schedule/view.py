"""Two noise schedules compared, as HTML: the same image under both, their metrics, and their curves."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from html import escape

import torch
from torch import Tensor

from lowlight_ddpm.diffusion.sampling import add_noise, randn
from lowlight_ddpm.diffusion.schedule import SNR_LIMIT, Curves
from lowlight_ddpm.diffusion.settings import LAST_TIMESTEP, run_settings
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.runs.run import Run
from lowlight_ddpm.ui.components.run_view import gain, panel
from lowlight_ddpm.ui.html.charts import Axis, end_labels, plot, points, polyline, svg, vertical_line
from lowlight_ddpm.ui.session import Session
from lowlight_ddpm.variants import find_variant

KINDS = ("custom", "trained")  # the two schedules, as SchedulePair, Line and the page call them
# attribute of SchedulePair and Line -> what the page calls it
# The schedules of the post and the known correction, by the experiment that is trained with each.
SCHEDULES = {
    "dim": "The post's control",
    "dim-deep-low": "Low betas",
    "dim-deep-mid": "Middle betas",
    "dim-deep-high": "High betas",
    "dim-deep-zsnr": "Zero terminal SNR",
}
TYPES_TITLE = "Four variance types, two noise levels"
TYPES = (
    "“fixed_small_log” adds the same noise as “fixed_small”, and “fixed_large_log” the same as "
    "“fixed_large”. With all 1000 steps small and large differ at the lowest timesteps alone, the last "
    "that are sampled; with fewer, each step is longer, and they differ more."
)
SCALE = (
    "Signal and noise are the factors that multiply the image and the noise. The signal leak is what the "
    "last timestep still reveals of an image; pure noise, where generating starts, reveals nothing."
)
# Curves bend most at their ends: every timestep there, and every sixteenth between.
DRAWN = (*range(16), *range(16, LAST_TIMESTEP - 16, 16), *range(LAST_TIMESTEP - 16, LAST_TIMESTEP + 1))


@dataclass(frozen=True)
class SchedulePair:
    """An image, a timestep and two schedules: the one that the variant is trained with, and a custom one."""

    run: Run
    trained: Curves
    custom: Curves
    brightened: bool = False

    @classmethod
    def of(cls, session: Session, variant: str, beta_start: float, beta_end: float, zero_snr: bool, at: int):
        """The pair for the controls' values. Raises Refusal if they contradict each other."""
        settings = run_settings(variant=variant, beta_start=beta_start, beta_end=beta_end, start=at, steps=1)
        row = find_variant(variant)
        custom = Curves(settings.beta_start, settings.beta_end, row.beta_schedule, zero_snr)
        run = Run(settings, session.picked.pixels(settings))
        return cls(run, Curves.trained(row), custom, session.brightened)

    @property
    def both(self) -> dict[str, Curves]:
        """The two schedules by their names, in the order of the panels."""
        return {"trained": self.trained, "custom": self.custom}


@dataclass(frozen=True)
class Chart:
    """One plot over the timesteps: its title, its note, how its values are written, and their range.

    `low` and `high` None are those of the values; whatever lies beyond them leaves the plot. With
    `logarithmic`, the timesteps 1 to 999 are on a logarithmic axis, else 0 to 999 on a linear one.
    """

    title: str
    note: str
    write: Callable[[float], str]
    low: float | None = None
    high: float | None = None
    logarithmic: bool = False


@dataclass(frozen=True)
class Line:
    """One quantity of both schedules, float (1000,) each; `name` labels it where a plot has several."""

    trained: Tensor
    custom: Tensor
    name: str = ""


def scene(pair: SchedulePair) -> str:
    """HTML of the images, the metrics and the curves."""
    charts = ""
    for chart, curves in _charts(pair):
        lines = [Line(getattr(pair.trained, c), getattr(pair.custom, c), name) for c, name in curves]
        charts += draw(chart, lines, pair.run.settings.start)
    return (
        f'<div class="panels">{_images(pair)}</div>{_metrics(pair)}<p class="note">{SCALE}</p>'
        f'<div class="charts">{charts}<p class="aside"><b>{TYPES_TITLE}</b> {TYPES}</p></div>'
    )


def table(variant: str) -> str:
    """HTML: what the last timestep of each of SCHEDULES reveals of a variant's training images.

    The button of a row has the row's name as its data-value.
    """
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("Schedule", "Signal at 999", "Signal leak"))
    rows = ""
    for name, title in SCHEDULES.items():
        curves = Curves.trained(find_variant(name))
        betas = f"{curves.beta_start:g} to {curves.beta_end:g}"
        button = f'<button type="button" data-value="{name}">{escape(title)} <span>{betas}</span></button>'
        shares = (curves.signal[-1].item(), signal_leak(curves, variant))
        columns = "".join(f"<td>{escape(percent(share))}</td>" for share in shares)
        rows += f'<tr><th scope="row">{button}</th>{columns}</tr>'
    return (
        '<table class="schedules"><caption>What is left at the last timestep</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    )


def signal_leak(curves: Curves, variant: str) -> float | None:
    """The signal leak, 0..1, of a schedule for images like those that a variant is trained on.

    None where their colours are not known.
    """
    row, record = find_variant(variant), checkpoints.record(variant)
    if "channel_covariance" not in record:
        return None
    covariance = torch.tensor(record["channel_covariance"], dtype=torch.float64)
    covariance = checkpoints.frame_of(row, record).enter_covariance(covariance)
    return curves.signal_leak(covariance, row.size**2, row.offset_noise)


def percent(share: float | None) -> str:
    """A share in per cent: two digits where it is small, and "0%" only for exactly 0."""
    if share is None:
        return "not known"
    if 0 < share < 1e-4:
        return "< 0.01%"
    digits = 0 if share == 0 or share >= 0.0995 else 1 if share >= 0.00995 else 2
    return f"{share:.{digits}%}"


def draw(chart: Chart, lines: list[Line], timestep: int) -> str:
    """HTML of a chart with its `lines`, all of them read at `timestep`."""
    first = 1 if chart.logarithmic else 0
    stops = (1, 10, 100, LAST_TIMESTEP) if chart.logarithmic else (0, 250, 500, 750, LAST_TIMESTEP)
    x = Axis(first, LAST_TIMESTEP, stops, logarithmic=chart.logarithmic)
    values = [getattr(line, kind)[first:] for line in lines for kind in KINDS]
    low = min(curve.min().item() for curve in values) if chart.low is None else chart.low
    high = max(curve.max().item() for curve in values) if chart.high is None else chart.high
    y = Axis.vertical(low, high, chart.write)
    marks = vertical_line("marker", x, max(timestep, first))
    for kind in KINDS:
        for line in lines[::-1]:
            curve = getattr(line, kind).tolist()
            marks += polyline(kind, points(x, y, ((t, curve[t]) for t in DRAWN if t >= first)))
    ends = [("", line.custom[-1].item(), escape(line.name)) for line in lines if line.name]
    summary = _summary(chart, lines, sorted({first, timestep, LAST_TIMESTEP}))
    return (
        f'<figure class="chart"><figcaption><b>{escape(chart.title)}</b> {escape(chart.note)}</figcaption>'
        f"{plot(summary, x, y, marks, end_labels(y, ends))}"
        f"{_readings(chart, lines, timestep)}</figure>"
    )


def _readings(chart: Chart, lines: list[Line], timestep: int) -> str:
    """The values of both schedules at the timestep, each after a sample of its line."""
    items = ""
    for kind in KINDS:
        sample = svg(f'<line class="{kind}" x1="0" x2="100" y1="50" y2="50"/>')
        values = (f"{line.name} {chart.write(getattr(line, kind)[timestep].item())}" for line in lines)
        items += f"<li>{sample}{kind} <b>{escape(', '.join(values).strip())}</b></li>"
    return f'<ul class="readings">{items}</ul>'


def _summary(chart: Chart, lines: list[Line], timesteps: list[int]) -> str:
    """The chart in words: every line's value at the timesteps."""
    sentences = []
    for line in lines:
        for kind in KINDS:
            curve = getattr(line, kind)
            read = ", ".join(f"{chart.write(curve[t].item())} at timestep {t}" for t in timesteps)
            sentences.append(f"{line.name or 'curve'} {kind}: {read}")
    return f"{chart.title}. {'; '.join(sentences)}."


@lru_cache(maxsize=1)
def _noise(size: int) -> Tensor:
    return randn((1, 3, size, size), [torch.Generator().manual_seed(0)])[0]


def _images(pair: SchedulePair) -> str:
    settings = pair.run.settings
    assert pair.run.dim is not None, "the pair's run denoises an image"
    dim = pair.run.dim[0]
    frame = checkpoints.frame_of(settings.row, checkpoints.record(settings.variant))
    exposure = gain(settings, pair.brightened)
    html = panel("clean", "Input", "dimmed", "", dim, exposure)
    for name, curves in pair.both.items():
        alpha_bar = curves.alphas_cumprod[settings.start].item()
        noised = frame.leave(add_noise(frame.enter(dim), _noise(settings.size), alpha_bar))
        html += panel(name, name.capitalize(), f"timestep {settings.start}", "", noised, exposure)
    return html


def _metrics(pair: SchedulePair) -> str:
    """The table of both schedules' metrics, each column below its image."""
    at, variant = pair.run.settings.start, pair.run.settings.variant
    rows = (
        (f"Signal left at timestep {at}", lambda curves: curves.signal[at].item()),
        (f"Noise at timestep {at}", lambda curves: curves.noise[at].item()),
        (f"Signal left at the last, {LAST_TIMESTEP}", lambda curves: curves.signal[-1].item()),
        (
            "Signal leak: mean colour a perfect denoiser recovers there",
            lambda c: signal_leak(c, variant),
        ),
    )
    body = ""
    for heading, value in rows:
        columns = "".join(f"<td>{escape(percent(value(curves)))}</td>" for curves in pair.both.values())
        body += f'<tr><th scope="row">{heading}</th>{columns}</tr>'
    head = "".join(f'<th scope="col">{name.capitalize()}</th>' for name in pair.both)
    return f'<table class="compare"><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table>'


def _charts(pair: SchedulePair) -> tuple[tuple[Chart, list[tuple[str, str]]], ...]:
    """(chart, its lines as (attribute of Curves, name)) of every chart."""
    # With zero terminal SNR the last betas rise to 1, and the others would lie flat along the bottom.
    top = max(max(c.betas.quantile(0.95).item(), c.beta_end) for c in pair.both.values())
    return (
        (Chart("Beta", "variance of the added noise", _short, 0, top), [("betas", "")]),
        (
            Chart("Signal and noise", "factors of the image and of the noise", percent, 0, 1),
            [("signal", "signal"), ("noise", "noise")],
        ),
        (Chart("Signal-to-noise ratio", f"in dB, no lower than −{SNR_LIMIT:.0f}", _decibels), [("snr", "")]),
        (
            Chart("Noise of a reverse step", "standard deviation of what it adds", _short, 0, top**0.5),
            [("large", "large"), ("small", "small")],
        ),
        (
            Chart("Small / large", "their ratio, on logarithmic timesteps", _ratio, logarithmic=True),
            [("small_of_large", "")],
        ),
    )


def _short(value: float) -> str:
    return f"{value:.3g}"


def _ratio(value: float) -> str:
    return f"{100 * value:.3g}%"


def _decibels(value: float) -> str:
    # Adding 0.0 turns a rounded -0.0 into 0.0.
    return f"{round(value, 1) + 0.0:g}".replace("-", "−")
