"""What mean squared error is made of: the shift of whole channels, and everything else."""

from matplotlib.figure import Figure

from lowlight_ddpm.figures.dots import name_lines
from lowlight_ddpm.figures.inputs import Inputs
from lowlight_ddpm.figures.shifts import AROUND, present
from lowlight_ddpm.figures.style import INK, MUTED, colour_of, page, pale
from lowlight_ddpm.study.bootstrap import interval

STARTS = (300, 600)
LINE = 0.34  # inches for a variant


def draw_errors(inputs: Inputs) -> Figure:
    """A bar for every variant: the shift's part in full colour, the structure's pale, the sum's interval."""
    rows = inputs.restored(source=inputs.photographs)
    figures = ["mse", "mse_shift", "mse_structure"]
    # Errors of a picture at brightness b are b times as large, their squares b² times.
    rows = rows.assign(**{name: 1000 * rows[name] / rows.brightness**2 for name in figures})
    names = present(rows)
    figure = page(AROUND + LINE * len(names), layout="constrained")
    for start, axes in zip(STARTS, figure.subplots(1, len(STARTS), sharey=True), strict=True):
        for line, name in enumerate(names):
            cell = rows[(rows.start == start) & (rows.variant == name)]
            if cell.empty:
                continue
            whole, shift = interval(cell, "mse"), cell.mse_shift.mean()
            axes.barh(line, whole.mean, 0.62, color=pale(colour_of(name)))
            axes.barh(line, shift, 0.62, color=colour_of(name))
            axes.plot([whole.low, whole.high], [line, line], color=INK, linewidth=1)
            axes.annotate(
                f"{100 * shift / whole.mean:.1f} %" + " shift" * (line == 0),
                (whole.high, line),
                (5, 0),
                textcoords="offset points",
                va="center",
                color=MUTED,
            )
        name_lines(axes, names)
        axes.set_title(f"From timestep {start}")
        axes.margins(x=0.2)
        axes.set_xlim(left=0)
    figure.supxlabel(
        "MSE in 1/1000 of full scale squared, as at full brightness", color=MUTED, fontsize="medium"
    )
    return figure
