"""The styles of drawn wings: one way of being marked a row, and the drawing of measures from a row."""

from typing import NamedTuple

import numpy as np

Range = tuple[float, float]
Amounts = dict[str, float]
NONE = (0.0, 0.0)


class Style(NamedTuple):
    """The range that each marking's measure is drawn from.

    Places, widths and depths along the wing are fractions of the way from root to margin; the rest is said.
    """

    rim: Range = (0.03, 0.07)  # width of the dark margin
    blur: Range = (0.03, 0.08)  # softness of the margin's inner side
    lunule: Range = NONE  # opacity of the row of pale spots in the margin
    lunule_size: Range = (0.25, 0.40)  # of the margin's width
    lunule_curve: Range = (-0.06, 0.03)  # depth of the crescents
    vein: Range = (0.15, 0.40)  # opacity
    vein_width: Range = (0.003, 0.006)  # half width in wing units
    tip: Range = NONE  # extent of the dark wing tip (forewing)
    tip_spot: Range = (0.4, 0.9)  # opacity of the pale spots in the tip
    dark_band: Range = NONE  # opacity
    pale_band: Range = NONE  # opacity
    band_at: Range = (0.50, 0.68)
    band_width: Range = (0.05, 0.10)
    lean: Range = (-0.12, 0.12)  # how much further out the band ends than it starts
    wave: Range = (-0.05, 0.05)  # depth of the waves that bands make from vein to vein
    bar: Range = NONE  # opacity of the dark bars in the discal cell
    bar_count: Range = (1, 3)
    cell: Range = (0.44, 0.54)  # where the discal cell ends
    eye: Range = NONE  # radius of the eyespots in wing units
    eye_count: Range = (1, 4)
    eye_at: Range = (0.72, 0.78)
    ripple: Range = NONE  # opacity of the wavy lines
    flush: Range = NONE  # opacity of the accent colour inside the margin
    bloom: Range = (0.0, 0.25)  # opacity of the pale light in mid wing
    dusk: Range = (0.5, 0.95)  # opacity of the dark root


STYLES = (
    # gossamer: plain, thin rim
    Style(lunule=(0, 0.5), bar=(0, 0.3), flush=(0, 0.4), bloom=(0.1, 0.35)),
    # morpho: broad dark rim with spots
    Style(rim=(0.10, 0.22), blur=(0.05, 0.14), lunule=(0.6, 0.9), tip=(0.15, 0.35), bloom=(0.15, 0.4)),
    # monarch: stained-glass veins
    Style(
        rim=(0.09, 0.14),
        blur=(0.01, 0.03),
        lunule=(0.8, 1),
        lunule_size=(0.2, 0.3),
        vein=(0.85, 1),
        vein_width=(0.007, 0.012),
        tip=(0.2, 0.4),
        tip_spot=(0.7, 1),
        wave=(-0.02, 0.04),
    ),
    # fritillary: rows of marks
    Style(
        rim=(0.03, 0.06),
        blur=(0.02, 0.04),
        lunule=(0.3, 0.7),
        vein=(0.3, 0.5),
        dark_band=(0.5, 0.8),
        bar=(0.7, 0.9),
        ripple=(0.3, 0.6),
        wave=(0.03, 0.07),
    ),
    # white and sulphur: grey tips
    Style(
        rim=(0.015, 0.04),
        vein=(0.08, 0.2),
        tip=(0.2, 0.4),
        tip_spot=(0, 0.4),
        bar=(0, 0.4),
        flush=(0, 0.25),
        dusk=(0.3, 0.7),
    ),
    # peacock: one great eye a wing
    Style(
        rim=(0.05, 0.10),
        lunule=(0, 0.3),
        vein=(0.2, 0.35),
        tip=(0, 0.2),
        bar=(0.4, 0.8),
        eye=(0.09, 0.14),
        eye_count=(1, 1),
        eye_at=(0.70, 0.78),
        flush=(0.1, 0.5),
    ),
    # satyr: a band with a row of small eyes
    Style(
        lunule=(0.1, 0.5),
        vein=(0.2, 0.4),
        dark_band=(0, 0.3),
        pale_band=(0.3, 0.6),
        band_at=(0.70, 0.76),
        band_width=(0.10, 0.13),
        lean=(-0.04, 0.04),
        eye=(0.03, 0.05),
        eye_count=(3, 6),
        ripple=(0, 0.3),
    ),
    # admiral: a pale band across
    Style(
        rim=(0.07, 0.16),
        lunule=(0.3, 0.7),
        vein=(0.25, 0.5),
        tip=(0.1, 0.3),
        tip_spot=(0.6, 1),
        pale_band=(0.8, 1),
        flush=(0, 0.4),
        bar=(0, 0.4),
    ),
    # swallowtail: rim, bars and flush
    Style(
        rim=(0.13, 0.20),
        blur=(0.02, 0.05),
        lunule=(0.8, 1),
        lunule_size=(0.3, 0.45),
        vein=(0.6, 0.9),
        vein_width=(0.005, 0.009),
        dark_band=(0, 0.4),
        bar=(0.7, 1),
        flush=(0.3, 0.7),
    ),
    # silk moth: soft bands, one eye in mid wing
    Style(
        rim=(0.02, 0.05),
        vein=(0.1, 0.2),
        dark_band=(0.15, 0.4),
        pale_band=(0, 0.4),
        band_at=(0.72, 0.8),
        wave=(-0.015, 0.015),
        eye=(0.04, 0.07),
        eye_count=(1, 1),
        eye_at=(0.46, 0.52),
        flush=(0.2, 0.5),
    ),
    # longwing: dark, with a glowing patch
    Style(
        rim=(0.22, 0.30),
        blur=(0.10, 0.18),
        vein=(0.3, 0.6),
        tip=(0.1, 0.2),
        tip_spot=(0.5, 0.9),
        flush=(0.5, 0.9),
        bloom=(0.1, 0.3),
        dusk=(0.8, 1),
    ),
    # tiger: dark stripes over the ground
    Style(
        rim=(0.10, 0.16),
        blur=(0.02, 0.05),
        lunule=(0.7, 1),
        vein=(0.3, 0.6),
        dark_band=(0.7, 1),
        band_width=(0.03, 0.05),
        lean=(-0.3, -0.15),
        bar=(0.8, 1),
        wave=(-0.02, 0.02),
    ),
)


def amounts(style: Style, rng: np.random.Generator) -> tuple[Amounts, Amounts]:
    """The measures of the fore and the hind wing's markings, drawn from `style`: akin, not the same."""
    fore, other = ({name: rng.uniform(*limits) for name, limits in style._asdict().items()} for _ in range(2))
    return fore, {name: fore[name] + 0.4 * (other[name] - fore[name]) for name in fore} | {"tip": 0.0}
