"""The results as one pandas table, read from results/: `from lowlight_ddpm.study.results import table`."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd
from scipy.stats import wasserstein_distance

from lowlight_ddpm.diffusion.settings import RunSettings
from lowlight_ddpm.models.checkpoints import ROOT, available
from lowlight_ddpm.study.protocol import COLOURS, RESULTS, TRAINING_SET, network_id, training_set_path
from lowlight_ddpm.variants import find_variant

SETTINGS = ["mode", "brightness", "light", "start", "steps", "sampler", "variance_type"]
CELL = ["variant", "source", "leaks", *SETTINGS]
USUAL = {name: RunSettings.model_fields[name].default for name in ("sampler", "light")}  # of every variant


def table(folder: Path = RESULTS, root: Path = ROOT) -> pd.DataFrame:
    """One row for every restored picture and every sample of every variant that is available.

    The columns `variant`, `source` (which pictures; None from pure noise), `leaks` (whether x_t held its part
    of the picture) and SETTINGS tell the cell; `as_trained` whether brightness and variance type are the
    variant's own, the light scaled pixels and the sampler DDPM; `seed` and `picture` the row, `run_seed` the
    seed that draws its noise for a run of this one picture. The rest are `colour.Measures` and the `detail`
    of a restored picture, or `protocol.COLOURS` of a sample, empty otherwise. Variants that share
    a network share its rows. Three columns are made here: `size`, the pictures' side in pixels; in 1/255 as
    they would be at full brightness `tint`, the root mean square of a restoration's three shifts, and
    `ground`, that of a sample's border colour less the training set's, empty where training-set-*.json is
    not there.
    """
    names = pd.DataFrame([{"variant": name, "network": network_id(name, root)} for name in available(root)])
    measured = pd.DataFrame([row for path in _files(folder) for row in _rows(path)])
    if measured.empty or names.empty:
        return pd.DataFrame(columns=[*CELL, "as_trained", "seed", "picture"])
    rows = names.merge(measured, on="network").drop(columns="network")
    of_either_mode = ["picture", "mse_shift", *COLOURS]
    rows = rows.reindex(columns=rows.columns.union(of_either_mode, sort=False))
    rows["as_trained"] = (rows[list(USUAL)] == pd.Series(USUAL)).all(axis=1)
    for setting in ("variance_type", "brightness"):
        own = {name: getattr(find_variant(name), setting) for name in names["variant"]}
        rows["as_trained"] &= rows[setting] == rows["variant"].map(own)
    rows["size"] = rows["variant"].map(lambda name: find_variant(name).size)
    rows["tint"] = 255 * rows["mse_shift"] ** 0.5 / rows["brightness"]
    rows["ground"] = _ground(rows, folder)
    return rows


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Each cell of restorations in one row, means over pictures and seeds; shifts are signed, in 1/255."""
    restored = rows[(rows["mode"] == "restore") & rows["leaks"]]
    figures = ["ssim", "detail", "psnr", "shift_r", "shift_g", "shift_b", "tint", "delta_e"]
    restored = restored.reindex(columns=[*CELL, *figures])  # there may be samples alone
    return restored.groupby(CELL, sort=False, as_index=False)[figures].mean()


