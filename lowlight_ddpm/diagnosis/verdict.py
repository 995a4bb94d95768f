"""From what was measured to the causes, ranked, each with a strength and with what to change."""

from dataclasses import dataclass

from lowlight_ddpm.diagnosis.causes import CAUSES, THRESHOLDS, Cause, hardly_learned
from lowlight_ddpm.diagnosis.colours import Estimate
from lowlight_ddpm.diagnosis.evidence import Correction, Evidence
from lowlight_ddpm.diagnosis.reference import MISSING, Reference

MEASURED, NO_CAUSE = "measured", "not a cause"


@dataclass(frozen=True)
class Finding:
    """A cause with its `strength`: MEASURED, NO_CAUSE or MISSING.

    `figures` are its own in words, empty where they are MISSING; `gain` is what its correction gained and
    `remedy` what to change, both None where there is nothing to say.
    """

    cause: str
    title: str
    strength: str
    figures: str
    gain: Estimate | None = None
    remedy: str | None = None


@dataclass(frozen=True)
class Verdict:
    """`fault`: whether colours are off, None where it cannot be told; `sentence` says it in words."""

    fault: bool | None
    sentence: str
    findings: tuple[Finding, ...]

    @property
    def causes(self) -> list[str]:
        """Names of the measured causes, the strongest first."""
        return [finding.cause for finding in self.findings if finding.strength == MEASURED]


def conclude(evidence: Evidence, reference: Reference | None) -> Verdict:
    """The verdict by the rule of `causes`."""
    off = _is_off(evidence)
    tried = {correction.name: correction for correction in evidence.corrections}
    found = [_finding(cause, evidence, reference, off, tried) for cause in CAUSES]
    found.sort(key=lambda finding: _rank(finding, tried))
    measured = [finding for finding in found if finding.strength == MEASURED]
    told = reference is not None or bool(measured)
    fault = off if off is not None else bool(measured) if told else None
    sentence = _sentence(evidence, fault, measured)
    if share := hardly_learned(evidence):
        untrained = (
            "The network has hardly learned: at half noise its error, without its mean colour's, is "
            f"{share:.0%} of what a flat image errs by; train it longer before anything below is believed"
        )
        fault, sentence = True, f"{untrained}. {sentence}" if fault else untrained
    return Verdict(fault, sentence, tuple(found))


def _is_off(evidence: Evidence) -> bool | None:
    generated = evidence.generated
    if generated is None or generated.error is None or generated.by_chance is None:
        return None
    return generated.error.value > max(THRESHOLDS.visible, generated.by_chance)


def _finding(
    cause: Cause,
    evidence: Evidence,
    reference: Reference | None,
    off: bool | None,
    tried: dict[str, Correction],
) -> Finding:
    has = {"nothing": True, "colours": reference is not None, "images": reference and reference.count > 0}
    if not has[cause.needs]:
        return Finding(cause.name, cause.title, MISSING, "")
    figures = cause.figures(evidence)
    correction = tried.get(cause.change)
    gained = correction.gain if correction else None
    suspect = cause.is_suspect(evidence)
    if off is None:
        guilty = suspect
    else:
        guilty = off and suspect and gained is not None and gained.value > THRESHOLDS.gain and gained.low > 0
    if not guilty:
        return Finding(cause.name, cause.title, NO_CAUSE, figures, gained)
    return Finding(cause.name, cause.title, MEASURED, figures, gained, cause.remedy(evidence))


def _rank(finding: Finding, tried: dict[str, Correction]) -> tuple[int, float]:
    """Measured causes first, by their gain; the others stay in the table's order."""
    measured = finding.strength == MEASURED
    return 0 if measured else 1, -finding.gain.value if measured and finding.gain else 0.0


def _sentence(evidence: Evidence, fault: bool | None, measured: list[Finding]) -> str:
    generated = evidence.generated
    if fault is None:
        return f"Whether its colours are right {MISSING}"
    error = generated.error if generated else None
    if error is None:
        return measured[0].title if measured else "No fault found"
    if not fault:
        return (
            f"No fault found: colours are off by {error.value:.1f}/255, no more than chance or the eye tells"
        )
    off = f"Its colours are off by {error.value:.0f}/255 ({error.low:.0f} to {error.high:.0f})"
    return off if measured else f"{off}, and none of the causes that are looked for explains it"
