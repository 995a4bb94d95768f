"""How much fine structure a restoration has, whether or not it is the right one."""

import numpy as np
from scipy.ndimage import laplace
from torch import Tensor


def detail_ratio(output: Tensor, reference: Tensor) -> float:
    """Energy of the output's finest structure over the reference's: below 1 blurred, above 1 noisy.

    Both are (3, H, W) in model range. The energy is the mean square of the five-point Laplacian
    (scipy.ndimage.laplace), of which white noise has 20 times its variance and a flat or evenly graded
    picture none. Infinite or undefined (inf, nan) where the reference has none.
    """
    out, ref = (np.square([laplace(channel) for channel in x.double().numpy()]) for x in (output, reference))
    return float(out.mean() / ref.mean())