def typical(rows: pd.DataFrame) -> pd.DataFrame:
    """The restoration of each cell whose `tint` is the median (of an even number the lower of the two)."""
    restored = rows[(rows["mode"] == "restore") & rows["leaks"]].sort_values("tint", kind="stable")
    cells = restored.groupby(CELL, sort=False)
    return restored[cells.cumcount() == (cells["tint"].transform("size") - 1) // 2].sort_index()


def traces(
    mode: str, source: str | None, start: int, steps: int, folder: Path = RESULTS, root: Path = ROOT
) -> Iterator[tuple[str, list]]:
    """(variant, trace) of each variant as it was trained; what a trace is, `protocol.Cell` says."""
    reports = [json.loads(path.read_text()) for path in _files(folder)]
    for name in available(root):
        row, network = find_variant(name), network_id(name, root)
        wanted = USUAL | {"mode": mode, "start": start, "steps": steps}
        wanted |= {"brightness": row.brightness, "variance_type": row.variance_type}
        for report in reports:
            same = report["network"] == network and report["source"] == source and report["leaks"]
            if same and wanted.items() <= _settings(report).items():
                yield name, report["trace"]


def training_set(name: str, folder: Path = RESULTS) -> pd.DataFrame:
    """The colours of the pictures that a variant learned from, as dim as they were: columns COLOURS."""
    return pd.DataFrame(json.loads(training_set_path(name, folder).read_text())["rows"])


def held_out_nearest(name: str, folder: Path = RESULTS) -> list[float]:
    """How near each held-out picture comes to a training picture: what `nearest` is without memorising."""
    return json.loads(training_set_path(name, folder).read_text())["held_out_nearest"]


def samples(rows: pd.DataFrame, folder: Path = RESULTS) -> pd.DataFrame:
    """Each cell of samples against the training set at its brightness: one row a cell, in 1/255 or CIELAB.

    `shift_r` to `shift_b`: mean colour less the training set's; `border_std_r` to `_b`: deviation of the
    border's colour from sample to sample, beside `training_border_std_*`; `distance_*`: Wasserstein-1 between
    the two distributions of each of COLOURS; `nearest`: median distance to the nearest training picture.
    Variants whose training-set-*.json is not there are left out.
    """
    keys, found = ["variant", "brightness", "light", "steps", "sampler", "variance_type", "as_trained"], []
    generated = rows[rows["mode"] == "generate"]
    sets = _training_sets(generated["variant"].unique(), folder)
    for cell, group in generated[generated["variant"].isin(sets)].groupby(keys, sort=False):
        learned = sets[cell[0]]
        row = dict(zip(keys, cell, strict=True))
        for axis in "rgb":
            row[f"shift_{axis}"] = group[f"mean_{axis}"].mean() - learned[f"mean_{axis}"].mean()
            row[f"border_std_{axis}"] = group[f"border_{axis}"].std(ddof=0)
            row[f"training_border_std_{axis}"] = learned[f"border_{axis}"].std(ddof=0)
        row |= {f"distance_{name}": wasserstein_distance(group[name], learned[name]) for name in COLOURS}
        row["nearest"] = group["nearest"].median() if "nearest" in group else float("nan")
        found.append(row)
    return pd.DataFrame(found)


def _ground(rows: pd.DataFrame, folder: Path) -> pd.Series:
    squares = pd.Series(0.0, index=rows.index)
    sets = _training_sets(rows["variant"].unique(), folder)
    for axis in "rgb":
        means = {name: learned[f"border_{axis}"].mean() for name, learned in sets.items()}
        squares += (rows[f"border_{axis}"] - rows["variant"].map(means).astype(float)) ** 2 / 3
    return squares**0.5 / rows["brightness"]


def _training_sets(names: Iterable[str], folder: Path) -> dict[str, pd.DataFrame]:
    """The training set of each variant whose is described; several share one, which is read once."""
    read, found = {}, {}
    for name in names:
        path = training_set_path(name, folder)
        if path not in read and path.exists():
            read[path] = training_set(name, folder)
        if path in read:
            found[name] = read[path]
    return found


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.json") if not path.name.startswith(TRAINING_SET))


def _rows(path: Path) -> Iterator[dict]:
    report = json.loads(path.read_text())
    cell = {name: report[name] for name in ("network", "source", "leaks")}
    cell |= _settings(report)
    # Plain rows, since a table of its own for each of hundreds of files takes ten times as long.
    yield from (row | cell | {"run_seed": place} for place, row in enumerate(report["rows"]))


def _settings(report: dict) -> dict:
    """SETTINGS of a cell; one that RunSettings has learned since was at its default."""
    return {name: report["settings"].get(name, RunSettings.model_fields[name].default) for name in SETTINGS}
