"""The results as pandas tables, read from results/: `from lowlight_ddpm.study.results import table`."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import wasserstein_distance

from lowlight_ddpm.diffusion import perfect_sampler
from lowlight_ddpm.diffusion.samplers import SAMPLERS
from lowlight_ddpm.diffusion.schedule import Curves
from lowlight_ddpm.diffusion.settings import RunSettings
from lowlight_ddpm.metrics.sets import by_chance
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.models.checkpoints import ROOT, available
from lowlight_ddpm.study import store
from lowlight_ddpm.study.protocol import (
    COLOURS,
    CONDITION,
    RESULTS,
    TRAINING_SET,
    network_id,
    training_set_key,
)
from lowlight_ddpm.study.transmission import Transmission
from lowlight_ddpm.variants import find_variant

SETTINGS = [
    "mode", "brightness", "light", "start", "steps", "sampler", "variance_type", "mean_correction",
    "leak_start",
]  # fmt: skip
CONDITION_COLUMNS = ["variant", "source", "leaks", *SETTINGS]
SMOOTHED = 9  # points of a record, about a tenth of a run, that a point of a loss curve is the mean of
OFF = 10.0  # of 255, as at full brightness: a background that is plainly not the training set's
USUAL = {
    name: RunSettings.model_fields[name].default for name in ("sampler", "light", "mean_correction")
}  # of every variant


def table(folder: Path = RESULTS, root: Path = ROOT, kind: str = CONDITION) -> pd.DataFrame:
    """One row for every restored picture and every sample of every variant that is available.

    A variant that has not been measured yet has none; without any, the table is empty. `kind` is that of
    `protocol.Condition`.

    The columns `variant`, `source` (which pictures; None from pure noise), `leaks` (whether x_t held its part
    of the picture) and SETTINGS tell the condition; `as_trained` whether brightness and variance type are the
    variant's own, the light scaled pixels and the sampler DDPM; `seed` and `picture` the row, `run_seed` the
    seed that draws its noise for a run of this one picture. The rest are `colour.Measures` and the `detail`
    of a restored picture, or `protocol.COLOURS` of a sample, empty otherwise. Variants that share
    a network share its rows. `mean_colours` says what `delta_e` is of: means of linear light, or, of results
    older than that, of CIELAB.

    Five columns are made here: `size`, the pictures' side in pixels; in 1/255 as they would be at full
    brightness `tint`, the root mean square of a restoration's three shifts, `excess`, what it is beyond a
    perfect sampler's mean one, empty unless the brightness is the variant's own, and `ground`, that of a
    sample's border colour less the training set's, empty where that is not described; and `detail_error`,
    |ln detail|, so that noise is no detail.
    """
    names = pd.DataFrame([{"variant": name, "network": network_id(name, root)} for name in available(root)])
    measured = pd.DataFrame([row for report in store.records(folder, kind) for row in _rows(report)])
    if measured.empty or names.empty:
        return pd.DataFrame(columns=[*CONDITION_COLUMNS, "as_trained", "seed", "picture"])
    rows = names.merge(measured, on="network").drop(columns="network")
    of_either_mode = ["picture", "mse_shift", "detail", *COLOURS]
    rows = rows.reindex(columns=rows.columns.union(of_either_mode, sort=False))
    rows["as_trained"] = (rows[list(USUAL)] == pd.Series(USUAL)).all(axis=1)
    for setting in ("variance_type", "brightness"):
        own = {name: getattr(find_variant(name), setting) for name in names["variant"]}
        rows["as_trained"] &= rows[setting] == rows.loc[:, "variant"].map(own)
    rows["size"] = rows["variant"].map(lambda name: find_variant(name).size)
    rows["tint"] = 255 * rows["mse_shift"] ** 0.5 / rows["brightness"]
    rows["excess"] = rows["tint"] - _perfect(rows, root)
    rows["ground"] = _ground(rows, folder)
    rows["detail_error"] = np.abs(np.log(rows["detail"].astype(float)))
    return rows


def forget_replaced(folder: Path = RESULTS, root: Path = ROOT) -> int:
    """Delete what was measured of networks that are no longer there; how many lines went."""
    there = {network_id(name, root) for name in available(root)}
    return sum(
        store.forget(path, lambda line: line.get("network") is None or line["network"] in there)
        for path in store.files(folder)
    )


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """A row for each condition of restorations: means over pictures and seeds, signed shifts in 1/255."""
    restored = rows.loc[(rows["mode"] == "restore") & rows["leaks"], :]
    figures = ["ssim", "detail", "psnr", "shift_r", "shift_g", "shift_b", "tint", "delta_e"]
    restored = restored.reindex(columns=[*CONDITION_COLUMNS, *figures])  # there may be samples alone
    return restored.groupby(CONDITION_COLUMNS, sort=False, as_index=False)[figures].mean()


def typical(rows: pd.DataFrame) -> pd.DataFrame:
    """The restoration of each condition with the median `tint` (of an even number the lower of the two)."""
    restored = rows.loc[(rows["mode"] == "restore") & rows["leaks"], :].sort_values("tint", kind="stable")
    conditions = restored.groupby(CONDITION_COLUMNS, sort=False)
    return restored[conditions.cumcount() == (conditions["tint"].transform("size") - 1) // 2].sort_index()


def traces(
    mode: str, source: str | None, start: int, steps: int, folder: Path = RESULTS, root: Path = ROOT
) -> Iterator[tuple[str, list[Any]]]:
    """(variant, trace) of each variant as it was trained; what a trace is, `protocol.Condition` says."""
    reports = list(store.records(folder, CONDITION))
    for name in available(root):
        row, network = find_variant(name), network_id(name, root)
        wanted = USUAL | {"mode": mode, "start": start, "steps": steps}
        wanted |= {"brightness": row.brightness, "variance_type": row.variance_type}
        for report in reports:
            same = report["network"] == network and report["source"] == source and report["leaks"]
            if same and wanted.items() <= _settings(report).items():
                yield name, report["trace"]


def transmissions(folder: Path = RESULTS, root: Path = ROOT) -> pd.DataFrame:
    """A row for every Transmission, with its `variant`, of all whose network is still the one measured.

    Results older than waves are of 0 `cycles`.
    """
    rows = []
    for name in available(root):
        report = store.record(folder / f"{name}.jsonl", Transmission.kind, name)
        if report and report["network"] == network_id(name, root):
            rows += [{"variant": name, "cycles": 0, **row} for row in report["rows"]]
    return pd.DataFrame(rows)


def training_set(name: str, folder: Path = RESULTS) -> pd.DataFrame:
    """The colours of the pictures that a variant learned from, as dim as they were: columns COLOURS.

    Raises KeyError where they are not described.
    """
    return pd.DataFrame(_description(training_set_key(name), folder)["rows"])


def held_out_nearest(name: str, folder: Path = RESULTS) -> list[float]:
    """How near each held-out picture comes to a training picture: what `nearest` is without memorising.

    Raises KeyError where the training set is not described.
    """
    return _description(training_set_key(name), folder)["held_out_nearest"]


def samples(rows: pd.DataFrame, folder: Path = RESULTS) -> pd.DataFrame:
    """Each condition of samples against the training set at its brightness, in 1/255 or CIELAB: one row each.

    `shift_r` to `shift_b`: mean colour less the training set's; `border_std_r` to `_b`: deviation of the
    border's colour from sample to sample, beside `training_border_std_*`; `distance_*`: Wasserstein-1 between
    the two distributions of each of COLOURS, beside `chance_*`, what as many training images come to
    (`sets.by_chance`); `nearest`: median distance to the nearest training picture, beside
    `held_out_nearest`, that of pictures that were held out.

    Backgrounds are skewed, most a little off and some far, so that three figures tell of the errors `ground`:
    `ground` itself their mean, `ground_median`, and `ground_share`, how many are OFF; `training_ground`,
    `training_ground_median` and `training_ground_share` are the training images' own.

    Variants whose training set is not described are left out.
    """
    keys, found = ["variant", "brightness", "light", "steps", "sampler", "variance_type", "as_trained"], []
    generated = rows.loc[rows["mode"] == "generate", :]
    names = generated["variant"].unique()
    sets, unseen = _training_sets(names, folder), _descriptions(names, folder)
    for condition, group in generated[generated["variant"].isin(sets)].groupby(keys, sort=False):
        learned = sets[condition[0]]
        row = dict(zip(keys, condition, strict=True))
        for axis in "rgb":
            row[f"shift_{axis}"] = group[f"mean_{axis}"].mean() - learned[f"mean_{axis}"].mean()
            row[f"border_std_{axis}"] = group[f"border_{axis}"].std(ddof=0)
            row[f"training_border_std_{axis}"] = learned[f"border_{axis}"].std(ddof=0)
        row |= {f"distance_{name}": wasserstein_distance(group[name], learned[name]) for name in COLOURS}
        chances = by_chance(learned.loc[:, list(COLOURS)].to_numpy(), len(group))
        row |= {f"chance_{name}": chance for name, chance in zip(COLOURS, chances, strict=True)}
        row |= _skewed("ground", group["ground"])
        row |= _skewed("training_ground", _border_errors(learned) / row["brightness"])
        row["nearest"] = group["nearest"].median() if "nearest" in group else float("nan")
        row["held_out_nearest"] = np.median(unseen[condition[0]]["held_out_nearest"])
        found.append(row)
    return pd.DataFrame(found)


def _border_errors(learned: pd.DataFrame) -> pd.Series:
    """How far the border of each image of a training set is from the set's mean one: RMS over R, G, B."""
    borders = learned.loc[:, [f"border_{axis}" for axis in "rgb"]]
    return ((borders - borders.mean()) ** 2).mean(axis=1) ** 0.5


