"""The post's claims and the causes of the shift, a row each, with the comparisons that test it."""

import re
from dataclasses import dataclass

from lowlight_ddpm.study.headlines import HEADLINES, Change, Comparison


@dataclass(frozen=True)
class Claim:
    """What is said, and the comparisons that test it; if one is among the HEADLINES, it decides."""

    text: str
    comparisons: tuple[Comparison, ...]

    @property
    def key(self) -> str:
        """Its name in an address: letters, digits and hyphens."""
        return re.sub(r"[^a-z0-9]+", "-", self.text.lower()).strip("-")


RESTORED_FROM = 600


def _both(a: str, b: str, claimed: int) -> tuple[Comparison, ...]:
    """The shift, from pure noise and restoring."""
    return Comparison("ground", claimed, a, b), Comparison("excess", claimed, a, b, start=RESTORED_FROM)


def _headline(text: str, *comparisons: Comparison) -> Claim:
    """A claim that is judged, with what is measured besides."""
    return Claim(text, (HEADLINES[text], *comparisons))


CLAIMS = (
    _headline("The larger variance corrects the shift", *_both("dim-large", "dim", -1)),
    _headline(
        "More layers recover detail",
        Comparison("ssim", +1, "dim-deep", "dim-large", start=RESTORED_FROM),
    ),
    _headline(
        "Depth does not correct the shift",
        Comparison("excess", 0, "dim-deep", "dim-large", start=RESTORED_FROM),
    ),
    _headline(
        "Smaller betas are worse",
        Comparison("excess", +1, "dim-deep-low", "dim-deep", start=RESTORED_FROM),
        *_both("dim-deep-mid", "dim-deep", +1),
    ),
    Claim("Higher betas would help", _both("dim-deep-high", "dim-deep", -1)),
    Claim(
        "DDIM and PNDM lose detail",
        tuple(
            Comparison("detail_error", +1, "dim", None, Change("sampler", sampler, "ddpm"), RESTORED_FROM)
            for sampler in ("ddim", "pndm")
        ),
    ),
    _headline(
        "Dim images fare worse than bright ones",
        Comparison("excess", +1, "dim", "bright", start=RESTORED_FROM),
        Comparison("delta_e", +1, "dim", "bright", start=RESTORED_FROM),
    ),
)

# Each takes one possible cause away, and would be it if the shift fell.
CAUSE_CLAIMS = (
    Claim(
        "The signal leak, and epsilon's errors that 1/√ᾱ enlarges: zero terminal SNR with v",
        _both("dim-deep-zsnr", "dim-deep", -1),
    ),
    Claim("The signal leak alone: betas that leave next to nothing", _both("dim-deep-high", "dim-deep", -1)),
    Claim("Weight averaging (EMA): the last weights instead", _both("dim-raw", "dim", -1)),
    Claim("Dimming itself: dim images stretched to full range", _both("dim-deep-renorm", "dim-deep", -1)),
    Claim("A mean colour stored in the weights: centred images", _both("dim-deep-centred", "dim-deep", -1)),
    Claim("Noise with almost no mean colour: offset noise", _both("dim-deep-offset", "dim-deep", -1)),
    Claim("Too little training: twice the epochs", _both("dim-long", "dim", -1)),
)

# What each change at training does to images from pure noise, and what it costs restorations.
MITIGATIONS = tuple(
    Claim(
        text,
        (
            Comparison("ground", -1, name, "dim-deep"),
            *(Comparison("ssim", -1, name, "dim-deep", start=start) for start in (300, RESTORED_FROM)),
        ),
    )
    for text, name in (
        ("v-prediction with zero terminal SNR", "dim-deep-zsnr"),
        ("Offset noise", "dim-deep-offset"),
    )
)

# The post has butterflies alone: fruit has another outline, other hues and less pattern, on the same white.
SUBJECTS = (Claim("Dim fruit fares worse than bright fruit", _both("fruit-dim", "fruit-bright", +1)),)

# What the post's shortcut hides: white is as dark, but fewer photons are counted, not smaller pixel values.
LIGHTS = tuple(
    Claim(
        text,
        tuple(
            Comparison(measure, sign, name, None, Change("light", "camera", "pixels"), RESTORED_FROM)
            for name in ("dim", "dim-deep-zsnr")
        ),
    )
    for text, measure, sign in (
        ("A camera's darkness shifts colours further", "excess", +1),
        ("Less is recovered of what a camera sees", "ssim", -1),
    )
)

# The post has none that needs no training.
CORRECTIONS = (_headline("The mean correction corrects the shift"),)


def find_claim(text: str) -> Claim:
    """The claim of that text, of whichever list. Raises StopIteration where there is none."""
    return next(
        claim for claim in (*CLAIMS, *CAUSE_CLAIMS, *CORRECTIONS, *LIGHTS, *SUBJECTS) if claim.text == text
    )
