"""From a museum's photograph of a pinned specimen to the specimen alone, on pure white.

The background's light is fitted as a smooth surface and divided out; the specimen is what a watershed between
what surely is background and what surely is not leaves on the specimen's side.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage
from skimage.measure import label, regionprops
from skimage.segmentation import watershed

from lowlight_ddpm.errors import Refusal

LONGEST = 1024  # pixels; a larger photograph is made this small first: no result needs more
FILL = 0.95  # of the square's side is what the longer side of the specimen takes
LIGHTEST = 0.45  # pixel value in 0..1 that a light background has at least
MOST_TINT = 0.4  # of its brightest channel is what a background's darkest may lack
LEAST_BACKGROUND = 0.3  # of the photograph's rim
LEAST_SPECIMEN, MOST_SPECIMEN = 0.005, 0.9  # of the photograph's area
SMOOTH = 0.05  # of the longer side is how far the background's light is taken to be the same
SHADOW = 0.35  # of its light is what the background may lack where the specimen shades it
THIN = 0.03  # of the longer side is what antennae and legs are thinner than
GAP = 0.04  # of the longer side; what lies further from the specimen is a label, a scale or dirt
BACKGROUND, SPECIMEN = 1, 2  # markers
_LEVEL = 1 / 255


@dataclass(frozen=True)
class Specimen:
    """A photograph whose background has been made white.

    `pixels` is uint8 (H, W, 3) and 255 wherever `mask`, bool (H, W), is False.
    """

    pixels: np.ndarray
    mask: np.ndarray


def prepare(picture: Image.Image, size: int = 128, name: str = "The picture") -> Image.Image:
    """The specimen of a photograph in the middle of a white square of `size` pixels: an RGB image.

    Its longer side takes FILL of the square. Raises Refusal as `cut_out` does; `name` is what that calls the
    photograph.
    """
    found = cut_out(picture, name)
    rows, columns = np.flatnonzero(found.mask.any(1)), np.flatnonzero(found.mask.any(0))
    box = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    scale = size * FILL / max(box[2] - box[0], box[3] - box[1])
    width, height = (max(1, round(scale * (box[i + 2] - box[i]))) for i in (0, 1))
    # Lanczos would leave a grey ring around the specimen: its second lobe takes from white, bicubic has none.
    specimen = Image.fromarray(found.pixels).resize((width, height), Image.Resampling.BICUBIC, box)
    square = Image.new("RGB", (size, size), "white")
    square.paste(specimen, ((size - width) // 2, (size - height) // 2))
    return square


def cut_out(picture: Image.Image, name: str = "The picture") -> Specimen:
    """Tell the specimen of an RGB photograph from its background, and make the background white.

    The photograph is made smaller if it is longer than LONGEST. Raises Refusal where there is no light
    background around, or no specimen on it.
    """
    picture = picture.copy()
    picture.thumbnail((LONGEST, LONGEST), Image.Resampling.BOX)
    pixels = np.asarray(picture, np.float32) / 255
    # Averaged over a few pixels of a large photograph, grain is no longer taken for detail.
    blur = max(picture.size) / 700
    calm = ndimage.gaussian_filter(pixels, (blur, blur, 0)) if blur > 0.5 else pixels
    light, noise = background_light(calm, name)
    # sRGB values are nearly a power of the light, so that dividing them divides the light.
    whitened = pixels / light
    mask = specimen_mask(calm / light, noise)
    if mask.mean() < LEAST_SPECIMEN:
        raise Refusal(
            f"{name} shows no specimen that differs from its background: choose another photograph."
        )
    if mask.mean() > MOST_SPECIMEN:
        raise Refusal(_no_background(name))
    # Pixels at the rim are specimen and background mixed, and on white they may stay so; background is white.
    rim = ndimage.binary_dilation(mask, ndimage.generate_binary_structure(2, 2)) & ~mask
    mask |= rim & (whitened.min(-1) < 0.9)
    whitened[~mask] = 1
    return Specimen((whitened.clip(0, 1) * 255).round().astype(np.uint8), mask)


def background_light(pixels: np.ndarray, name: str = "The picture") -> tuple[np.ndarray, float]:
    """What the background's pixels would be without a specimen, float32 (H, W, 3), and their relative noise.

    `pixels` is float32 (H, W, 3) in 0..1. A quadratic in the place is fitted to each channel's logarithm,
    first along the rim of the photograph, then wherever the background is found to go on from there; what it
    leaves over is smoothed and added. Outliers count nothing (Tukey's biweight: Beaton and Tukey,
    Technometrics 1974). Raises Refusal where the rim is not mostly of one light colour.
    """
    height, width = pixels.shape[:2]
    logs = np.log(pixels.clip(_LEVEL, None))
    terms = _terms(height, width)
    edge = max(1, round(0.02 * max(height, width)))
    rim = np.ones((height, width), bool)
    rim[edge:-edge, edge:-edge] = False
    where = rim & _lightest(pixels, rim)
    for order in (3, 6, 6, 6, 6):  # a plane, until there is enough to fit a quadratic to
        if (rim & where).sum() < LEAST_BACKGROUND * rim.sum():
            raise Refusal(_no_background(name))
        surface = terms[..., :order] @ _fit(terms[where][:, :order], logs[where])
        distance = _distance(pixels / np.exp(surface))
        where = _from_rim(distance < max(0.06, 4 * _noise(distance, where)))
    surface += _smooth(logs - surface, ndimage.binary_erosion(where, border_value=1))
    light = np.exp(surface).astype(np.float32)
    if not where.any() or not _is_light(light[where]):
        raise Refusal(_no_background(name))
    return light, _noise(_distance(pixels / light), where)


def specimen_mask(whitened: np.ndarray, noise: float) -> np.ndarray:
    """Where the specimen is, bool (H, W), in pixels over light (H, W, 3) whose background has this noise.

    Soft shadows go to the background, since no edge parts them from it; labels and scales lie apart and are
    left out; patches of a wing that look like the background stay, gaps between wings do not.
    """
    distance = _distance(whitened)
    tolerance = _tolerance(noise)
    markers = np.zeros(distance.shape, np.int32)
    markers[distance < tolerance] = BACKGROUND
    markers[_surely_specimen(whitened, tolerance)] = SPECIMEN
    slope = sum(_slope(whitened[..., channel]) for channel in range(3))
    mask = _main(watershed(slope, markers) == SPECIMEN)
    return mask | (ndimage.binary_fill_holes(mask) & ~_gaps(mask, distance, noise))


def _terms(height: int, width: int) -> np.ndarray:
    """1, x, y, x², xy, y² at every pixel, x and y from -1 to 1: float64 (H, W, 6)."""
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], -1)


def _lightest(pixels: np.ndarray, rim: np.ndarray) -> np.ndarray:
    """Where the pixels are about as bright as most of the rim."""
    bright = pixels.max(-1)
    return np.abs(bright / max(np.percentile(bright[rim], 60), _LEVEL) - 1) < 0.25


def _fit(terms: np.ndarray, logs: np.ndarray) -> np.ndarray:
    """Robust least squares of (N, 3) values on (N, K) terms: coefficients (K, 3)."""
    every = -(-len(terms) // 20_000)
    terms, logs = terms[::every], logs[::every]
    weights = np.ones(len(terms))
    for _ in range(8):
        root = np.sqrt(weights)[:, None]
        fit = np.linalg.lstsq(terms * root, logs * root, rcond=None)[0]
        residual = np.abs(logs - terms @ fit).max(-1)
        scale = max(4.685 * 1.4826 * np.median(residual), _LEVEL)
        weights = (1 - (residual / scale).clip(0, 1) ** 2) ** 2
    return fit


def _smooth(left: np.ndarray, where: np.ndarray) -> np.ndarray:
    """What is left over (H, W, 3), averaged over the background nearby; 0 far from any."""
    reach = SMOOTH * max(where.shape)
    share = ndimage.gaussian_filter(where.astype(np.float64), reach)[..., None] + 0.01
    return ndimage.gaussian_filter(left * where[..., None], (reach, reach, 0)) / share


def _noise(distance: np.ndarray, where: np.ndarray) -> float:
    """The standard deviation of normal noise of the background's distance."""
    return 1.4826 * float(np.median(distance[where]))