def _skewed(name: str, errors: pd.Series) -> dict[str, float]:
    return {
        name: errors.mean(),
        f"{name}_median": errors.median(),
        f"{name}_share": (errors > OFF).mean(),
    }


class LossCurve(NamedTuple):
    """Epochs and the mean squared error of what the network predicts, float64 (N,) both."""

    epochs: np.ndarray
    losses: np.ndarray


def loss_curves(root: Path | None = None) -> Iterator[tuple[str, LossCurve]]:
    """(name, curve) of every training that is there and long enough, a mean over SMOOTHED points each.

    Variants that share a training's weights have no curve of their own. `root` None is checkpoints.ROOT.
    """
    places = {} if root is None else {"root": root}
    for name in checkpoints.available(**places):
        record = checkpoints.record(name, **places)
        if find_variant(name).trained_as == name and len(record.get("loss_curve", ())) >= SMOOTHED:
            points = np.array(record["loss_curve"]) * [record["epochs"] / record["steps"], 1]
            window = np.full(SMOOTHED, 1 / SMOOTHED)
            yield name, LossCurve(*(np.convolve(column, window, "valid") for column in points.T))


def _perfect(rows: pd.DataFrame, root: Path) -> pd.Series:
    """The mean `tint` of a perfect sampler from where each restoration began."""
    own = rows["brightness"] == rows["variant"].map(lambda name: find_variant(name).brightness)
    restored = rows.loc[(rows["mode"] == "restore") & own & rows["leaks"], :]
    found = pd.Series(np.nan, index=rows.index)
    for (name, start, size, sampler), group in restored.groupby(["variant", "start", "size", "sampler"]):
        row, stochastic = find_variant(name), SAMPLERS[sampler].stochastic
        level = Curves.trained(row).alphas_cumprod[start].item()
        record = checkpoints.record(name, root)
        found[group.index] = perfect_sampler.mean_shift(row, record, level, size**2, stochastic)
    return found


