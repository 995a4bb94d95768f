"""A grid of runs over two settings: what may be varied, which combinations can be, what is read off them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from matplotlib import colormaps
from matplotlib.colors import to_hex
from skimage.color import rgb2xyz

from lowlight_ddpm.analysis.compare import Outcome
from lowlight_ddpm.diffusion.samplers import SAMPLERS
from lowlight_ddpm.diffusion.settings import LightName, MeanCorrection, RunSettings, run_settings
from lowlight_ddpm.errors import Refusal, shown
from lowlight_ddpm.variants import STUDY, VarianceType

MOST = 25  # runs of a grid

Value = float | int | str | bool


@dataclass(frozen=True)
class Axis:
    """A setting that may be varied: its `title`, the `values` offered, and those `proposed` of them."""

    title: str
    values: tuple[Value, ...]
    proposed: tuple[Value, ...]


@dataclass(frozen=True)
class Measure:
    """A figure of an Outcome: `read` gives it, None where it is undefined; `form` is its format."""

    title: str
    meaning: str
    read: Callable[[Outcome], float | None]
    form: str


AXES: dict[str, Axis] = {
    "start": Axis("Start timestep", (5, 50, 100, 200, 300, 400, 500, 600, 800, 999), (100, 300, 600)),
    "steps": Axis("Steps", (1, 2, 5, 10, 20, 50, 100, 250), (5, 10, 20)),
    "variant": Axis("Network", tuple(STUDY), ("bright", "dim", "dim-deep")),
    "brightness": Axis("Brightness", (0.1, 0.25, 0.5, 0.75, 1.0), (0.25, 0.5, 1.0)),
    "light": Axis("Light", get_args(LightName), get_args(LightName)),
    "sampler": Axis("Sampler", tuple(SAMPLERS), ("ddpm", "ddim", "dpm++")),
    "variance_type": Axis("Variance type", get_args(VarianceType), ("fixed_small", "fixed_large")),
    "beta_start": Axis("Beta start", (1e-5, 1e-4, 5e-4, 1e-3, 5e-3), (1e-4, 5e-4, 1e-3)),
    "beta_end": Axis("Beta end", (0.005, 0.01, 0.015, 0.02, 0.05, 0.15), (0.01, 0.02, 0.05)),
    "epsilon_scale": Axis("Epsilon scale", (0.98, 0.99, 1.0, 1.006, 1.02), (0.99, 1.0, 1.006)),
    "clip": Axis("Clip x0", (False, True), (False, True)),
    "clip_to_data": Axis("Clip x0 to the data", (False, True), (False, True)),
    "mean_correction": Axis("Mean correction", get_args(MeanCorrection), ("off", "training")),
    "anchor": Axis("Anchor", (False, True), (False, True)),
    "seed": Axis("Seed", tuple(range(10)), (0, 1, 2)),
}

MEASURES: dict[str, Measure] = {
    "shift": Measure("Colour shift", "root mean square over R, G, B, of 255", lambda o: o.shift, ".1f"),
    "delta_e": Measure("ΔE", "CIEDE2000 of the mean colours, 1 is just visible", lambda o: o.delta_e, ".1f"),
    "shift_r": Measure("ΔR", "signed shift of red, of 255", lambda o: o.shifts[0], "+.1f"),
    "shift_g": Measure("ΔG", "signed shift of green, of 255", lambda o: o.shifts[1], "+.1f"),
    "shift_b": Measure("ΔB", "signed shift of blue, of 255", lambda o: o.shifts[2], "+.1f"),
    "ssim": Measure("SSIM", "structural similarity, 1 is equal", lambda o: o.measures.ssim, ".2f"),
    "mse": Measure("MSE", "mean squared error, 0 is equal", lambda o: o.mse, ".4f"),
}


def settings_grid(
    given: dict[str, Any],
    across: str,
    columns: Sequence[Value],
    down: str,
    rows: Sequence[Value],
    make: Callable[..., RunSettings] = run_settings,
) -> list[list[RunSettings | Refusal]]:
    """The settings of every run, a list for each of `rows`: those `given`, with the two axes varied.

    `given` is as for `make`, one of diffusion.settings: whatever it leaves out or has as None is as each
    run's network was trained. An impossible combination is a Refusal that says why. Raises Refusal for a grid
    that cannot be: one setting on both axes, an axis without values, more than MOST runs.
    """
    for name in (across, down):
        if not isinstance(name, str) or name not in AXES:
            raise Refusal(f"There is no axis {shown(name)}: choose among {', '.join(AXES)}.")
    if across == down:
        raise Refusal(f"Both axes vary {AXES[across].title.lower()}: choose another setting for one of them.")
    if not columns or not rows:
        empty = AXES[across if not columns else down]
        raise Refusal(f"Nothing is chosen for {empty.title.lower()}: tick at least one value.")
    if len(columns) * len(rows) > MOST:
        raise Refusal(f"{len(columns)} × {len(rows)} runs are too many: choose values for at most {MOST}.")
    return [[_possible(make, given | {down: row, across: column}) for column in columns] for row in rows]


def _possible(make: Callable[..., RunSettings], values: dict[str, Any]) -> RunSettings | Refusal:
    try:
        return make(**values)
    except Refusal as refusal:
        return refusal


def span(values: Sequence[float]) -> tuple[float, float]:
    """The lowest and the highest of `values`, which are one or more."""
    return min(values), max(values)


def share(value: float, low: float, high: float) -> float:
    """Where `value` lies between `low` and `high`, from 0 to 1; in the middle where they are one."""
    return (value - low) / (high - low) if high > low else 0.5


def shade(share: float) -> tuple[str, str]:
    """(fill, ink) of one square of a heat map as hex colours; `share` is from 0, dark, to 1, light.

    The fill is of cividis, which is even in lightness and reads alike with every colour vision (Nuñez,
    Anderton & Renslow 2018); the ink is black or white, whichever has the higher contrast (WCAG 2.2): at
    least 4.58:1.
    """
    colour = colormaps["cividis"](share)[:3]
    luminance = rgb2xyz(colour)[1]
    black_contrast, white_contrast = (luminance + 0.05) / 0.05, 1.05 / (luminance + 0.05)
    return to_hex(colour), "#000000" if black_contrast >= white_contrast else "#ffffff"
