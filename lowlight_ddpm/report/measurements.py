"""What the study measured, as Markdown: claims and verdicts, denoised images, samples, mechanisms."""

import json
import math
from collections.abc import Iterable, Iterator

import pandas as pd

from lowlight_ddpm.diffusion.settings import LAST_TIMESTEP
from lowlight_ddpm.diffusion.transmission import LEVELS
from lowlight_ddpm.figures import Inputs, Missing
from lowlight_ddpm.paths import DOCS
from lowlight_ddpm.study import results
from lowlight_ddpm.study.bootstrap import Interval, interval
from lowlight_ddpm.study.claims import CLAIMS, Claim
from lowlight_ddpm.study.findings import Finding, Outcome, findings
from lowlight_ddpm.study.headlines import HEADLINES, MEASURES, Measure
from lowlight_ddpm.study.misleading import misleading_share
from lowlight_ddpm.study.protocol import FINE_STEPS, STEPS, VARIANCES
from lowlight_ddpm.study.verdicts import VERDICTS
from lowlight_ddpm.variants import VARIANTS


def table(heads: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    heads = list(heads)
    rule = ["---"] * len(heads)
    return "\n".join(f"| {' | '.join(line)} |" for line in (heads, rule, *lines))


def signed(figure: Interval | None, unit: str = "") -> str:
    """A difference or shift with its interval, or a dash where there is none."""
    if figure is None:
        return "–"
    return f"{_sign(figure.mean)}{unit} ({_sign(figure.low)} to {_sign(figure.high)})"


def _sign(value: float) -> str:
    # Adding 0.0 turns a rounded -0.0 into 0.0.
    return f"{round(value, 2) + 0.0:+.2f}".replace("-", "−")


def verdicts(inputs: Inputs, claims: tuple[Claim, ...] = CLAIMS, source: str | None = None) -> str:
    """One line for every comparison: the difference, what it is of, and the verdict if it is a headline.

    `source` names the images that were denoised; the photographs if it is left out.
    """
    heads = ("", "compared", "what", "difference (95 %)", "of", "verdict")
    found = findings(inputs.rows, claims, source or inputs.photographs, inputs.judged)
    return table(heads, _verdict_lines(found))


def in_short(inputs: Inputs) -> str:
    """One line for each headline among the post's claims: the difference and the verdict."""
    found = findings(inputs.rows, CLAIMS, inputs.photographs, inputs.judged)
    lines = [
        (
            f.claim.text,
            f"{MEASURES[f.comparison.measure].meaning}, {f.comparison.sides}",
            difference(f),
            said(f),
        )
        for f in found
        if f.comparison in HEADLINES.values()
    ]
    return table(("the post says", "we compare", "difference (95 %)", "verdict"), lines)


def misleading(inputs: Inputs) -> str:
    """How often MSE prefers the image with the visibly worse colour."""
    share = misleading_share(inputs.rows, inputs.photographs)
    if share is None:
        return "No two networks have denoised the same images yet."
    return (
        "Of all pairs of variants on one image and noise, denoised from timestep 600, MSE prefers the one "
        f"with the visibly worse colour in {share.mean:.0%} ({share.low:.0%} to {share.high:.0%})."
    )


def _verdict_lines(found: Iterator[Finding]) -> Iterator[tuple[str, ...]]:
    written = None
    for finding in found:
        claim = "" if finding.claim is written else finding.claim.text
        written, c = finding.claim, finding.comparison
        basis = finding.outcome.basis if finding.outcome else "–"
        what = MEASURES[c.measure].meaning + (f", from {c.start}" if c.start is not None else "")
        yield claim, c.sides, what, difference(finding), basis, said(finding)


def difference(finding: Finding) -> str:
    """A finding's difference with its interval, as factors where its measure is judged by them."""
    if finding.outcome is None:
        return "–"
    return outcome_difference(finding.outcome, MEASURES[finding.comparison.measure])


def outcome_difference(outcome: Outcome, measure: Measure) -> str:
    """The same of what is no finding on a claim."""
    mean, low, high = outcome.interval
    if math.isnan(low):
        return value(mean, measure)
    if measure.logarithm:
        return f"×{_factor(mean)} ({_factor(low)} to {_factor(high)})"
    return signed(Interval(mean, low, high), measure.unit)


def said(finding: Finding) -> str:
    """The verdict, and what could have been found where there is none to tell."""
    if finding.smallest is None:
        return f"**{finding.verdict}**" if finding.verdict in VERDICTS else finding.verdict
    least = value(finding.smallest, MEASURES[finding.comparison.measure])
    return f"**{finding.verdict}**; would be from {least} on"


def value(figure: float, measure: Measure) -> str:
    """A difference in the scale of its measure, as a factor where it is judged by them."""
    return f"×{_factor(figure)}" if measure.logarithm else f"{_sign(figure)}{measure.unit}"


def _factor(logarithm: float) -> str:
    factor = math.exp(logarithm)
    return f"{factor:.2f}" if factor < 10 else f"{factor:.0f}"


_AXES = "rgb"


def restorations(inputs: Inputs, start: int, source: str | None = None) -> str:
    """Signed shifts, their size at full brightness, similarity and detail, from timestep `start`."""
    rows = inputs.restored(source=source or inputs.photographs, start=start)
    lines = []
    for name, group in rows.groupby("variant", sort=False):
        shifts = (signed(interval(group, f"shift_{axis}")) for axis in _AXES)
        tint, ssim, detail = (group[column].mean() for column in ("tint", "ssim", "detail"))
        lines.append((name, *shifts, f"{tint:.2f}", f"{ssim:.3f}", f"{detail:.2f}"))
    heads = "variant", "ΔR", "ΔG", "ΔB", "size / brightness", "SSIM", "detail over the original's"
    return table(heads, lines)


def colours(inputs: Inputs) -> str:
    """Mean colour of 64 samples of every variant minus the training set's, raw and at full brightness."""
    heads = ("variant", "ΔR", "ΔG", "ΔB", "ΔR, ΔG, ΔB / brightness", "border's deviation", "training set's")
    return table(heads, _colour_lines(inputs))


def means(inputs: Inputs) -> str:
    """Mean colour of 64 samples of every variant and of its training set, raw, in 1/255."""
    lines = []
    for name, group in _by_variant(inputs):
        learned = inputs.learned(name)
        lines.append(
            (name, *(" ".join(f"{rows[f'mean_{a}'].mean():.1f}" for a in _AXES) for rows in (group, learned)))
        )
    return table(("variant", "its samples, R G B", "what it learned from"), lines)


def zero_terminal_snr(inputs: Inputs) -> str:
    """Zero terminal SNR with v, and the same network without: shift, and how backgrounds are spread."""
    lines = []
    for steps in (STEPS, FINE_STEPS):
        for name in ("dim-deep", "dim-deep-zsnr"):
            found = _samples(inputs, name, steps)
            if found is not None:
                shift, border = _worst(found, "shift"), _worst(found, "border_std")
                lines.append((name, str(steps), f"{shift:.2f}", f"{border:.2f}", *_ground(found)))
    heads = ("variant", "steps", "largest channel shift", "largest border deviation", *_GROUND)
    return table(heads, lines)


_GROUND = ("background error, mean", "median", f"above {results.OFF:g}")


def _ground(sample: pd.Series, name: str = "ground") -> tuple[str, str, str]:
    """The columns _GROUND of a row of results.samples(), or those of the training set."""
    mean, median, share = (sample.loc[f"{name}{part}"] for part in ("", "_median", "_share"))
    return f"{mean:.1f}", f"{median:.1f}", f"{share:.0%}"


def backgrounds(inputs: Inputs) -> str:
    """Background errors of 64 samples of every variant, and how far the set is from the training set.

    At full brightness, in 1/255. The distance is that of the border's channel which is farthest.
    """
    rows = results.samples(inputs.sampled(steps=STEPS), inputs.results)
    lines = []
    for _, found in rows.iterrows():
        brightness = VARIANTS[found.variant].brightness
        axis = max(_AXES, key=lambda axis: found[f"distance_border_{axis}"])
        far, chance = (found[f"{kind}_border_{axis}"] / brightness for kind in ("distance", "chance"))
        learned = ", ".join(_ground(found, "training_ground"))
        lines.append((found.variant, *_ground(found), learned, f"{far:.1f}", f"{chance:.1f}"))
    return table(("variant", *_GROUND, "training set's", "distance of the sets", "by chance"), lines)


def repetition(inputs: Inputs) -> str:
    """How near samples come to the nearest training image, compared with images that were held out."""
    lines = []
    for name, group in _by_variant(inputs):
        if "nearest" not in group or group.nearest.isna().all():
            continue
        brightness = group.brightness.iloc[0]
        distances = group.nearest / brightness
        unseen = pd.Series(results.held_out_nearest(name, inputs.results)) / brightness
        nearer = (distances < unseen.min()).mean()
        figures = (distances.median(), distances.min(), unseen.median(), unseen.min())
        lines.append((name, *(f"{figure:.1f}" for figure in figures), f"{nearer:.0%}"))
    heads = (
        "variant", "samples, median", "samples, min", "held out, median", "held out, min",
        "samples nearer than any held out",
    )  # fmt: skip
    return table(heads, lines)


def _colour_lines(inputs: Inputs) -> Iterator[tuple[str, ...]]:
    for name, group in _by_variant(inputs):
        brightness, learned = VARIANTS[name].brightness, inputs.learned(name)
        shifts = []
        for axis in _AXES:
            column = f"mean_{axis}"
            own = group.assign(**{column: group[column] - learned[column].mean()})
            shifts.append(interval(own, column))
        full = ", ".join(f"{shift.mean / brightness:+.1f}".replace("-", "−") for shift in shifts)
        borders = (_deviations(rows) for rows in (group, learned))
        yield name, *(signed(Interval(*shift)) for shift in shifts), full, *borders


def _deviations(rows: pd.DataFrame) -> str:
    """The deviation of the border's R, G, B from image to image, in 1/255."""
    return " ".join(f"{rows[f'border_{axis}'].std(ddof=0):.1f}" for axis in _AXES)


def _by_variant(inputs: Inputs) -> Iterator[tuple[str, pd.DataFrame]]:
    """(variant, its 64 samples) with training defaults, in the table's order."""
    groups = inputs.sampled(steps=STEPS).groupby("variant", sort=False)
    return ((str(name), samples) for name, samples in groups)


def _samples(inputs: Inputs, name: str, steps: int) -> pd.Series | None:
    rows = results.samples(inputs.sampled(), inputs.results)
    found = rows[(rows.variant == name) & (rows.steps == steps)]
    return None if found.empty else found.iloc[0]


def _worst(sample: pd.Series, column: str) -> float:
    return max(abs(sample.loc[f"{column}_{axis}"]) for axis in _AXES)


def tint_transmission(inputs: Inputs, tint: str) -> str:
    """A line for every variant, a column for every √ᾱ: the tint transmission, and a perfect denoiser's."""
    rows = inputs.tint_transmission
    lines = []
    for name, group in rows.loc[(rows.tint == tint) & (rows.cycles == 0), :].groupby("variant", sort=False):
        found = {row.signal: f"{row.kept:.2f} / {row.perfect:.2f}" for row in group.itertuples()}
        lines.append((name, *(found.get(signal, "–") for signal in LEVELS)))
    return table(("variant", *(f"√ᾱ = {signal:g}" for signal in LEVELS)), lines)


def signal_leak(inputs: Inputs) -> str:
    """Mean sizes of the measured and the predicted change of results' colours, in 1/255, and the slope."""
    lines = []
    for name, pairs in changes(inputs).groupby("variant", sort=False):
        measured, predicted = pairs.measured.abs().mean(), pairs.predicted.abs().mean()
        slope = f"{slope_of(pairs):.2f}" if predicted >= 0.005 else "–"
        lines.append((name, f"{measured:.2f}", f"{predicted:.2f}", slope))
    return table(("variant", "measured change", "closed form", "slope"), lines)


def changes(inputs: Inputs) -> pd.DataFrame:
    """One row for every image, noise seed and channel: `variant`, and the change `measured`, `predicted`.

    Measured is the colour of the result that started with the image's part in x_T less that of the one
    that started without, on the same noise; predicted is schedule.missing_colour. Both in 1/255. Raises
    Missing where no variant has both.
    """
    rows = inputs.rows
    last = (rows["mode"] == "restore") & (rows.start == LAST_TIMESTEP) & (rows.steps == STEPS)
    rows = rows.loc[last & (rows.variance_type == VARIANCES[0]) & (rows.sampler == "ddpm"), :]
    leaks = rows.leaks.astype(bool)
    keys = ["variant", "source", "brightness", "picture", "seed"]
    pairs = rows[leaks].merge(rows[~leaks], on=keys, suffixes=("", "_without"))
    if pairs.empty:
        raise Missing("results/ holds no variant started without the picture's part in x_T yet")
    channels = [
        pd.DataFrame(
            {
                "variant": pairs.variant,
                "measured": pairs[f"shift_{axis}"] - pairs[f"shift_{axis}_without"],
                "predicted": pairs[f"leak_{axis}_without"],
            }
        )
        for axis in _AXES
    ]
    return pd.concat(channels, ignore_index=True)


def slope_of(pairs: pd.DataFrame) -> float:
    """The least-squares slope through the origin of measured over predicted changes: Σxy / Σx²."""
    return float((pairs.measured * pairs.predicted).sum() / pairs.predicted.pow(2).sum())


COUNTED_BY_EYE = DOCS / "looked-at.json"


def counted_by_eye(_: Inputs) -> str:
    """The counts on the grids samples-NAME, and what was counted."""
    record = json.loads(COUNTED_BY_EYE.read_text(encoding="utf-8"))
    counts = [
        f"{grid['pictures'] - len(grid['left out'])} of {grid['pictures']} ({name.removeprefix('samples-')})"
        for name, grid in record["grids"].items()
    ]
    return f"Plainly butterflies, counted by eye: {', '.join(counts)}. What counts is {record['counts']}."
