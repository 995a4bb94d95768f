"""How often MSE prefers the image whose colour the eye finds worse."""

from itertools import combinations

import pandas as pd

from lowlight_ddpm.metrics.image import misleads
from lowlight_ddpm.study.bootstrap import Interval, interval


def misleading_share(rows: pd.DataFrame, source: str | None = None) -> Interval | None:
    """Of all pairs of variants on one picture and noise, the share that MSE ranks against the eye.

    Restorations from 600, every variant with its training defaults. The eye's rank is CIEDE2000 between the
    mean colours; a pair counts where the one with the lower MSE is further off in colour by more than is just
    visible. Both of a pair are equally bright, since errors shrink with the brightness, and equally large,
    since the noise is another where they are not; and both have one kind of mean colours. None where there is
    no pair.
    """
    restored = rows.loc[(rows["mode"] == "restore") & (rows.start == 600) & rows.as_trained & rows.leaks, :]
    if source:
        restored = restored[restored.source == source]
    judged = []
    for (picture, seed, *_), group in restored.groupby(["picture", "seed", "size", "mean_colours"]):
        figures = zip(group.mse, group.delta_e, group.brightness, strict=True)
        pairs = [(a, b) for a, b in combinations(figures, 2) if a[2] == b[2]]
        against = [misleads(mse_a, eye_a, mse_b, eye_b) for (mse_a, eye_a, _), (mse_b, eye_b, _) in pairs]
        if pairs:
            judged.append({"picture": picture, "seed": seed, "share": sum(against) / len(pairs)})
    return interval(pd.DataFrame(judged), "share") if judged else None


def misleading_sentence(rows: pd.DataFrame) -> str | None:
    """`misleading_share` of all sources, in a sentence; None where there is no pair."""
    share = misleading_share(rows)
    if share is None:
        return None
    return (
        f"In {share.mean:.0%} of all pairs of results ({share.low:.0%} to {share.high:.0%}), MSE prefers the "
        "one whose colour is visibly worse."
    )
