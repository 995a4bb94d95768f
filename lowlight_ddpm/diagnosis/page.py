"""report.html: a report as one file that needs no server, no script and no request."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from lowlight_ddpm.diagnosis.causes import LINES
from lowlight_ddpm.images.photometry import data_uri, picture_grid

if TYPE_CHECKING:
    from lowlight_ddpm.diagnosis.report import Report

_LONGEST = 720  # pixels of a sheet's longer side
_STYLE = """
:root { color-scheme: light dark;
  --ink: #1b1b1b; --paper: #fff; --line: #767676; --soft: #f1f1ee; --lead: #0b57a4; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ececec; --paper: #161616; --line: #9a9a9a; --soft: #242424; --lead: #8cc0ff; }
}
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 auto;
  max-width: 56rem; padding: 1rem; }
h1 { font-size: 1.5rem; line-height: 1.25; } h2 { font-size: 1.15rem; margin-top: 2rem; }
figure { margin: 0; } figure img { max-width: 100%; height: auto; image-rendering: pixelated; }
.sheets { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); }
pre { background: var(--soft); padding: .75rem; overflow-x: auto; }
svg { width: 100%; max-width: 36rem; height: auto; }
svg text { fill: var(--ink); font-size: 12px; } .ideal { stroke-dasharray: 6 4; }
svg path { fill: none; stroke: var(--ink); stroke-width: 2; } svg .lead { stroke: var(--lead); }
svg .frame { stroke: var(--line); stroke-width: 1; }
@media print { :root { --ink: #000; --paper: #fff; --soft: #fff; --line: #555; --lead: #0b57a4; }
  body { max-width: none; padding: 0; font-size: 11pt; } figure, tr, svg, pre { break-inside: avoid; }
  .wide, pre { overflow: visible; white-space: pre-wrap; } }
"""


def page(report: "Report") -> str:
    """The report as one HTML document, light and dark, for screen, phone and print."""
    title = escape(report.model.name)
    parts = [
        f"<h1>{escape(report.verdict.sentence)}.</h1><p>{escape(report.heading)}</p>",
        _sheets(report),
        _findings(report),
        _corrections(report),
        _transmission(report),
        _errors(report),
        f"<h2>What it rests on</h2><ul>{''.join(f'<li>{escape(line)}</li>' for line in report.notes)}</ul>",
        "<h2>Settings</h2>" + _table(("setting", "value"), report.settings.items()),
    ]
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Diagnosis of {title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><main>{''.join(parts)}</main></body></html>\n"
    )


def _sheets(report: "Report") -> str:
    titles = {"configured": "Generated as configured"}
    titles |= {row.name: f"With {row.title}" for row in report.evidence.corrections}
    figures = [
        f'<figure><img alt="{escape(titles[name])}: {len(images)} images" '
        f'src="{data_uri(picture_grid(images), _LONGEST)}">'
        f"<figcaption>{escape(titles[name])}</figcaption></figure>"
        for name, images in report.images.items()
    ]
    return f'<div class="sheets">{"".join(figures)}</div>'


def _findings(report: "Report") -> str:
    rows = [
        (finding.title, finding.strength, finding.figures, finding.remedy or "")
        for finding in report.verdict.findings
    ]
    lines = f"<h2>Now, without training</h2><pre>{escape(LINES)}</pre>" if report.offers_correction else ""
    return f"<h2>Why</h2>{_table(('cause', 'strength', 'figures', 'to change'), rows)}{lines}"


def _corrections(report: "Report") -> str:
    rows = [
        (row.title, f"{row.error.value:.1f}", row.gain.signed, row.against)
        for row in report.evidence.corrections
    ]
    heading = ("correction", "colour error (/255)", "gain (95 %)", "against")
    return "<h2>Corrections on the same noise</h2>" + _table(heading, rows) if rows else ""


def _transmission(report: "Report") -> str:
    flat = [row for row in report.evidence.transmission if row.cycles == 0 and row.tint == "grey"]
    rows = [
        (f"{row.signal:g}", row.timestep, row.cycles, row.tint, f"{row.passed:.2f}", _number(row.ideal))
        for row in report.evidence.transmission
    ]
    lines: list[tuple[str, str, list[Any]]] = [("passed", "lead", [row.passed for row in flat])]
    if flat and all(row.ideal is not None for row in flat):
        lines.append(("ideal", "ideal", [row.ideal for row in flat]))
    heading = ("√ᾱ", "timestep", "cycles", "tint", "passed", "ideal")
    chart = _chart("Part of a grey tint that is passed, by √ᾱ", [f"{row.signal:g}" for row in flat], lines)
    return f"<h2>Tint transmission</h2>{chart}{_table(heading, rows)}"


def _errors(report: "Report") -> str:
    rows = [
        (row.timestep, f"{row.whole:.1f}", f"{row.mean:.1f}", f"{row.ideal_mean:.1f}", f"{row.bias_size:.1f}")
        for row in report.evidence.mean_errors
    ]
    heading = ("timestep", "whole error (/255)", "of the mean", "an ideal's", "common to all images")
    return f"<h2>Error by timestep</h2>{_table(heading, rows)}" if rows else ""


def _table(heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heading)
    body = "".join(f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(heading[0])}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _chart(title: str, places: list[str], lines: list[tuple[str, str, list[Any]]]) -> str:
    """Lines over evenly spaced places, on one axis from 0 to 1 that values beyond it are held to."""
    if len(places) < 2:
        return ""
    left, top, width, height = 34, 10, 440, 160

    def point(index: int, value: float) -> str:
        x = left + width * index / (len(places) - 1)
        return f"{x:.1f} {top + height * (1 - min(1.0, max(0.0, value))):.1f}"

    drawn = "".join(
        f'<path class="{kind}" d="M{" L".join(point(i, value) for i, value in enumerate(values))}"/>'
        f'<text x="{left + width + 6}" y="{point(len(values) - 1, values[-1]).split()[1]}" '
        f'dy="{14 * place}">{name}</text>'
        for place, (name, kind, values) in enumerate(lines)
    )
    ticks = "".join(
        f'<text x="{point(i, 0).split()[0]}" y="{top + height + 16}" text-anchor="middle">{place}</text>'
        for i, place in enumerate(places)
    )
    axis = f'<text x="4" y="{top + 8}">1</text><text x="4" y="{top + height}">0</text>'
    frame = f'<path class="frame" d="M{left} {top} V{top + height} H{left + width}"/>'
    return (
        f'<svg viewBox="0 0 {left + width + 60} {top + height + 24}" role="img" aria-label="{escape(title)}">'
        f"{frame}{axis}{ticks}{drawn}</svg>"
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
