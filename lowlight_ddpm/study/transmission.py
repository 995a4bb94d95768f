"""Each network's tint transmission, by signal level and spatial frequency: measured once, and kept."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar

from lowlight_ddpm.diffusion.transmission import CYCLES, transmissions
from lowlight_ddpm.images.photometry import prepare
from lowlight_ddpm.models.checkpoints import ROOT, load
from lowlight_ddpm.paths import RESULTS
from lowlight_ddpm.study.protocol import EvaluationSet, network_id
from lowlight_ddpm.study.store import Measurement


@dataclass(frozen=True)
class Transmission(Measurement):
    """The tint transmission of one variant's network, on unseen images of its subject.

    `training` are the images that it has learned from, where they are at hand: without them nothing is known
    of a perfect denoiser but for the mean, which the training record tells of.
    """

    variant: str
    pictures: EvaluationSet
    folder: Path = RESULTS
    root: Path = ROOT
    training: EvaluationSet | None = None
    kind: ClassVar[str] = "transmission"

    @property
    def key(self) -> str:
        """The variant: of another network or other images there is a newer line."""
        return self.variant

    @property
    def path(self) -> Path:
        """The variant's file."""
        return self.folder / f"{self.variant}.jsonl"

    @property
    def done(self) -> bool:
        """Whether it is there, of this network and these images, and with all that can be known."""
        found = self.record
        if found is None or not self._about.items() <= found.items():
            return False
        return self.training is None or found["training"]

    def run(self) -> None:
        """Measure it, and write its line."""
        checkpoint = load(self.variant, self.root)
        brightness = checkpoint.variant.brightness
        learned = self.training and prepare(self.training.seen, brightness)
        found = transmissions(checkpoint, prepare(self.pictures.unseen, brightness), learned)
        report = {"training": self.training is not None, "rows": [asdict(row) for row in found]}
        self.keep(self._about | report)

    @property
    def _about(self) -> dict:
        network = network_id(self.variant, self.root)
        return {
            "variant": self.variant,
            "network": network,
            "pictures": self.pictures.checksum,
            "cycles": list(CYCLES),
        }
