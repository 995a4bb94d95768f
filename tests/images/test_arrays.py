"""Arrays, tensors and open files: the pixels that they hold, or one sentence."""

import gzip
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import draw, read

PIXELS = np.asarray(draw(7, 16))
GREY = PIXELS[..., 1]
ALPHA = np.linspace(0, 255, 256).reshape(16, 16).astype(np.uint8)
RGBA = np.dstack([PIXELS, ALPHA])


def as_types(pixels):
    """8-bit levels in every type that an array may have."""
    return {
        "uint8": pixels,
        "uint16": pixels * np.uint16(257),
        "big-endian": (pixels * np.uint16(257)).astype(">u2"),
        "float16": (pixels / 255).astype(np.float16),
        "float32": (pixels / 255).astype(np.float32),
        "float64": pixels / 255,
    }


@pytest.mark.parametrize("kind", as_types(PIXELS))
@pytest.mark.parametrize(
    ("pixels", "mode"),
    [(GREY, "L"), (GREY[..., None], "L"), (PIXELS, "RGB"), (RGBA, "RGBA")],
    ids=["grey", "one channel", "RGB", "RGBA"],
)
def test_an_array_reads_as_the_image_of_its_pixels(pixels, mode, kind):
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2:] == (1,) else pixels)
    assert image.mode == mode
    np.testing.assert_array_equal(read(as_types(pixels)[kind]), read(image))


def test_an_array_need_not_lie_in_one_piece():
    wide = np.zeros((16, 40, 3), np.uint8)
    wide[:, 4:36:2] = PIXELS
    for view in (wide[:, 4:36:2], np.asfortranarray(PIXELS), np.ascontiguousarray(PIXELS[::-1])[::-1]):
        np.testing.assert_array_equal(read(view), PIXELS)
    frozen = PIXELS.copy()
    frozen.flags.writeable = False
    np.testing.assert_array_equal(read(frozen), PIXELS)


def test_16_bits_are_rounded_and_not_cut():
    levels = np.array([0, 128, 129, 256, 385, 386, 65535], np.uint16).repeat(16).reshape(7, 16).repeat(2, 0)
    assert list(np.asarray(read(levels))[::2, 0, 0]) == [0, 0, 1, 1, 1, 2, 255]
    dark = np.full((16, 16), 1.6 / 255)
    assert read(dark).getpixel((0, 0)) == (2, 2, 2)


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float16", "float32", "float64"])
def test_a_tensor_has_its_channels_first(kind):
    pixels = torch.from_numpy(as_types(PIXELS)[kind].copy()).permute(2, 0, 1)
    np.testing.assert_array_equal(read(pixels), PIXELS)
    if kind == "float32":
        np.testing.assert_array_equal(read(pixels.clone().requires_grad_()), PIXELS)
        assert np.abs(np.asarray(read(pixels.bfloat16()), int) - PIXELS).max() <= 1


BAD = {
    "channels first": PIXELS.transpose(2, 0, 1),
    "two channels": np.dstack([GREY, ALPHA]),
    "five channels": np.dstack([RGBA, ALPHA]),
    "a batch": PIXELS[None],
    "a line": GREY[0],
    "a number": np.array(1.0),
    "nothing": np.zeros((0, 0, 3), np.uint8),
    "empty floats": np.zeros((16, 0, 3)),
    "too small": PIXELS[:4, :4],
    "signed": PIXELS.astype(np.int16),
    "int64": PIXELS.astype(np.int64),
    "uint32": PIXELS.astype(np.uint32),
    "booleans": GREY > 9,
    "complex": PIXELS.astype(complex),
    "text": np.full((16, 16), "a"),
    "objects": PIXELS.astype(object),
    "0 to 255 as floats": PIXELS.astype(float),
    "model range": PIXELS / 127.5 - 1,
    "nan": np.where(GREY[0, 0] == GREY, np.nan, 0),
    "infinite": np.where(GREY[0, 0] == GREY, np.inf, 0),
    "a tensor of two axes": torch.zeros(16, 16),
    "a tensor of one channel": torch.zeros(1, 16, 16),
    "a tensor with channels last": torch.zeros(16, 16, 3),
    "a tensor in model range": torch.full((3, 16, 16), -0.5),
    "a tensor of integers": torch.zeros(3, 16, 16, dtype=torch.int64),
    "a number of torch": torch.tensor(0.5),
    "None": None,
    "a file's number": 0,
    "a dictionary": {"path": "photo.png"},
    "a list": [PIXELS],
}


@pytest.mark.parametrize("what", BAD)
def test_any_other_is_refused_in_one_sentence(what, one_sentence):
    with pytest.raises(Refusal) as refusal:
        read(BAD[what])
    said = one_sentence(refusal)
    assert "damaged" not in said
    if what in ("model range", "0 to 255 as floats"):
        assert "from" in said.partition(":")[0], "the range that it has"


@pytest.fixture
def photo(tmp_path):
    draw(7, 16).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_an_open_file_is_read_from_its_start_as_often_as_asked_and_stays_open(photo):
    written = BytesIO()
    draw(7, 16).save(written, "PNG")  # which leaves its position at the end
    with photo.open("rb") as opened:
        for file in (written, opened, photo.open("rb", buffering=0)):
            for _ in range(2):
                np.testing.assert_array_equal(read(file), PIXELS)
            assert not file.closed
            file.close()


def test_a_file_that_cannot_be_rewound_is_read_on(photo, tmp_path):
    class Stream:
        """A socket's or a pipe's end: it has no more than `read`."""

        def __init__(self):
            self.rest = photo.read_bytes()

        def read(self, size=-1):
            taken, self.rest = self.rest, b""
            return taken

    np.testing.assert_array_equal(read(Stream()), PIXELS)
    with gzip.open(tmp_path / "a.gz", "wb") as packed:
        packed.write(photo.read_bytes())
    with gzip.open(tmp_path / "a.gz") as packed:
        np.testing.assert_array_equal(read(packed), PIXELS)


def test_an_open_file_that_cannot_be_read_is_refused_by_its_name(photo, tmp_path, one_sentence):
    (tmp_path / "plain.txt").write_text("only text")
    closed = photo.open("rb")
    closed.close()
    files = [
        closed,
        photo.open(encoding="utf-8"),
        (tmp_path / "plain.txt").open(encoding="utf-8"),
        (tmp_path / "new.png").open("wb"),
        (tmp_path / "plain.txt").open("rb"),
    ]
    for file in files:
        with pytest.raises(Refusal) as refusal:
            read(file)
        said = one_sentence(refusal)
        assert any(name in said for name in ("photo.png", "plain.txt", "new.png"))
        file.close()


def test_a_path_with_a_zero_byte_is_refused(one_sentence):
    with pytest.raises(Refusal) as refusal:
        read("a\0b.png")
    one_sentence(refusal)
