"""An image against its original: errors, similarity, colour shift, detail, and what is drawn of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from scipy.ndimage import laplace
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.metrics import mean_squared_error, peak_signal_noise_ratio, structural_similarity
from torch import Tensor

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images.photometry import linear, srgb

Colour = tuple[float, float, float]
"""Mean R, G, B, of 255."""

JUST_NOTICEABLE = 1.0
"""CIEDE2000 distance below which an average eye sees two colours as one."""

GREY_CHROMA = 5.0
"""C* (CIELAB) below which a colour is so near grey that its hue angle is chance."""

SSIM_WINDOW = 7
"""Side in pixels of SSIM's square window: scikit-image's default, and Wang et al.'s own."""

ERROR_COLOURS = ((84, 160, 255), (12, 12, 14), (255, 160, 50))
"""R, G, B of 255 at −limit, 0 and +limit, straight lines between them: blue and orange differ for every eye,
colour-blind ones included, and black lets small errors sink into a dark background."""

ERROR_LIMITS = (5, 10, 20, 50, 100, 255)
_SHARE_WITHIN = 0.99

BINS = 48  # of a histogram
_ROUND = 16  # of 255; the highest value of the axis is a multiple

# Half an 8-bit step in linear light: a channel this dark would be stored as 0, and its ratios mean nothing.
_BLACK = 0.5 / 255 / 12.92


@dataclass(frozen=True)
class Measures:
    """How one image differs from its original. Signs are output minus reference; plain, JSON-able values.

    Both images are clipped to pixel values 0..1 first, so everything but the raw shifts is about what can be
    displayed. None stands where a measure is undefined.

    Errors:
        mse: mean squared error in pixel², pixel in 0..1; exactly mse_shift + mse_structure.
        mse_shift: mean_c (d_c)², d_c the error's spatial mean in channel c (bias² of MSE = bias² + variance).
        mse_structure: mean_c var(error in channel c), the error left once every channel's shift is removed.
        psnr: 10·log10(data_range² / mse) in dB; None for equal images, where it is infinite.
        ssim: structural similarity, 1 for equal images (Wang et al. 2004, eq. 13, as in scikit-image: 7 × 7
            uniform window, K1 = 0.01, K2 = 0.03, mean over channels); the largest odd window that fits in a
            image under 7 pixels, None under 3.

    Colour shift:
        shift_r, shift_g, shift_b: 255·d_c, in 1/255 (the RGB shift of PyDiff, IJCAI 2023, sign reversed).
        raw_shift_r, raw_shift_g, raw_shift_b: the same before anything is clipped, beyond which values of
            the output pull shift_r to shift_b towards the middle of the range.
        delta_e: CIEDE2000 distance of the mean colours (Sharma, Wu, Dalal 2005), those of `mean_lab`: what
            the images look like from afar; 1 is just visible.
        delta_l, delta_a, delta_b: difference of their L* (lighter +), a* (red +, green -), b* (yellow +,
            blue -) in CIELAB units (D65, 2°).
        chroma_ratio: C* of the output's mean colour over the reference's, C* = √(a*² + b*²); under 1 is
            greyer. None where the reference's C* is under JUST_NOTICEABLE.
        hue_shift: turn of the mean colour's hue angle atan2(b*, a*), degrees in -180..180; None where either
            C* is under GREY_CHROMA.
        reproduction_angle: arccos(Σr / (√3·|r|)) in degrees, r = mean linear reference / mean linear output
            per channel (Finlayson and Zakizadeh, BMVC 2014, means in place of white surfaces). Insensitive to
            mere brightness; None where a channel of either image is black.
        mean_delta_e: mean over pixels of the CIEDE2000 distance; counts blur and noise as well as tints.
    """

    mse: float
    mse_shift: float
    mse_structure: float
    psnr: float | None
    ssim: float | None
    shift_r: float
    shift_g: float
    shift_b: float
    delta_e: float
    delta_l: float
    delta_a: float
    delta_b: float
    chroma_ratio: float | None
    hue_shift: float | None
    reproduction_angle: float | None
    mean_delta_e: float
    raw_shift_r: float
    raw_shift_g: float
    raw_shift_b: float


def channel_means(x: Tensor) -> Tensor:
    """Mean of each channel over the image: (B, 3) in 1/255, from x of (B, 3, H, W) or (3, H, W).

    127.5·(mean(x) + 1), NOT clipped: x may be noisy or out of -1..1. Stays on x's device; cheap enough for
    every sampling step.
    """
    # Half-precision sums would round the mean by more than the shifts that are looked for.
    return (torch.atleast_2d(x.mean(dim=(-2, -1), dtype=torch.float32)) + 1) * 127.5


def mean_colour(pictures: Tensor) -> Colour:
    """The mean R, G, B of model-range images (B, 3, H, W), of 255."""
    red, green, blue = channel_means(pictures).mean(dim=0).tolist()
    return red, green, blue