def _ground(rows: pd.DataFrame, folder: Path) -> pd.Series:
    squares = pd.Series(0.0, index=rows.index)
    sets = _training_sets(rows["variant"].unique(), folder)
    for axis in "rgb":
        means = {name: learned[f"border_{axis}"].mean() for name, learned in sets.items()}
        squares += (rows[f"border_{axis}"] - rows.loc[:, "variant"].map(means).astype(float)) ** 2 / 3
    return squares**0.5 / rows["brightness"]


def _training_sets(names: Iterable[str], folder: Path) -> dict[str, pd.DataFrame]:
    """The training set of each variant whose is described; several share one, which is read once."""
    reports = _descriptions(names, folder)
    tables = {report["key"]: pd.DataFrame(report["rows"]) for report in reports.values()}
    return {name: tables[report["key"]] for name, report in reports.items()}


def _descriptions(names: Iterable[str], folder: Path) -> dict[str, dict]:
    """What describes the training set of each variant whose is described."""
    described = {report["key"]: report for report in store.records(folder, TRAINING_SET)}
    keys = {name: training_set_key(name) for name in names}
    return {name: described[key] for name, key in keys.items() if key in described}


def _description(key: str, folder: Path) -> dict[str, Any]:
    found = store.record(folder / f"{store.NO_NETWORK}.jsonl", TRAINING_SET, key)
    if found is None:
        raise KeyError(key)
    return found


def _rows(report: dict[str, Any]) -> Iterator[dict[str, Any]]:
    condition = {name: report[name] for name in ("network", "source", "leaks")} | _settings(report)
    condition["mean_colours"] = report.get("mean_colours", "CIELAB")
    # Plain rows, since a table of its own for each of hundreds of conditions takes ten times as long.
    yield from (row | condition | {"run_seed": place} for place, row in enumerate(report["rows"]))


def _settings(report: dict[str, Any]) -> dict[str, Any]:
    """SETTINGS of a condition; one that RunSettings has learned since was at its default."""
    return {name: report["settings"].get(name, RunSettings.model_fields[name].default) for name in SETTINGS}
