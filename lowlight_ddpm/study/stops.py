"""The post in eight stops: what each says, the claims that test it, the runs that show it, and its images."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from lowlight_ddpm.study.claims import Claim, find_claim
from lowlight_ddpm.study.misleading import misleading_sentence

POST = "Diffusion Models on Low-Brightness Images"


@dataclass(frozen=True)
class Stop:
    """One stop; `key` is that of its address.

    `said` is what the post says, `seen` what to look at. `claims` have the verdicts, `told` what is measured
    where there is none. `images` are (name of a prepared image, caption), `runs` (name, settings, number of
    the synthetic butterfly that is restored, None from pure noise).
    """

    key: str
    title: str
    said: str
    seen: str
    claims: tuple[Claim, ...] = ()
    images: tuple[tuple[str, str], ...] = ()
    runs: tuple[tuple[str, dict[str, Any], int | None], ...] = ()
    told: Callable[[pd.DataFrame], str | None] | None = None


def _generates(variant: str, **settings: Any) -> dict[str, Any]:
    return {"variant": variant, "mode": "generate", "steps": 50, "seed": 0} | settings


_DIM = ("dim network", _generates("dim"), None)
_DEEPER = ("deeper network", _generates("dim-deep"), None)

STOPS = (
    Stop(
        "diffusion",
        "Diffusion",
        "Diffusion models “progressively destruct data by injecting noise, then learn to reverse this "
        "process”.",
        "Above, what enters the network; below, its estimate of the image. The noise is removed a little at "
        "a time, and the butterfly was never photographed: the network makes it up.",
        images=(
            ("growing", "One image from pure noise to the end, by the dim network."),
            ("epochs", "Two noises after 1, 2, 5, 10, 20 and 50 epochs of training."),
        ),
        runs=(_DIM,),
    ),
    Stop(
        "data",
        "Dim data",
        "“The regular dataset was reduced in brightness by 50%”, as a stand-in for photographs taken in the "
        "dark.",
        "Every pixel value is halved, so that white is 127.5 of 255. A camera in the dark does more: it "
        "counts fewer photons, which adds grain.",
        (find_claim("Less is recovered of what a camera sees"),),
        (
            ("full", "Synthetic butterflies as they are."),
            ("halved", "The same, as the dim network sees them."),
        ),
        (("dim butterfly", {"variant": "dim", "start": 600, "steps": 50, "seed": 0}, 3),),
    ),
    Stop(
        "brightness",
        "Dim against bright",
        "The dim network is “unable to determine the image background color”; the bright one “has no "
        "issues”.",
        "The same noise for both. The paper behind the butterflies should be white in both.",
        (find_claim("Dim images fare worse than bright ones"),),
        (("dim", "Learned from dim images."), ("bright", "Learned from bright images.")),
        (_DIM, ("bright network", _generates("bright"), None)),
    ),
    Stop(
        "variance",
        "Variance",
        "The larger variance “helped greatly with the rgb shift issue”.",
        "One network and the same noise; only the variance of the noise that is added at each step differs. "
        "The post trained a second network in between.",
        (find_claim("The larger variance corrects the shift"),),
        (("dim", "fixed_small"), ("large", "fixed_large")),
        (
            ("larger variance", _generates("dim", variance_type="fixed_large"), None),
            ("smaller variance", _generates("dim", variance_type="fixed_small"), None),
        ),
    ),
    Stop(
        "depth",
        "Depth",
        "“A huge improvement can be seen just by deepening the model architecture”, but “this still hasn’t "
        "solved the problem of rgb shift”.",
        "One more ResNet layer in every block, trained in the same way. Both use the larger variance.",
        (find_claim("More layers recover detail"), find_claim("Depth does not correct the shift")),
        (("large", "Two layers a block."), ("deep", "Three layers a block.")),
        (_DEEPER,),
    ),
    Stop(
        "betas",
        "Betas",
        "Other betas were “unsuccessful”: “the rgb shift is worse than before”.",
        "The post contradicts itself: by its text the second pair ends at 0.015, by its caption at 0.15. One "
        "adds less noise than before, the other more. Both were trained here.",
        (find_claim("Smaller betas are worse"), find_claim("Higher betas would help")),
        (
            ("deep", "0.0001 to 0.02, the default."),
            ("low", "0.001 to 0.01."),
            ("mid", "0.0005 to 0.015, the text."),
            ("high", "0.0005 to 0.15, the caption."),
        ),
        (
            ("low betas", _generates("dim-deep-low"), None),
            ("high betas", _generates("dim-deep-high"), None),
        ),
    ),
    Stop(
        "mse",
        "MSE misleads",
        "“MSE Loss proved to be unreliable for this task”.",
        "Two results for one butterfly. MSE prefers the first, although its colour is further off: it weighs "
        "every pixel's error alike, and an eye sees a tint over all of them at once.",
        images=(
            ("original", "The original."),
            ("preferred", "Lower MSE."),
            ("better", "Higher MSE, nearer in colour."),
        ),
        runs=(("dim butterfly", {"variant": "dim", "start": 600, "steps": 50, "seed": 0}, 3),),
        told=misleading_sentence,
    ),
    Stop(
        "correction",
        "Correction",
        "“A high beta value and larger denoising is needed to fix these issues”, which the post leaves open.",
        "The mean colour of each estimate is set to what the noise and the training images tell of it. The "
        "network is the same. For restorations see Play: there the correction has less to do. To have your "
        "own network examined, run “lowlight-ddpm diagnose FOLDER”.",
        (find_claim("The mean correction corrects the shift"),),
        (("dim", "Dim."), ("corrected", "Dim, corrected.")),
        (("corrected", _generates("dim", mean_correction="training"), None), _DIM),
    ),
)