def measure(output: Tensor, reference: Tensor, data_range: float = 1.0) -> Measures:
    """Compare one image with its original; see `Measures` for what each figure means.

    Both are (3, H, W) in model range -1..1, clipped to it. `data_range` is the span of pixel values that
    SSIM and PSNR are taken against: 1, or the brightness for dimmed images.
    Raises Refusal (a ValueError) for unequal shapes, NaN, and a data_range that is not above 0.
    """
    if not data_range > 0:
        raise Refusal(f"The data range must be above 0, and {data_range} is not.")
    out, ref = _pair(output, reference)
    lab_out, lab_ref = rgb2lab(out, channel_axis=0), rgb2lab(ref, channel_axis=0)
    return Measures(
        **_errors(out, ref, data_range),
        **_mean_colours(_mean_lab(out), _mean_lab(ref)),
        reproduction_angle=_reproduction_angle(out, ref),
        mean_delta_e=float(deltaE_ciede2000(lab_ref, lab_out, channel_axis=0).mean()),
        **_raw_shifts(output, reference),
    )


def misleads(mse_a: float, eye_a: float, mse_b: float, eye_b: float) -> bool:
    """Whether MSE ranks a pair against the eye.

    That is where the one with the lower MSE is further off in colour (`eye_*`, CIEDE2000 between mean
    colours) by more than is just visible.
    """
    return (mse_a - mse_b) * (eye_a - eye_b) < 0 and abs(eye_a - eye_b) > JUST_NOTICEABLE


def mean_lab(picture: Tensor) -> np.ndarray:
    """The colour of a model-range image (3, H, W) from afar: L*, a*, b* of its mean linear light, (3,).

    Light adds up, and CIELAB does not: the mean of a pattern's Lab is a colour that nobody sees. Clipped to
    pixel values 0..1 first.
    """
    return _mean_lab(checked_pixels(picture))


def delta_e_map(output: Tensor, reference: Tensor) -> Tensor:
    """CIEDE2000 distance of every pixel (Sharma, Wu, Dalal 2005): float32 (H, W), 0 upwards, 1 just visible.

    Both images are (3, H, W) in model range, clipped to it. Raises Refusal as `measure` does.
    """
    lab_out, lab_ref = (rgb2lab(pixels, channel_axis=0) for pixels in _pair(output, reference))
    return torch.from_numpy(deltaE_ciede2000(lab_ref, lab_out, channel_axis=0)).float()


def signed_error(output: Tensor, reference: Tensor) -> Tensor:
    """Output minus reference at every pixel: float32 (3, H, W) in 1/255, from -255 to 255.

    Both images are (3, H, W) in model range, clipped to it. Raises Refusal as `measure` does.
    """
    out, ref = _pair(output, reference)
    return torch.from_numpy(255 * (out - ref)).float()


def limit_for(error: Tensor) -> int:
    """The smallest of ERROR_LIMITS that _SHARE_WITHIN of the `error`s, of any shape, lie within; in 1/255."""
    reached = error.abs().flatten().quantile(_SHARE_WITHIN).item()
    return next((limit for limit in ERROR_LIMITS if reached <= limit), ERROR_LIMITS[-1])


def coloured(error: Tensor, limit: float) -> Tensor:
    """Errors (H, W) in 1/255 as an image (3, H, W) in model range; beyond ±`limit` the colour stays."""
    low, zero, high = (torch.tensor(colour)[:, None, None] * 2 / 255 - 1 for colour in ERROR_COLOURS)
    share = (error / limit).clamp(-1, 1)
    return zero + share.clamp(min=0) * (high - zero) - share.clamp(max=0) * (low - zero)


def detail_ratio(output: Tensor, reference: Tensor) -> float:
    """Energy of the output's finest structure over the reference's: below 1 blurred, above 1 noisy.

    Both are (3, H, W) in model range. The energy is the mean square of the five-point Laplacian
    (scipy.ndimage.laplace), of which white noise has 20 times its variance and a flat or evenly graded
    image none. Infinite or undefined (inf, nan) where the reference has none.
    """
    return float((_laplacians(output) ** 2).mean() / (_laplacians(reference) ** 2).mean())


def coherence(output: Tensor, reference: Tensor) -> float:
    """How much of the output's finest structure is the reference's: 1 if all is, about 0 for noise.

    The correlation Σuv / √(Σu²·Σv²) of the five-point Laplacians u and v (`detail_ratio`), over all channels
    of images (3, H, W) in model range. Undefined (nan) where either has no structure.
    """
    u, v = _laplacians(output), _laplacians(reference)
    return float((u * v).sum() / np.sqrt((u**2).sum() * (v**2).sum()))


