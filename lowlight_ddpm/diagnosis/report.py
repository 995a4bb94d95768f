"""The report of a diagnosis: as JSON, as flat numbers for a training's log, as text, and as files."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from lowlight_ddpm.diagnosis.causes import LINES, THRESHOLDS, noisy
from lowlight_ddpm.diagnosis.evidence import Correction, Evidence
from lowlight_ddpm.diagnosis.model import Model
from lowlight_ddpm.diagnosis.page import page
from lowlight_ddpm.diagnosis.reference import MISSING, Reference
from lowlight_ddpm.diagnosis.verdict import Finding, Verdict
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images.photometry import picture_grid
from lowlight_ddpm.images.writing import save_png


@dataclass(frozen=True, eq=False)
class Report:
    """What was found. `images` are generated ones (B, C, H, W) in [-1, 1], by the name of their sampling.

    `settings` are the counts, the seed and the steps that the figures were measured with.
    """

    model: Model = field(repr=False)
    reference: Reference | None = field(repr=False)
    settings: dict[str, Any]
    evidence: Evidence = field(repr=False)
    verdict: Verdict
    images: dict[str, Tensor] = field(repr=False)

    def as_dict(self) -> dict[str, Any]:
        """All of it but the images, as JSON holds it: equal inputs give equal ones."""
        model, reference = self.model, self.reference
        known = reference and {
            "from": reference.label,
            "images": reference.count,
            "mean": reference.colours.mean.tolist(),
            "covariance": reference.colours.covariance.tolist(),
        }
        return {
            "model": {
                "name": model.name,
                "shape": list(model.shape),
                "prediction_type": model.prediction_type,
                "scheduler": type(model.scheduler).__name__,
                **model.facts,
            },
            "reference": known,
            "settings": self.settings,
            "thresholds": vars(THRESHOLDS),
            "verdict": asdict(self.verdict),
            **asdict(self.evidence),
        }

    def scalars(self) -> dict[str, float]:
        """The figures for a training's log: NAME or NAME/DETAIL to a float; what is not known is left out."""
        evidence, generated = self.evidence, self.evidence.generated
        found = {
            "signal_left": evidence.schedule.signal_left,
            "first_timestep": evidence.schedule.first_timestep,
        }
        found |= {
            f"tint_passed/{row.signal:g}" + "-red_blue" * (row.tint != "grey"): row.passed
            for row in evidence.transmission
            if row.cycles == 0
        }
        if rows := noisy(evidence):
            found["tint_excess"] = max(row.excess for row in rows)
        found |= {f"mean_bias/{row.timestep}": row.bias_size for row in evidence.mean_errors}
        if evidence.leak_predicted is not None:
            found["leak_predicted"] = evidence.leak_predicted
        if generated and generated.error:
            found["colour_error"] = generated.error.value
        if generated and generated.background_error:
            found["background_error"] = generated.background_error.value
        found |= {f"gain/{row.name}": row.gain.value for row in evidence.corrections}
        return {name: float(value) for name, value in found.items()}

    def __str__(self) -> str:
        """The report in some twenty lines for a terminal."""
        lines = [self.heading, "", f"  {self.verdict.sentence}."]
        number = 0
        for finding in self.verdict.findings:
            number += finding.remedy is not None
            lines += _told(finding, number)
        lines += [""] + [f"  {_tried(row)}" for row in self.evidence.corrections]
        if self.offers_correction:
            lines += ["", "  Now, without training:", *(f"    {line}" for line in LINES.splitlines())]
        return "\n".join([*lines, "", *(f"  {line}" for line in self.notes)])

    @property
    def offers_correction(self) -> bool:
        """Whether the mean correction is for this network, and gained on it."""
        gained = {row.name: row.gain.low > 0 for row in self.evidence.corrections}
        return bool(self.verdict.causes) and self.evidence.corrigible and gained.get("mean_correction", False)

    @property
    def notes(self) -> list[str]:
        """What the figures rest on, and what was not measured."""
        settings, generated, reference = self.settings, self.evidence.generated, self.reference
        made = f"{generated.count} images" if generated else "No images, of which --count generates some,"
        rest = f"{made} in {settings['steps']} steps, seed {settings['seed']}; restorations are not checked."
        if reference is None:
            return [f"What is more {MISSING}: give some hundreds of them.", rest]
        kind = f"{reference.count} images of {reference.label}" if reference.count else reference.label
        brightness = (self.model.record.get("variant") or {}).get("brightness") or 1.0
        dimmed = (
            f", dimmed to brightness {brightness:g} as in training"
            if reference.count and brightness < 1
            else ""
        )
        lines = [f"Compared with {kind}{dimmed}.", rest]
        if not reference.count:
            lines.append(f"Backgrounds, errors by timestep and clipping {MISSING}.")
        return lines

    @property
    def heading(self) -> str:
        """The model in a line."""
        model, (channels, height, width) = self.model, self.model.shape
        size = f"{width} px" if width == height else f"{width} × {height} px"
        kind = f"{channels} channel{'s' * (channels > 1)}, predicts {model.prediction_type}"
        return f"{model.name}: {size}, {kind}"

    def save(self, out: Path) -> None:
        """Write report.json, report.html and samples as PNGs into a folder; made if it is missing."""
        try:
            out.mkdir(parents=True, exist_ok=True)
            (out / "report.json").write_text(json.dumps(self.as_dict(), indent=1) + "\n", encoding="utf-8")
            (out / "report.html").write_text(page(self), encoding="utf-8")
            for name, images in self.images.items():
                save_png(picture_grid(images), out / f"{name}.png")
        except OSError as error:
            raise Refusal(
                f"The report cannot be written to {out} ({error.strerror}): give another folder."
            ) from error


def _told(finding: Finding, number: int) -> list[str]:
    mark = f"{number}" if finding.remedy else "-"
    gain = f"; without it {finding.gain.value:+.1f}/255 nearer" if finding.remedy and finding.gain else ""
    figures = f": {finding.figures}{gain}" if finding.figures else ""
    lines = [f"  {mark} {finding.title}{figures} [{finding.strength}]"]
    return lines + ([f"      To change: {finding.remedy}."] if finding.remedy else [])


def _tried(row: Correction) -> str:
    return (
        f"Tried on the same noise: {row.title}: {row.error.value:.1f}/255, gain {row.gain.signed} "
        f"against {row.against}"
    )
