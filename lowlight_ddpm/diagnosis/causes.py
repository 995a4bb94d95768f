"""Causes of wrong colours: thresholds, what makes each suspect, which change takes it out, and what helps.

A cause is measured where it is suspect by its own figures and generated images come nearer to the training
images' colours without it, on the same noise; where no images are generated, its own figures decide.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace

from lowlight_ddpm.diagnosis.evidence import Evidence

# Every threshold of the verdict. They are set before random cases are tried, and not moved afterwards.
THRESHOLDS = SimpleNamespace(
    visible=3.0,  # colour error in 1/255 below which nothing is a fault
    chance=0.99,  # of sets drawn from the reference itself, that stay below the error by chance
    excess=0.25,  # part of a tint that is passed beyond an ideal denoiser's, where noise dominates
    dominates=0.4,  # √ᾱ up to which noise dominates
    bias=2.0,  # error of the mean in 1/255 that is common to all images, and
    sure=3.0,  # so many of its standard errors
    leak=0.5,  # predicted in 1/255
    cut=0.01,  # share of the training images' pixels that clipping reaches
    half_from=0.3,  # √ᾱ from and
    half_to=0.8,  # to which an image and its noise are of about one size, and
    unlearned=1.2,  # error of detail there, as part of flat images', above which hardly anything was learned
    gain=1.5,  # in 1/255, with an interval above 0, that makes a suspect a cause
)
LINES = """from lowlight_ddpm import with_mean_correction
corrected = with_mean_correction(pipeline, images="TRAINING_IMAGES")
corrected.save_pretrained("MY_MODEL-corrected")"""
_V = 'train with prediction_type="v_prediction" and rescale_betas_zero_snr=True'
_MEASURED = "docs/tinted-images.md has its gain and its cost on this project's networks"


@dataclass(frozen=True)
class Cause:
    """One thing that may shift colours.

    `is_suspect(evidence)` holds its own figures against THRESHOLDS; `change` names the correction that takes
    it out; `figures(evidence)` says them in words, `remedy(evidence)` what to change. `needs` is what of a
    reference it takes: "nothing", "colours" or "images".
    """

    name: str
    title: str
    change: str
    is_suspect: Callable[[Evidence], bool]
    figures: Callable[[Evidence], str]
    remedy: Callable[[Evidence], str]
    needs: str = "colours"


def noisy(evidence: Evidence) -> list:
    """Flat tints where noise dominates, whose ideal is known."""
    return [
        row
        for row in evidence.transmission
        if row.cycles == 0 and row.ideal is not None and row.signal <= THRESHOLDS.dominates
    ]


def biased(evidence: Evidence) -> list:
    """Timesteps at which the mean colour is off by more than THRESHOLDS, and more than its error."""
    return [
        row
        for row in evidence.mean_errors
        if row.bias_size > THRESHOLDS.bias
        and any(abs(b) > THRESHOLDS.sure * e for b, e in zip(row.bias, row.bias_error, strict=True))
    ]


def hardly_learned(evidence: Evidence) -> float | None:
    """The least error of detail between THRESHOLDS.half_from and half_to, where even that is `unlearned`.

    A network that predicts x0 and has learned nothing may give flat images, and is not told from others.
    """
    shares = [
        row.detail for row in evidence.mean_errors if THRESHOLDS.half_from <= row.signal <= THRESHOLDS.half_to
    ]
    return min(shares) if shares and min(shares) > THRESHOLDS.unlearned else None


def _insensitive(evidence: Evidence) -> bool:
    return max((row.excess for row in noisy(evidence)), default=0.0) > THRESHOLDS.excess


def _insensitivity(evidence: Evidence) -> str:
    rows = noisy(evidence)
    if not rows:
        return "how much of a tint it passes cannot be compared with an ideal denoiser"
    worst = max(rows, key=lambda row: row.excess)
    return f"passes {worst.passed:.2f} of a tint at √ᾱ = {worst.signal:g}, ideal {worst.ideal:.2f}"


def _biases(evidence: Evidence) -> str:
    rows = biased(evidence)
    if not rows:
        return "its mean colour is right at every timestep that was tried"
    at = [row.timestep for row in rows]
    size = max(row.bias_size for row in rows)
    return f"off by up to {size:.0f}/255 at the timesteps {min(at)} to {max(at)} of those tried"


def _start(evidence: Evidence) -> str:
    schedule = evidence.schedule
    late = f", not at {schedule.timesteps - 1}" * schedule.starts_late
    left = f"where {schedule.first_signal:.3f} of the signal is left"
    return f"it starts at {schedule.first_timestep}{late}, {left}"


def _leaks(evidence: Evidence) -> bool:
    return (evidence.leak_predicted or 0.0) > THRESHOLDS.leak


def _left(evidence: Evidence) -> str:
    predicted = "" if evidence.leak_predicted is None else f", {evidence.leak_predicted:.1f}/255 predicted"
    return f"{evidence.schedule.signal_left:.3f} of the signal is left at the last timestep{predicted}"


def _starts_late(evidence: Evidence) -> bool:
    """Whether it does, and, where no images are generated to tell, by enough to be seen."""
    more = (evidence.grid_leak_predicted or 0.0) - (evidence.leak_predicted or 0.0)
    return evidence.schedule.starts_late and (evidence.generated is not None or more > THRESHOLDS.leak)


def _cuts(evidence: Evidence) -> bool:
    return (evidence.clipped_share or 0.0) > THRESHOLDS.cut


def _correct(evidence: Evidence) -> str:
    lines = "with_mean_correction(pipeline, images=…) corrects it without training; " * evidence.corrigible
    return f"{lines}{_V}: {_MEASURED}"


CAUSES = (
    Cause(
        "insensitive",
        "Insensitive to the mean colour, so that tints of noise pass",
        "mean_correction",
        _insensitive,
        _insensitivity,
        _correct,
    ),
    Cause(
        "mean_bias",
        "Mean colour wrong in a range of timesteps",
        "without_bias",
        lambda evidence: bool(biased(evidence)),
        _biases,
        lambda evidence: (
            "look at what differs there in training: how timesteps are drawn, the weight of the loss, "
            "images of another range"
            + "; with_mean_correction corrects the mean until then"
            * evidence.corrigible
        ),
        needs="images",
    ),
    Cause(
        "grid",
        "Sampling that starts below the last timestep",
        "trailing",
        _starts_late,
        _start,
        lambda evidence: 'set timestep_spacing="trailing" in the scheduler: no training is needed',
    ),
    Cause(
        "leak",
        "Signal leak",
        "leak_start",
        _leaks,
        _left,
        lambda evidence: (
            f"start sampling from noise that holds a colour of the training images, or {_V}: {_MEASURED}"
        ),
    ),
    Cause(
        "clipping",
        "Clipping of values that training images have",
        "clip_to_data",
        _cuts,
        lambda evidence: (
            "sampling clips nothing, or nothing tells what training images have"
            if evidence.clipped_share is None
            else f"{evidence.clipped_share:.0%} of the training images' values lie beyond the clip"
        ),
        lambda evidence: "set clip_sample_range in the scheduler to the range of the training images",
        needs="images",
    ),
    Cause(
        "zero_snr",
        "Epsilon predicted at zero terminal SNR",
        "skip_last",
        lambda evidence: evidence.schedule.zero_snr_with_epsilon,
        lambda evidence: (
            "no image follows from epsilon there"
            if evidence.schedule.zero_snr_with_epsilon
            else "an image follows from what it predicts at every timestep"
        ),
        lambda evidence: f"{_V}; a network that predicts epsilon needs betas that leave a signal",
        needs="nothing",
    ),
)
