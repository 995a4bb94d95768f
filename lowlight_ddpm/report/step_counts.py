"""How few steps are enough, as Markdown: what the permutation tests come to, and the sets' distances."""

from collections import defaultdict

from lowlight_ddpm.diffusion.samplers import SAMPLERS
from lowlight_ddpm.figures import Inputs
from lowlight_ddpm.report.measurements import table
from lowlight_ddpm.study import step_counts
from lowlight_ddpm.study.verdicts import LEVEL, OPEN

OVER = f"over {max(step_counts.STEPS)}"


def step_count(inputs: Inputs, mode: str) -> str:
    """What was found in a sentence; a line for every sampler, a column for every number of steps.

    In bold is what is shown to differ.
    """
    rows = inputs.step_counts
    rows = rows.loc[rows["mode"] == mode, :]
    lines, samplers = [], defaultdict(list)
    for name, steps in step_counts.fewest(rows).items():
        own = rows[rows.sampler == name]
        if own.empty:
            continue
        enough = str(steps or (OVER if step_counts.decidable(own) else OPEN))
        samplers[enough].append(SAMPLERS[name].title)
        found = {row.steps: _distance(row) for row in own.itertuples()}
        distances = (found.get(steps, "–") for steps in step_counts.STEPS)
        lines.append((SAMPLERS[name].title, *distances, enough))
    heads = ("sampler", *(f"{steps} steps" for steps in step_counts.STEPS), "enough")
    return f"{_said(samplers, rows.chance.max())}\n\n{table(heads, lines)}"


def _said(samplers: dict[str, list[str]], chance: float) -> str:
    sentences = []
    for enough, titles in samplers.items():
        names = ", ".join(titles)
        if enough == OPEN:
            sentences.append(
                f"{names}: {OPEN}, as sets of this size come to lie up to {chance:.1f} apart by chance."
            )
        elif enough == OVER:
            sentences.append(f"{names}: a difference is shown at all numbers of steps.")
        else:
            sentences.append(f"{names}: from {enough} steps on no difference is shown.")
    return " ".join(sentences)


def _distance(row) -> str:
    said = f"{row.delta_e:.2f} ({row.chance:.2f})"
    said = f"{said}, {row.detail:.2f}" if row.mode == "restore" else said
    return f"**{said}**" if row.p < LEVEL else said
