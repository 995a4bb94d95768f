"""What is held against the measurements: the post's claims and the causes of the shift, a row each."""

from dataclasses import dataclass, field

RESTORED, GENERATED = {"mode": "restore", "start": 600}, {"mode": "generate", "steps": 50}

# column -> (what it is, its unit, the smallest difference that an eye or a user would mind)
FIGURES = {
    "tint": ("shift of restored pictures", "/255", 1.0),
    "ground": ("false colour of drawn grounds", "/255", 1.0),
    "ssim": ("SSIM of restored pictures", "", 0.01),
    "detail": ("their fine structure", "", 0.05),
}


@dataclass(frozen=True)
class Comparison:
    """`column` of one cell less that of another, on the same pictures and noise.

    `a` and `b` are variants, each as it was trained, or with the `changed` settings in `a`. `claimed` is the
    sign that the post's claim gives the difference, or 0 where it says that there is none for the better.
    `trained_twice` are two trainings of one experiment: what they differ by, any two trainings may.
    """

    a: str
    b: str
    column: str
    claimed: int
    trained_twice: tuple[str, str] | None = None
    changed: dict = field(default_factory=dict)

    @property
    def where(self) -> dict:
        """Which cells are compared: samples for their ground, restorations from 600 for everything else."""
        return GENERATED if self.column == "ground" else RESTORED


@dataclass(frozen=True)
class Claim:
    """What the post says, and the comparisons that test it."""

    text: str
    comparisons: tuple[Comparison, ...]


SHALLOW, DEEP = ("dim-retrained", "dim-large"), ("dim-deep-again", "dim-deep")


def _both(a: str, b: str, claimed: int, trained_twice: tuple[str, str] | None) -> tuple[Comparison, ...]:
    """The shift, from pure noise and restoring."""
    return tuple(Comparison(a, b, column, claimed, trained_twice) for column in ("ground", "tint"))


CLAIMS = (
    Claim("The larger variance cures the shift (same weights)", _both("dim-large", "dim", -1, None)),
    Claim(
        "The larger variance cures the shift (trained again, as the post did)",
        _both("dim-retrained", "dim", -1, SHALLOW),
    ),
    Claim(
        "More layers recover detail",
        tuple(Comparison("dim-deep", "dim-large", column, +1, DEEP) for column in ("ssim", "detail")),
    ),
    Claim("Depth does not cure the shift", _both("dim-deep", "dim-large", 0, DEEP)),
    Claim(
        "Smaller betas are worse",
        _both("dim-deep-low", "dim-deep", +1, DEEP) + _both("dim-deep-mid", "dim-deep", +1, DEEP),
    ),
    Claim("Higher betas would help", _both("dim-deep-high", "dim-deep", -1, DEEP)),
    Claim(
        "DDIM and PNDM lose detail",
        tuple(
            Comparison("dim", "dim", "detail", -1, changed={"sampler": sampler})
            for sampler in ("ddim", "pndm")
        ),
    ),
    Claim("Dim pictures fare worse than bright ones", _both("dim", "bright", +1, SHALLOW)),
)

# Each is the cause of the shift if the shift falls where a variant is without it.
CAUSES = (
    Claim(
        "The terminal leak, and epsilon's errors that 1/√ᾱ enlarges: zero terminal SNR with v",
        _both("dim-deep-zsnr", "dim-deep", -1, DEEP),
    ),
    Claim(
        "The terminal leak alone: betas that leave next to nothing",
        _both("dim-deep-high", "dim-deep", -1, DEEP),
    ),
    Claim("Averaged weights: the last ones instead", _both("dim-raw", "dim", -1, None)),
    Claim(
        "Dimming itself: dim pictures stretched to full range", _both("dim-deep-renorm", "dim-deep", -1, DEEP)
    ),
    Claim(
        "A mean colour that must be learned by heart: centred pictures",
        _both("dim-deep-centred", "dim-deep", -1, DEEP),
    ),
    Claim(
        "Noise that hardly moves a mean colour: offset noise", _both("dim-deep-offset", "dim-deep", -1, DEEP)
    ),
    Claim("Too short a training: twice the epochs", _both("dim-long", "dim", -1, SHALLOW)),
)

# The post has butterflies alone: fruit has another outline, other hues and less pattern, on the same white.
SUBJECTS = (
    Claim("Dim fruit fares worse than bright fruit", _both("fruit-dim", "fruit-bright", +1, SHALLOW)),
)

# What the post's shortcut hides: white is as dark, but fewer photons are counted, not smaller pixel values.
LIGHTS = tuple(
    Claim(
        text,
        tuple(
            Comparison(name, name, column, sign, changed={"light": "camera"})
            for name in ("dim", "dim-deep-zsnr")
        ),
    )
    for text, column, sign in (
        ("A camera's darkness shifts colours further", "tint", +1),
        ("Less is recovered of what a camera sees", "ssim", -1),
    )
)
