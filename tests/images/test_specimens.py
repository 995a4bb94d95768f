"""Specimens cut out of museum-like photographs whose masks are known: our butterflies on uneven grey."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy import ndimage

from benchmarks import specimens as benchmark
from lowlight_ddpm.cli.training import _free as free
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import draw
from lowlight_ddpm.images.specimens import FILL, LONGEST, cut_out, prepare

pytestmark = pytest.mark.slow

GREY, CREAM = (0.80, 0.81, 0.79), (0.88, 0.85, 0.76)
PALE = (21, 25, 40)  # wings nearly as light as the paper under them


def museum(number, side=240, paper=GREY, shadow=0.0, noise=2.0, margin=(40, 60)):
    """A photograph of drawn butterfly `number`, and where its specimen is: uneven light, grain, a shadow."""
    fine = np.asarray(draw(number, 2 * side), np.float64) / 255
    solid = ndimage.binary_fill_holes(fine.min(-1) < 0.985)
    share = solid.reshape(side, 2, side, 2).mean((1, 3))
    colour = fine.reshape(side, 2, side, 2, 3).mean((1, 3))
    around = tuple((extent, extent) for extent in margin)
    share = np.pad(share, around)[..., None]
    colour = np.pad(colour, (*around, (0, 0)), constant_values=1)
    height, width = share.shape[:2]
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    light = (1 + 0.12 * (0.8 * x - 0.6 * y)) * (1 - 0.08 * (x * x + y * y))
    shade = ndimage.shift(ndimage.gaussian_filter(share[..., 0], 0.02 * side), 0.02 * side, order=1)
    ground = np.array(paper) * (1 - shadow * shade[..., None])
    photograph = 255 * light[..., None] * (colour - (1 - share) + (1 - share) * ground)
    photograph += np.random.default_rng(number).normal(0, noise, photograph.shape)
    return Image.fromarray(photograph.round().clip(0, 255).astype(np.uint8)), share[..., 0] >= 0.5


def agreement(photograph, truth):
    """IoU of the mask, and the share of the background that is exactly white."""
    found = cut_out(photograph)
    iou = (found.mask & truth).sum() / (found.mask | truth).sum()
    return iou, (found.pixels[~truth] == 255).all(-1).mean()


@pytest.mark.parametrize(
    ("number", "paper"),
    [*((number, GREY) for number in (*range(9), *PALE)), (1, CREAM), (7, CREAM), (11, CREAM)],
)
def test_the_mask_is_the_specimen_s_and_the_rest_is_white(number, paper):
    iou, white = agreement(*museum(number, paper=paper))
    assert iou > 0.97
    assert white > 0.99


@pytest.mark.parametrize("number", [0, 3, PALE[0]])
def test_a_soft_shadow_is_background(number):
    iou, white = agreement(*museum(number, shadow=0.15))
    assert iou > 0.95
    assert white > 0.98


def test_light_comes_out_even_and_the_colours_are_kept():
    """Seen on white, each colour is what it was before the paper's light fell on it."""
    photograph, truth = museum(4, noise=0)
    inner = ndimage.binary_erosion(truth, iterations=4)
    lit = np.asarray(photograph, float)[inner]
    whitened = cut_out(photograph).pixels[inner].astype(float)
    drawn = np.pad(np.asarray(draw(4, 240)), ((40, 40), (60, 60), (0, 0)))[inner] / np.array(GREY)
    assert np.abs(whitened - drawn.clip(0, 255)).mean() < 4 < np.abs(lit - drawn.clip(0, 255)).mean()


@pytest.mark.parametrize("size", [16, 33, 128, 257])
def test_the_square_is_white_around_a_specimen_in_its_middle(size):
    square = prepare(museum(2, side=128)[0], size)
    assert (square.mode, square.size) == ("RGB", (size, size))
    seen = np.asarray(square).min(-1) < 255
    spans = [np.flatnonzero(seen.any(axis)) for axis in (0, 1)]
    assert max(np.ptp(span) + 1 for span in spans) == pytest.approx(FILL * size, abs=2)
    assert all(abs(span[0] + span[-1] + 1 - size) <= 4 for span in spans)


def test_labels_and_scales_that_lie_apart_are_left_out():
    photograph, truth = museum(1, margin=(80, 60))
    pixels = np.array(photograph)
    pixels[8:30, 20:120] = 245
    pixels[16:20, 30:110] = 20
    pixels[-20:-14, 40:200] = 10
    found = cut_out(Image.fromarray(pixels))
    assert not found.mask[:34].any()
    assert not found.mask[-24:].any()
    assert (found.mask & truth).sum() > 0.97 * truth.sum()


def test_faint_antennae_are_kept_at_the_size_of_the_public_originals():
    """A pixel wide, they are hardly darker than a shadow, and of no other colour than the paper."""
    photograph, truth = museum(0, side=96, noise=1, margin=(12, 20))
    antenna = Image.new("L", photograph.size)
    foot = tuple(int(at) for at in np.argwhere(truth)[0][::-1])  # the specimen's uppermost pixel
    ImageDraw.Draw(antenna).line([foot, (foot[0] + 9, 1)], fill=255)
    line = np.asarray(antenna) > 0
    pixels = np.array(photograph)
    pixels[line & ~truth] = pixels[line & ~truth] * 0.75
    assert cut_out(Image.fromarray(pixels)).mask[line].mean() > 0.8


