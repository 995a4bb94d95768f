"""The designs of synthetic butterflies: a palette of colours a row, and a style of being marked a row."""

import colorsys
from typing import NamedTuple

import numpy as np


class Palette(NamedTuple):
    """Colours as six hex digits, each named by the part of the butterfly that wears it."""

    name: str
    root: str
    fore: str
    hind: str
    margin: str
    spot: str
    accent: str
    body: str


PALETTES = (
    #       name                 root      fore      hind      margin    spot      accent    body
    Palette("morpho", "16408f", "2b7de0", "3c97ee", "0c1226", "eef5ff", "8fd8ff", "1d1a20"),
    Palette("common blue", "5b6fb8", "8597e2", "93a8ea", "3b3c58", "fbfbff", "f2a55c", "6b6f86"),
    Palette("monarch", "a8470f", "e0771a", "ea8a22", "1c110c", "fff6e6", "f6b65a", "1b1512"),
    Palette("painted lady", "8f5a35", "e08a52", "dd8f57", "2b1b17", "fdf4ea", "5d86b8", "6a4a33"),
    Palette("fritillary", "8d5220", "d98b35", "dd9a45", "3a2214", "f6e6bf", "cf6a24", "5b3a20"),
    Palette("sulphur", "e2b91f", "f3d640", "f0cf3a", "4d3a1c", "fff7c4", "ee8a2b", "8f7a35"),
    Palette("brimstone", "c7cf58", "e3e578", "d9e184", "8a9142", "fbfbd8", "ea8e3c", "8d8a55"),
    Palette("luna", "86b86a", "a9d890", "b4dea0", "7a5566", "f4f8d8", "d58a9a", "b9ad8c"),
    Palette("green hairstreak", "3f7a36", "5fa744", "6bb052", "3b3122", "eef6d4", "d9b24a", "5a5a3a"),
    Palette("birdwing", "10281a", "2c8f44", "e9c13a", "0c120d", "f3ec6a", "8fc63a", "2a2416"),
    Palette("emerald", "0f4a3d", "1f9c78", "2fae86", "0a1a18", "dff7e8", "f2c552", "1a211d"),
    Palette("teal swallowtail", "0d4a58", "1d9aa6", "2fb2b5", "08181e", "e3faf7", "ff9a6a", "161a1c"),
    Palette("bluebottle", "123d46", "43b9c2", "58c8c8", "12191c", "dcfbf8", "e0503c", "2b2a2a"),
    Palette("purple emperor", "3a2363", "6a45b4", "7650b8", "1c1420", "f6f0ff", "f0964a", "231b24"),
    Palette("violet copper", "6a3f86", "a06bc8", "ab78cc", "352238", "fbeefa", "f4a24e", "4a3848"),
    Palette("orchid", "8a2f78", "c65ab2", "d070ba", "38152f", "ffeef9", "ffd07a", "3f2638"),
    Palette("rose", "b2486a", "e58aa2", "ea9aac", "5c2a38", "fff3f3", "f6cf8a", "6a4448"),
    Palette("crimson", "7a1424", "c9283c", "d2384a", "1e0b10", "ffe9e4", "f7b0a0", "221214"),
    Palette("peacock", "6e2018", "b8402c", "b24a34", "2e1a17", "f6e7c8", "5f86d0", "3a2420"),
    Palette("cabbage white", "cfcdb8", "f0eee0", "f2efdc", "57545a", "fffef8", "b9b48e", "6d6b68"),
    Palette("marbled white", "6b665a", "e6e0cc", "eae5d2", "2a2624", "fffdf4", "9aa6b4", "3d3833"),
    Palette("satyr", "5b402c", "8a6543", "93704c", "33231a", "eed9ae", "d9903e", "4a3524"),
    Palette("tiger", "d8a92a", "f2cf4e", "f0cd55", "16130f", "fff2b8", "3f74c8", "2a2418"),
    Palette("apricot", "c77a4a", "f3b27c", "f5bd8c", "6a3a2a", "fff4e4", "d8596a", "7a543c"),
    Palette("lapis", "1a2468", "3a4cc0", "4a5fd0", "0c0e22", "f0f2ff", "f26a5a", "17172a"),
    Palette("aqua", "4a9a98", "8fd6cc", "a0ded2", "2f5a60", "fbfff8", "f0a890", "5f7672"),
    Palette("cattleheart", "1a1014", "3a1d26", "d63a5c", "160c10", "fbe3e0", "f58a8a", "221418"),
    Palette("jezebel", "b9b6a4", "f0eddc", "f4cf45", "2a2522", "fffdf2", "e2553c", "4a4540"),
    Palette("paris peacock", "0d241f", "1f5f4a", "2b9fb8", "0a1513", "d8f5e6", "58c8d8", "161d1b"),
    Palette("underwing", "5e5348", "a3937f", "e87a5c", "3a2f28", "f3e7d2", "f2b07a", "75675a"),
    Palette("plum", "4a2c5c", "7d5498", "d98cb4", "2b1834", "fbeefa", "f4c08a", "3b2a44"),
    Palette("dawn", "c98a5a", "f6dcae", "f2a7a0", "6e4046", "fffaf0", "d8607a", "8a6450"),
)

