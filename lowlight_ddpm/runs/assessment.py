"""What a restoration did to the colours: its measures, the noise that they must beat, and a sentence."""

from dataclasses import asdict, dataclass
from html import escape

from PIL import Image
from torch import Tensor
from torchvision.transforms.v2.functional import pil_to_tensor

from lowlight_ddpm.diffusion.trajectory import Step
from lowlight_ddpm.images.photometry import prepare
from lowlight_ddpm.metrics.colour_shift import in_words, noise_floor
from lowlight_ddpm.metrics.image import Measures, measure


@dataclass(frozen=True, repr=False)
class Judgement:
    """JSON-able by dataclasses.asdict; `noise_floor` is colour.noise_floor at the run's start, in 1/255."""

    measures: Measures
    noise_floor: float
    in_words: str

    @property
    def figures(self) -> dict[str, str]:
        """Every measure as it is read, by its name."""
        return {
            name: "undefined" if figure is None else format(figure, ".4g")
            for name, figure in asdict(self.measures).items()
        }

    def __repr__(self) -> str:
        return "\n".join([*(f"{name:20} {figure}" for name, figure in self.figures.items()), self.in_words])

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><th>{name}</th><td>{figure}</td></tr>" for name, figure in self.figures.items())
        return f"<p>{escape(self.in_words)}</p><table>{rows}</table>"


def judge(steps: list[Step], picture: Tensor, brightness: float, noise_scale: float = 1.0) -> Judgement:
    """Hold a run's last x0 against the dimmed `picture` (3, H, W) that it restored, both in model range.

    `steps` are the run's from the first on, and at least one; of a batch, the first picture is judged.
    `noise_scale` is how large the run's noise is in model range: the scale of the network's frame.
    Raises Refusal as colour.measure and words.in_words do.
    """
    measures = measure(steps[-1].x0[0], picture, brightness)
    floor = noise_scale * noise_floor(steps[0].alpha_bar, picture[0].numel())
    return Judgement(measures, floor, in_words(measures, brightness, floor))


def between(reference: Image.Image, image: Image.Image, brightness: float = 1.0) -> Judgement:
    """Hold an RGB picture against a `reference` of its size; `brightness` is what both were dimmed to.

    No noise is known of, so its floor is 0 and not spoken of. Refuses as `judge` does.
    """
    output, original = (prepare(pil_to_tensor(picture)) for picture in (image, reference))
    measures = measure(output, original, brightness)
    return Judgement(measures, 0.0, in_words(measures, brightness))
