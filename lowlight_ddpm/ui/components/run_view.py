"""A run as the components show it: images at an exposure, words, and figures from the tensors."""

from dataclasses import asdict
from html import escape
from typing import Any

from torch import Tensor

from lowlight_ddpm.diffusion.settings import RunSettings
from lowlight_ddpm.metrics.image import mean_colour
from lowlight_ddpm.runs.run import Run
from lowlight_ddpm.ui.components.words import changes, steps_in_words
from lowlight_ddpm.ui.html.charts import trace
from lowlight_ddpm.ui.html.images import data_uri, proportions
from lowlight_ddpm.ui.html.terms import term
from lowlight_ddpm.ui.messages import about, duration
from lowlight_ddpm.ui.session import Watched

# (name, title, what it is, what stands in its place while there is none) of each panel.
PANELS = (
    ("input", "Input", "dimmed", "none: it starts from pure noise"),
    ("x_t", "Noised", "to the network", ""),
    ("x0", "Result", "its estimate", "press Run"),
    ("previous", "Previous", "the run before", "none yet"),
)
TERMS = {"x_t": "x_t", "x0": "x0 estimate"}  # those that are explained beside a panel's title


def gain(settings: RunSettings, brightened: bool, exposure: float = 1.0) -> float | None:
    """What every panel is shown with; what is generated is as dim as what was learned.

    `exposure` is what a photograph that was dark already takes besides.
    """
    brightness = settings.row.brightness if settings.mode == "generate" else settings.brightness
    return exposure / brightness if brightened else None


def exposure_of(watched: Watched, brightened: bool) -> float | None:
    """`gain` for a run on the page."""
    return gain(watched.run.settings, brightened, 1.0 if watched.run.generates else watched.picked.exposure)


def stage(
    watched: Watched,
    brightened: bool,
    counter: str,
    previous: Watched | None = None,
    x_t: Tensor | None = None,
) -> str:
    """The pictures, notes, the counter, what was found and the trace as they stand, as HTML.

    `previous` is the run that is shown beside it, `x_t` the noised image before the first step. It is one
    piece, since a browser spends most of a frame on the number of components that change. The pictures
    travel inside it: one that must be fetched would be given up for the next frame before it has arrived,
    wherever the way to the server takes longer than a frame.
    """
    run = watched.run
    kept = run.history.steps  # what `run.steps` gives would be made first
    latest = (kept[-1].x_t[0], kept[-1].x0[0]) if kept else (None if x_t is None else x_t[0], None)
    dim = None if run.dim is None else run.dim[0]
    exposure = exposure_of(watched, brightened)
    shown = zip(PANELS, (dim, *latest), strict=False)
    panels = [panel(*words, x, exposure, term(TERMS.get(words[0]))) for words, x in shown]
    before = previous.run.history.steps[-1].x0[0] if previous else None
    panels.append(panel(*PANELS[-1], before, exposure_of(previous, brightened) if previous else 1.0))
    aim = "the training pictures" if run.generates else "the dimmed input"
    mark = watched.onset if watched.over and kept and not run.generates else None
    means = list(run.history.means.values())
    # Before anything was seen, a network's record would be loaded for it, which may be damaged.
    target = run.known_target if dim is not None or latest[0] is not None else None
    lines = "" if target is None else trace(means, run.settings.steps, target, aim, onset=mark)
    notes = "".join(f'<p class="note">{escape(note)}</p>' for note in run.notes)
    whole = f'<div class="panels"{proportions(dim)}>{"".join(panels)}</div>'
    return f"{whole}{counter}{said(watched, previous)}{notes}{lines}"


def said(watched: Watched, previous: Watched | None) -> str:
    """What a run has come to in two sentences, and what differs from the run before, as HTML."""
    lines = []
    if watched.over and watched.run.history.done:
        colours, image = watched.verdict
        lines.append(
            f'<p class="verdict">{escape(colours)} {term("RGB shift, colour shift", "RGB shift?")}</p>'
        )
        lines.append(f'<p class="verdict">{escape(image)}</p>')
        if watched.aside:
            lines.append(f"<p>{escape(watched.aside)}</p>")
    if previous and (changed := changes(*(one.run.settings.model_dump() for one in (previous, watched)))):
        lines.append(f'<p class="changed">Changed: {escape(", ".join(changed))}.</p>')
    return f'<div class="said">{"".join(lines)}</div>'


def progress(watched: Watched) -> str:
    """The counter while the run goes, as HTML."""
    step = watched.run.steps[-1]
    done = step.index + 1
    left = about(watched.seconds / done * (step.total - done))
    return bar(done, step.total, f"step {done} of {step.total}, timestep {step.timestep}, {left} left")


def outcome(watched: Watched) -> str:
    """The counter when the run has ended, as HTML."""
    done, total = watched.run.history.done, watched.run.settings.steps
    if watched.beforehand:
        return bar(done, total, f"A run of {total} steps, made beforehand. Press Run to see it happen.")
    how = f"Stopped after step {done} of {total}" if done < total else f"Done: {done} of {total} steps"
    return bar(done, total, f"{how}, {duration(watched.seconds)}.")


def stopping(watched: Watched) -> str:
    """The counter while the call under way is waited for, as HTML."""
    done, total = watched.run.history.done, watched.run.settings.steps
    return bar(done, total, "Stopping.")


def idle(text: str) -> str:
    """The counter before the first step, saying `text`, as HTML."""
    return bar(0, 1, text)


def report(run: Run) -> dict[str, Any]:
    """A finished run for programs, JSON-able: settings, what was found, what it is made from."""
    found = {
        "settings": run.settings.model_dump(),
        "notes": run.notes,
        "mean": mean_colour(run.x0),
        "target": run.known_target,
    }
    if not run.generates:
        found |= {"measures": asdict(run.colour_shift.measures), "verdict": run.colour_shift.in_words}
    return found | run.provenance


def which(run: Run, name: str) -> str:
    """One sentence that says what is run; `name` is that of its image."""
    s = run.settings
    source = "pure noise" if run.generates else f"{name}, brightness {s.brightness:g}"
    if s.whole and run.dim is not None:
        source += ", whole at {2}×{1} pixels".format(*run.dim[0].shape)
    betas = f"{s.beta_start:g} to {s.beta_end:g}" if s.row.betas_count else s.row.beta_schedule
    return (
        f"{s.row.title}: {source}, from timestep {s.start} in {s.steps} steps, "
        f"{steps_in_words(s)}, betas {betas}, seed {s.seed}."
    )


def panel(
    name: str, title: str, meaning: str, blank: str, x: Tensor | None, exposure: float | None, term: str = ""
) -> str:
    """One titled picture as HTML, or `blank` where there is none; `term` explains it."""
    head = f"<p><b>{title}</b> {term}<span>{meaning}</span></p>"
    picture = blank if x is None else f'<img alt="{title}: {meaning}" src="{data_uri(x, exposure)}">'
    return f'<div class="frame" id="panel-{name}">{head}<div class="pixels">{picture}</div></div>'


def bar(done: int, total: int, text: str, label: str = "Steps done") -> str:
    """How far something is, `done` of `total`, and `text` below it, as HTML."""
    progress = f'<progress max="{total}" value="{done}" aria-label="{label}"></progress>'
    return f'<div class="status">{progress}<span>{escape(text)}</span></div>'


def refused(sentence: str, instead_of: str) -> str:
    """A refusal in the place that the scene `instead_of` would take, so that nothing below it jumps."""
    held = f'<div class="held" aria-hidden="true">{instead_of}</div>'
    return f'<div class="refused"><p role="alert">{escape(sentence)}</p>{held}</div>'
