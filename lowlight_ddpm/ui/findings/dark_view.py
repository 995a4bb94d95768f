"""Photographs that were taken in the dark, as networks and plain filters make them, as an HTML table."""

from html import escape

import pandas as pd

from lowlight_ddpm.report.darkness import FIGURES, losses

NONE_YET = '<p class="how">Not measured yet: results/dark/ is empty.</p>'


def darkness(rows: pd.DataFrame) -> str:
    """Where networks lose, and a line for every method; `rows` is dark_photographs.table()."""
    if rows.empty:
        return NONE_YET
    told = "".join(f"<li>{escape(sentence)}</li>" for sentence in losses(rows))
    heads = "".join(f'<th role="columnheader" scope="col">{escape(head)}</th>' for head, _, _ in FIGURES)
    lines = "".join(_line(name, group) for name, group in rows.groupby("method", sort=False))
    caption = f"Means over {rows.pair.nunique()} photographs."
    return (
        f'<ul class="how">{told}</ul><table class="cells plain" role="table"><caption>{caption}</caption>'
        f'<thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Method</th>{heads}</tr>'
        f'</thead><tbody role="rowgroup">{lines}</tbody></table>'
    )


def _line(name: str, group: pd.DataFrame) -> str:
    cells = "".join(
        f'<td role="cell" data-head="{escape(head)}">{format(group[column].mean(), form)}</td>'
        for head, column, form in FIGURES
    )
    return f'<tr role="row"><th role="rowheader" scope="row">{escape(name)}</th>{cells}</tr>'
