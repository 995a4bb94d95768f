"""The tint transmission of every variant's network, measured once and kept in a file."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from lowlight_ddpm.diffusion.transmission import gains
from lowlight_ddpm.images.photometry import prepare
from lowlight_ddpm.models.checkpoints import ROOT, available, load
from lowlight_ddpm.study.protocol import RESULTS, EvaluationSet, network_id, write

FOLDER = RESULTS / "gain"


@dataclass(frozen=True)
class Job:
    """The gains of one variant on unseen pictures of its subject, kept in a file."""

    variant: str
    pictures: EvaluationSet
    folder: Path = FOLDER
    root: Path = ROOT

    @property
    def path(self) -> Path:
        """Where they are, or go."""
        return _path(self.folder, self.variant)

    @property
    def claim(self) -> Path:
        """What stands for it while it is run."""
        return self.path.with_suffix(".lock")

    @property
    def done(self) -> bool:
        """Whether they are there, of this network and these pictures."""
        return self.path.exists() and self._about.items() <= json.loads(self.path.read_text()).items()

    def run(self) -> None:
        """Measure and write them."""
        checkpoint = load(self.variant, self.root)
        pictures = prepare(self.pictures.unseen, checkpoint.variant.brightness)
        write(self.path, self._about | {"rows": [asdict(gain) for gain in gains(checkpoint, pictures)]})

    @property
    def _about(self) -> dict:
        network = network_id(self.variant, self.root)
        return {"variant": self.variant, "network": network, "pictures": self.pictures.checksum}


def table(folder: Path = FOLDER, root: Path = ROOT) -> pd.DataFrame:
    """A row for every Gain, with its `variant`, of every variant whose network is still the one measured."""
    rows = []
    for name in available(root):
        path = _path(folder, name)
        report = json.loads(path.read_text()) if path.exists() else {}
        if report.get("network") == network_id(name, root):
            rows += [{"variant": name, **row} for row in report["rows"]]
    return pd.DataFrame(rows)


def _path(folder: Path, name: str) -> Path:
    return folder / f"{name}.json"