def _from_rim(near: np.ndarray) -> np.ndarray:
    """The parts of a mask that reach the photograph's edge."""
    parts = np.asarray(label(near, connectivity=1))
    outer = np.unique(np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]]))
    return np.isin(parts, outer[outer > 0])


def _is_light(light: np.ndarray) -> bool:
    brightest, darkest = np.median(light.max(-1)), np.median(light.min(-1))
    return brightest >= LIGHTEST and darkest >= (1 - MOST_TINT) * brightest


def _distance(whitened: np.ndarray) -> np.ndarray:
    """How far each pixel is from white, in the channel that is furthest."""
    return np.abs(whitened - 1).max(-1)


def _tolerance(noise: float) -> float:
    """How far from white the background's own pixels lie at most, but for shadows."""
    return max(0.035, 3 * noise)


def _surely_specimen(whitened: np.ndarray, tolerance: float) -> np.ndarray:
    """Where pixels are no shaded background.

    They are too dark, brighter than the background, of another colour, or thin and dark as antennae are.
    """
    high, low = whitened.max(-1), whitened.min(-1)
    radius = max(2, round(THIN / 2 * max(high.shape)))
    thin = np.asarray(ndimage.black_tophat(low, size=2 * radius + 1))
    return (
        (high < 1 - SHADOW)
        | (high > 1 + 2 * tolerance)
        | (high - low > 2 * tolerance * high.clip(0.5))
        | (thin > 2.5 * tolerance)
    )


def _slope(channel: np.ndarray) -> np.ndarray:
    return np.hypot(ndimage.sobel(channel, 0), ndimage.sobel(channel, 1))


def _main(mask: np.ndarray) -> np.ndarray:
    """The largest thing of a mask, with the pieces that lie nearer to it than GAP."""
    reach = max(1.5, GAP * max(mask.shape) / 2)
    far = np.asarray(ndimage.distance_transform_edt(~mask))
    parts = np.asarray(label(far <= reach)) * mask
    sizes = np.bincount(parts[mask], minlength=2)
    return (parts == sizes.argmax()) & mask


def _gaps(mask: np.ndarray, distance: np.ndarray, noise: float) -> np.ndarray:
    """Background that the specimen encloses, as between an antenna and a wing."""
    parts = label(ndimage.binary_fill_holes(mask) & ~mask, connectivity=1)
    gaps = np.zeros(mask.shape, bool)
    for part in regionprops(parts, distance):
        if part.area > 4 and part.intensity_mean < max(0.02, 1.5 * noise):
            gaps[tuple(part.coords.T)] = True
    return gaps


def _no_background(name: str) -> str:
    return f"{name} has no light, even background around a specimen: choose another photograph."
