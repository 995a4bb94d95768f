"""A Run as the components show it: pictures at an exposure, words, and figures from the tensors."""

from dataclasses import asdict
from html import escape

from PIL import Image
from torch import Tensor

from lowlight_ddpm import checkpoints
from lowlight_ddpm.colour import Measures
from lowlight_ddpm.judgement import Judgement, judge
from lowlight_ddpm.photometry import to_image
from lowlight_ddpm.settings import RunSettings
from lowlight_ddpm.ui.filmstrip import film
from lowlight_ddpm.ui.messages import about, duration
from lowlight_ddpm.ui.png import data_uri
from lowlight_ddpm.ui.run import Run
from lowlight_ddpm.ui.trace import trace
from lowlight_ddpm.variants import find_variant

# (name, title, what it is, what stands in its place while there is none) of each panel.
PANELS = (
    ("input", "Input", "dimmed", "none, it starts from pure noise"),
    ("x_t", "xₜ", "what the network gets", ""),
    ("x0", "x₀", "its clean guess", ""),
)

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


def gain(settings: RunSettings, brightened: bool) -> float:
    """The exposure that every panel is shown with; what is generated is as dim as what was learned."""
    learned = find_variant(settings.variant).brightness
    brightness = learned if settings.mode == "generate" else settings.brightness
    return 1 / brightness if brightened else 1.0


def stage(run: Run, brightened: bool, counter: str) -> str:
    """The three pictures, the counter and the trace as they stand, as HTML.

    It is one piece, since a browser spends most of a frame on the number of components that change. The
    pictures travel inside it: one that must be fetched would be given up for the next frame before it has
    arrived, wherever the way to the server takes longer than a frame.
    """
    latest = (run.steps[-1].x_t[0], run.steps[-1].x0[0]) if run.steps else (None, None)
    exposure = gain(run.settings, brightened)
    panels = (panel(*words, x, exposure) for words, x in zip(PANELS, (run.dim, *latest), strict=True))
    aim = "the training pictures" if run.generates else "the dimmed input"
    lines = trace(run.means, run.settings.steps, run.target(), aim)
    return f'<div class="panels">{"".join(panels)}</div>{counter}{lines}'


def progress(run: Run) -> str:
    """The counter while the run goes, as HTML."""
    step = run.steps[-1]
    done = step.index + 1
    left = about(run.seconds / done * (step.total - done))
    return _bar(done, step.total, f"step {done} of {step.total}, timestep {step.timestep}, {left} left")


def outcome(run: Run) -> str:
    """The counter when the run has ended, as HTML."""
    done, total = len(run.steps), run.settings.steps
    how = f"Stopped after step {done} of {total}" if done < total else f"Done: {done} of {total} steps"
    return _bar(done, total, f"{how}, {duration(run.seconds)}.")


def idle(text: str) -> str:
    """The counter before the first step, saying `text`, as HTML."""
    return _bar(0, 1, text)


def results(run: Run, brightened: bool) -> tuple[dict, tuple[Image.Image, Image.Image], str]:
    """(filmstrip, before and after, words and figures) of a run that made at least one step."""
    exposure = gain(run.settings, brightened)
    before_after = to_image(run.start, exposure), to_image(run.result, exposure)
    return film(run.steps, exposure), before_after, _findings(run)


def report(run: Run) -> dict:
    """A finished run for programs, JSON-able: settings, mean colours, and what was found."""
    found = {"settings": run.settings.model_dump(), "mean": run.means[-1], "target": run.target()}
    if not run.generates:
        judgement = _judged(run)
        found |= {"measures": asdict(judgement.measures), "verdict": judgement.in_words}
    return found


def _findings(run: Run) -> str:
    verdict, figures = _generated(run) if run.generates else _restored(run)
    return f'<p class="verdict">{escape(verdict)}</p>{figures}<p class="which">{escape(_which(run))}</p>'


def _restored(run: Run) -> tuple[str, str]:
    judgement = _judged(run)
    figures = [(label, meaning, write(judgement.measures)) for label, meaning, write in _FIGURES]
    return judgement.in_words, _figures(figures)


def _judged(run: Run) -> Judgement:
    frame = checkpoints.load(run.settings.variant).frame
    return judge(run.steps, run.dim, run.settings.brightness, frame.scale)


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


def _which(run: Run) -> str:
    s = run.settings
    source = "pure noise" if run.generates else f"{run.picked.name}, brightness {s.brightness:g}"
    return (
        f"{find_variant(s.variant).title}: {source}, from timestep {s.start} in {s.steps} steps, "
        f"{s.variance_type}, betas {s.beta_start:g} to {s.beta_end:g}, seed {s.seed}."
    )


def panel(name: str, title: str, meaning: str, blank: str, x: Tensor | None, exposure: float) -> str:
    """One titled picture as HTML, or `blank` where there is none."""
    head = f"<p><b>{title}</b> <span>{meaning}</span></p>"
    picture = blank if x is None else f'<img alt="{title}: {meaning}" src="{data_uri(x, exposure)}">'
    return f'<div class="frame" id="panel-{name}">{head}<div class="pixels">{picture}</div></div>'


def _bar(done: int, total: int, text: str) -> str:
    bar = f'<progress max="{total}" value="{done}" aria-label="Steps done"></progress>'
    return f'<div class="status">{bar}<span>{escape(text)}</span></div>'


def _number(value: float | None, form: str) -> str:
    return "n/a" if value is None else format(value, form)


def _share(measures: Measures) -> str:
    return f"{measures.mse_shift / measures.mse:.0%}" if measures.mse else "n/a"