def test_the_same_photograph_gives_the_same_bytes_and_is_left_as_it_was():
    photograph, _ = museum(5, side=128)
    before = photograph.tobytes()
    assert prepare(photograph).tobytes() == prepare(photograph).tobytes()
    assert photograph.tobytes() == before


@pytest.mark.parametrize("size", [(1500, 700), (61, 301)])
def test_odd_sizes_are_taken(size):
    photograph = museum(3, side=128)[0].resize(size)
    found = cut_out(photograph)
    assert max(found.mask.shape) == min(max(size), LONGEST)
    assert 0.1 < found.mask.mean() < 0.4


def _noise():
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8))


NOT_SPECIMENS = {
    "dark background": lambda: Image.fromarray(np.asarray(museum(1, side=96)[0]) // 4),
    "coloured background": lambda: museum(1, side=96, paper=(0.3, 0.8, 0.3))[0],
    "noise": _noise,
    "empty": lambda: Image.new("RGB", (100, 80), (205, 207, 200)),
    "black": lambda: Image.new("RGB", (100, 80)),
    "tiny": lambda: Image.new("RGB", (8, 8), "white"),
}


@pytest.mark.parametrize("make", NOT_SPECIMENS.values(), ids=NOT_SPECIMENS)
def test_what_shows_no_specimen_on_light_background_is_refused(make, one_sentence):
    with pytest.raises(Refusal) as refusal:
        prepare(make(), name="a.png")
    assert one_sentence(str(refusal.value)).startswith("a.png ")


@pytest.fixture
def run(run):
    """The command, called in this process."""
    return partial(run, "specimens")


@pytest.fixture
def raw(tmp_path):
    """Photographs, some of one name, below each other, and some that cannot be used."""
    folder = tmp_path / "raw"
    (folder / "below").mkdir(parents=True)
    for name in ("a.png", "a.jpg", "below/b.png"):
        museum(3, side=96)[0].save(folder / name)
    _noise().save(folder / "noise.png")
    (folder / "broken.png").write_bytes(b"no picture")
    return folder


def test_the_command_writes_every_specimen_and_tells_what_it_left_out(run, raw, tmp_path):
    out = tmp_path / "new" / "out"
    status, said, _ = run(raw, out, "--size", 64)
    assert status == 0
    files = sorted(path.relative_to(out).as_posix() for path in out.rglob("*.*"))
    assert files == ["a.png", "a.png.png", "below/b.png"]
    with Image.open(out / "a.png") as square:
        assert square.size == (64, 64)
    left_out = [line for line in said.splitlines() if line.startswith("Left out: ")]
    assert [name in line for name, line in zip(("broken.png", "noise.png"), left_out, strict=True)] == [1, 1]
    assert said.splitlines()[-1] == f"{out} holds 3 specimens; 2 photographs were left out."


def test_the_command_fails_where_nothing_can_be_used(run, tmp_path):
    (tmp_path / "raw").mkdir()
    _noise().save(tmp_path / "raw" / "noise.png")
    status, said, _ = run(tmp_path / "raw", tmp_path / "out")
    assert status == 1
    assert "holds 0 specimens; 1 photographs" in said


def test_a_name_never_leads_out_of_the_folder_nor_to_another_s_file():
    taken = {Path("a.png"), Path("a.png.png")}
    assert free("a.jpg", taken) == Path("a.png.png.png")
    assert free("/../below/../../b.tif", taken) == Path("below/b.png")


@pytest.mark.parametrize("wrong", ["no raw", "out is raw", "out is a file"])
def test_folders_that_cannot_be_used_are_refused(run, raw, tmp_path, wrong, one_sentence):
    (tmp_path / "file").touch()
    places = {
        "no raw": (tmp_path / "missing", tmp_path / "out"),
        "out is raw": (raw, raw / "below" / ".."),
        "out is a file": (raw, tmp_path / "file"),
    }
    status, _, error = run(*places[wrong])
    assert status == 2
    one_sentence(error.splitlines()[-1])
    assert not (tmp_path / "out").exists()


def test_the_benchmark_finds_no_difference_from_itself_and_finds_one_that_is_there(raw, tmp_path, capsys):
    reference = tmp_path / "reference"
    reference.mkdir()
    for name in ("noise.png", "broken.png"):
        (raw / name).unlink()
    with Image.open(raw / "a.png") as photograph:
        same = benchmark.framed(cut_out(photograph.convert("RGB")).pixels, 128)
    Image.fromarray(same).save(reference / "a.png")
    benchmark.main(str(raw), str(reference))
    said = capsys.readouterr().out
    assert "images: 2, refused: 0, without a reference: 1" in said
    darker = np.where(same < 255, same * 0.9, 255).astype(np.uint8)
    assert benchmark.compared(cut_out(museum(3, side=96)[0]).pixels, same)[:5] == (1, 1, 0, 0, 0)
    assert benchmark.compared(cut_out(museum(3, side=96)[0]).pixels, darker)[2] > 5