def highest_of(pictures: Sequence[Tensor]) -> int:
    """The end of an axis from 0 that all values of model-range images fit on, in 1/255, at most 255."""
    reached = max(_values(picture).max().item() for picture in pictures)
    return min(255, _ROUND * max(1, -int(-reached // _ROUND)))


def histogram(picture: Tensor, highest: float) -> Tensor:
    """Share of the pixels in each of BINS equal bins from 0 to `highest` (1/255): float32 (3, BINS).

    `picture` is (3, H, W) in model range, clipped to it; each row adds up to 1 where `highest` is reached by
    no value.
    """
    values = _values(picture).flatten(1)
    return torch.stack([torch.histc(channel, BINS, 0, highest) for channel in values]) / values.shape[1]


def checked_pixels(x: Tensor) -> np.ndarray:
    """One model-range image as float64 pixel values (3, H, W), clipped to 0..1."""
    if x.isnan().any():
        raise Refusal("The picture holds values that are not numbers (NaN), so it cannot be measured.")
    return (x.detach().cpu().double().numpy().clip(-1, 1) + 1) / 2


def _laplacians(picture: Tensor) -> np.ndarray:
    return np.stack([laplace(channel) for channel in picture.double().numpy()])


def _mean_lab(pixels: np.ndarray) -> np.ndarray:
    light = linear(torch.from_numpy(pixels)).mean(dim=(1, 2))
    return rgb2lab(srgb(light).numpy())


def _raw_shifts(output: Tensor, reference: Tensor) -> dict[str, Any]:
    shift = (channel_means(output) - channel_means(reference)).flatten().tolist()
    return dict(zip(("raw_shift_r", "raw_shift_g", "raw_shift_b"), shift, strict=True))


def _values(picture: Tensor) -> Tensor:
    return (picture.float().clamp(-1, 1) + 1) * 127.5


def _pair(output: Tensor, reference: Tensor) -> tuple[np.ndarray, np.ndarray]:
    shapes = tuple(output.shape), tuple(reference.shape)
    if any(len(shape) != 3 or shape[0] != 3 for shape in shapes):
        raise Refusal(f"Compare pictures of shape (3, height, width), not {shapes[0]} and {shapes[1]}.")
    if shapes[0] != shapes[1]:
        sizes = " and ".join(f"{width}×{height}" for _, height, width in reversed(shapes))
        raise Refusal(f"The pictures have {sizes} pixels: crop and resize one to the size of the other.")
    return checked_pixels(output), checked_pixels(reference)


def _errors(out: np.ndarray, ref: np.ndarray, data_range: float) -> dict[str, Any]:
    error = out - ref
    shift = error.mean(axis=(1, 2))
    mse = float(mean_squared_error(ref, out))
    return {
        "mse": mse,
        "mse_shift": float((shift**2).mean()),
        "mse_structure": float(error.var(axis=(1, 2)).mean()),
        "psnr": float(peak_signal_noise_ratio(ref, out, data_range=data_range)) if mse else None,
        "ssim": _ssim(out, ref, data_range),
        **dict(zip(("shift_r", "shift_g", "shift_b"), (255 * shift).tolist(), strict=True)),
    }


def _ssim(out: np.ndarray, ref: np.ndarray, data_range: float) -> float | None:
    side = min(SSIM_WINDOW, *out.shape[1:])
    window = side if side % 2 else side - 1
    if window < 3:
        return None
    found = structural_similarity(ref, out, win_size=window, channel_axis=0, data_range=data_range)
    return float(cast(float, found))  # it returns more on request alone


def _mean_colours(out: np.ndarray, ref: np.ndarray) -> dict[str, Any]:
    """What two mean colours (L*, a*, b*) say of the shift between them."""
    chroma, ref_chroma = np.hypot(*out[1:]), np.hypot(*ref[1:])
    turn = np.degrees(np.arctan2(out[2], out[1]) - np.arctan2(ref[2], ref[1]))
    delta = (out - ref).tolist()
    return {
        "delta_e": float(deltaE_ciede2000(ref, out)),
        **dict(zip(("delta_l", "delta_a", "delta_b"), delta, strict=True)),
        "chroma_ratio": float(chroma / ref_chroma) if ref_chroma >= JUST_NOTICEABLE else None,
        "hue_shift": float((turn + 180) % 360 - 180) if min(chroma, ref_chroma) >= GREY_CHROMA else None,
    }


def _reproduction_angle(out: np.ndarray, ref: np.ndarray) -> float | None:
    light, ref_light = (linear(torch.from_numpy(pixels)).mean(dim=(1, 2)).numpy() for pixels in (out, ref))
    if min(light.min(), ref_light.min()) < _BLACK:
        return None
    ratio = ref_light / light
    # The angle by arctan2 of the parts across and along grey: near 0, arccos loses half of the digits.
    along = ratio.mean()
    return float(np.degrees(np.arctan2(np.linalg.norm(ratio - along), np.sqrt(3) * along)))
