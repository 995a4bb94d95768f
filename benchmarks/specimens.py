"""How what `specimens` cuts out differs from another hand's: python -m benchmarks.specimens RAW REFERENCE.

REFERENCE holds squares named as the photographs of RAW are, "_lowres" left out, into which the whole
photograph has been fitted. So that the two can be laid on each other, ours is fitted into the same frame
here, not to its own specimen.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import open_source, read
from lowlight_ddpm.images.specimens import cut_out

FILL = 0.953  # of the reference's side is what the photograph's longer side takes
VISIBLE = 242  # 5 % below white: fainter remains of shadows and resizing do not count


def main(raw: str, reference: str) -> None:
    """Print the figures."""
    rows, refused, missing = [], 0, 0
    for name, photograph in open_source(raw):
        path = Path(reference, name.replace("_lowres", "")).with_suffix(".png")
        if not path.is_file():
            missing += 1
            continue
        try:
            ours = cut_out(photograph, name)
        except Refusal as refusal:
            refused += 1
            print(f"Left out: {refusal}")
            continue
        rows.append(compared(ours.pixels, np.asarray(read(path))))
    print(f"images: {len(rows)}, refused: {refused}, without a reference: {missing}")
    if not rows:
        return
    iou, iou_visible, red, green, blue, white_ours, white_theirs = np.array(rows).T
    for what, values in {"not white": iou, f"darker than {VISIBLE} /255": iou_visible}.items():
        low = np.quantile(values, 0.01)
        print(f"IoU of the masks, {what}: median {np.median(values):.3f}, 1 % quantile {low:.3f}")
    for channel, values in {"red": red, "green": green, "blue": blue}.items():
        high = np.quantile(values, 0.95)
        print(f"colour difference, {channel}: mean {values.mean():.2f}, 95 % quantile {high:.2f} /255")
    print(f"background exactly white: ours {white_ours.mean():.2%}, theirs {white_theirs.mean():.2%}")


def compared(pixels: np.ndarray, theirs: np.ndarray) -> tuple[float, ...]:
    """Two IoUs, three mean absolute colour differences where either is not white, two shares of white.

    Of a cut-out (H, W, 3) and a square (S, S, 3), both uint8. Background is what lies two pixels or more from
    all that either has darker than VISIBLE.
    """
    squares = framed(pixels, len(theirs)), theirs
    seen = [square.min(-1) < 255 for square in squares]
    visible = [square.min(-1) < VISIBLE for square in squares]
    red, green, blue = np.abs(squares[0].astype(float) - theirs)[np.logical_or(*seen)].mean(0)
    background = ~ndimage.binary_dilation(np.logical_or(*visible), iterations=2)
    white = ((square[background] == 255).all(-1).mean() for square in squares)
    return _iou(*seen), _iou(*visible), red, green, blue, *white


def framed(pixels: np.ndarray, side: int) -> np.ndarray:
    """A whole photograph in the middle of a white square, as the reference has it: uint8 (side, side, 3)."""
    photograph = Image.fromarray(pixels)
    scale = side * FILL / max(photograph.size)
    width, height = (max(1, round(scale * length)) for length in photograph.size)
    square = Image.new("RGB", (side, side), "white")
    fitted = photograph.resize((width, height), Image.Resampling.BICUBIC)
    square.paste(fitted, ((side - width) // 2, (side - height) // 2))
    return np.asarray(square)


def _iou(a: np.ndarray, b: np.ndarray) -> float:
    return (a & b).sum() / max((a | b).sum(), 1)


if __name__ == "__main__":
    main(*sys.argv[1:])
