"""What a finished run did to the colours, as HTML: a verdict in words, and figures."""

from html import escape

from lowlight_ddpm.metrics.colour import Measures
from lowlight_ddpm.ui.components.run_view import which
from lowlight_ddpm.ui.session import Run

# (label, what it means, how it is written) of each figure shown after a restoration.
_FIGURES = (
    ("ΔR", "red against the input, of 255", lambda m: f"{m.shift_r:+.1f}"),
    ("ΔG", "green against the input, of 255", lambda m: f"{m.shift_g:+.1f}"),
    ("ΔB", "blue against the input, of 255", lambda m: f"{m.shift_b:+.1f}"),
    ("ΔE", "distance of the mean colours, 1 is just visible", lambda m: f"{m.delta_e:.1f}"),
    ("SSIM", "likeness of structure, 1 is equal", lambda m: _number(m.ssim, ".3f")),
    ("PSNR", "dB, higher is closer", lambda m: _number(m.psnr, ".1f")),
    ("MSE", "mean squared error", lambda m: f"{m.mse:.4f}"),
    ("shift share", "share of the MSE that is colour shift", lambda m: _share(m)),
)


def findings(run: Run) -> str:
    """Verdict, figures, and which run they are of."""
    verdict, figures = _generated(run) if run.generates else _restored(run)
    return f'<p class="verdict">{escape(verdict)}</p>{figures}<p class="which">{escape(which(run))}</p>'


def _restored(run: Run) -> tuple[str, str]:
    judgement = run.judgement
    figures = [(label, meaning, write(judgement.measures)) for label, meaning, write in _FIGURES]
    return judgement.in_words, _figures(figures)


def _generated(run: Run) -> tuple[str, str]:
    verdict = "There is no original to compare with, so here is its mean colour beside the training set's."
    columns = zip(("red", "green", "blue"), run.means[-1], run.target(), strict=True)
    figures = [
        (f"{name}, training set {aim:.1f}", "mean over the picture, of 255", f"{value:.1f}")
        for name, value, aim in columns
    ]
    return verdict, _figures(figures)


def _figures(figures: list[tuple[str, str, str]]) -> str:
    cells = (
        f'<div title="{escape(meaning)}"><dt>{escape(label)}</dt><dd>{escape(value)}</dd></div>'
        for label, meaning, value in figures
    )
    return f'<dl class="figures">{"".join(cells)}</dl>'


def _number(value: float | None, form: str) -> str:
    return "n/a" if value is None else format(value, form)


def _share(measures: Measures) -> str:
    return f"{measures.mse_shift / measures.mse:.0%}" if measures.mse else "n/a"