_BY_NAME = {palette.name: palette for palette in PALETTES}

# Hues that are rare among the Heliconius specimens -> the palettes that show each.
HUES: dict[str, tuple[Palette, ...]] = {
    "green": (
        _BY_NAME["green hairstreak"],
        Palette("malachite", "1d4a24", "4fae4a", "63bd58", "17241a", "dcf5c4", "a4dc6a", "2c3324"),
        Palette("beryl", "0f4a34", "1f9c62", "2fae72", "0c1f17", "d8f7e0", "8fe0a0", "1a241d"),
        Palette("leafwing", "4d7a2a", "86bf45", "94ca52", "2c3d1c", "f0f8cf", "c4e070", "56603a"),
        Palette("fern", "2a5c2c", "3f8f3c", "4c9c48", "14280f", "d4efc0", "86c65c", "2f3a22"),
    ),
    "red": (
        _BY_NAME["crimson"],
        Palette("cardinal", "7a0f16", "d8222c", "e03238", "2a0c0e", "ffe4dc", "f2685a", "261212"),
        Palette("ruby", "5e0f22", "b81c3a", "c62846", "240a12", "fddfe0", "ee6a78", "2a141a"),
        Palette("scarlet", "8a1418", "e23034", "e84448", "301012", "ffe8e0", "fa8a80", "3a1a18"),
        Palette("cinnabar", "6e1418", "c62a30", "d03a3c", "3a1214", "fbd8d0", "f07a6c", "2e1616"),
    ),
    "violet": (
        _BY_NAME["purple emperor"],
        Palette("amethyst", "5a3590", "925fd4", "9c6cda", "2a1a40", "f4ecff", "c49af0", "3a2c4c"),
        Palette("violet", "4a1f86", "7a3cc8", "8648d0", "1e1030", "efe4ff", "b482ee", "281c38"),
        Palette("iris", "4c308c", "7c58cc", "8864d4", "1e1638", "f0eaff", "b296f0", "2a2240"),
        Palette("heather", "643080", "a25cc4", "ac68cc", "301a3e", "f8ebff", "cf98e6", "40304a"),
    ),
    "pale": (
        Palette("wood white", "c2c0ae", "e9e7da", "ebe9dc", "85827e", "f6f5ee", "cfcab0", "6d6b68"),
        Palette("primrose", "d8d3a4", "f2eecb", "f1edc4", "b3ac78", "fbf9e4", "e6dca2", "8d8a65"),
        Palette("moonlight", "a9bdc9", "d3e2ea", "d8e6ec", "7f95a3", "f2f8fb", "b8d0de", "6a747c"),
        Palette("pistachio", "b2c6a2", "d6e6c6", "daeacb", "879c7b", "f2f8ea", "c2daac", "757a66"),
        Palette("blush", "d4b0ac", "f0d6d0", "f2dad4", "a98884", "fbf0ec", "e6c0ba", "83706c"),
    ),
}


def colours(palette: Palette, turn: float) -> dict[str, np.ndarray]:
    """The colours of `palette` by role, float32 RGB in 0..1, every hue turned by `turn` (1 = full circle)."""
    return {role: _turned(code, turn) for role, code in palette._asdict().items() if role != "name"}


def _turned(code: str, turn: float) -> np.ndarray:
    red, green, blue = (int(code[i : i + 2], 16) / 255 for i in (0, 2, 4))
    hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
    return np.array(colorsys.hsv_to_rgb((hue + turn) % 1, saturation, value), np.float32)


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
    # tiger: dark stripes over the base colour
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
