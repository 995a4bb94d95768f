"""What is written: the same pixels, tagged sRGB."""

import json
from base64 import b64decode
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms

from benchmarks.encoders import P3_ICC
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.images import draw, photometry, read
from lowlight_ddpm.images.reading import converted_from
from lowlight_ddpm.images.writing import save_png
from lowlight_ddpm.runs.run import Run

PICTURE = draw(3, 32)


def tag(data):
    """(what its sRGB chunk says, its profile) of a PNG."""
    with Image.open(BytesIO(data)) as picture:
        return picture.info.get("srgb"), picture.info.get("icc_profile")


@pytest.mark.parametrize("options", [{}, {"optimize": True}, {"compress_level": 1}])
@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA"])
def test_a_png_reads_back_to_the_same_pixels_and_says_that_they_are_srgb(tmp_path, mode, options):
    picture = PICTURE.convert(mode)
    save_png(picture, tmp_path / "a.png", **options)
    with Image.open(tmp_path / "a.png") as found:
        assert (found.mode, found.tobytes()) == (mode, picture.tobytes())
    assert tag((tmp_path / "a.png").read_bytes()) == (0, None)
    again = read(tmp_path / "a.png")
    np.testing.assert_array_equal(again, picture.convert("RGB"))
    assert converted_from(again) is None


def test_the_chunk_stands_where_png_wants_it_and_is_smaller_than_a_profile():
    tagged, plain = BytesIO(), BytesIO()
    save_png(PICTURE, tagged)
    PICTURE.save(plain, "PNG")
    data = tagged.getvalue()
    assert data.index(b"sRGB") < data.index(b"IDAT")
    assert len(data) - len(plain.getvalue()) == 13
    assert len(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()) > 13


def test_a_profile_that_an_opened_image_still_carries_is_not_written():
    p3 = BytesIO()
    PICTURE.save(p3, "PNG", icc_profile=P3_ICC)
    file = BytesIO()
    save_png(Image.open(p3), file)
    assert tag(file.getvalue()) == (0, None)


def test_images_in_the_page_and_in_notebooks_are_tagged():
    uri = photometry.data_uri(PICTURE, 512)
    assert tag(b64decode(uri.partition(",")[2])) == (0, None)


def test_the_files_of_a_run_are_tagged_and_say_what_was_done_to_the_image(tiny_checkpoint, tmp_path):
    notes = ["Colours: Display P3, converted to sRGB."]
    pixels = photometry.tv.pil_to_tensor(draw(3, 16))
    run = Run(run_settings(start=300, steps=2), pixels, checkpoint=tiny_checkpoint, notes=notes)
    *pictures, report = run.save(tmp_path)
    assert [tag(path.read_bytes()) for path in pictures if path.suffix == ".png"] == [(0, None)] * 2
    np.testing.assert_array_equal(read(pictures[0]), run.image())
    assert json.loads(report.read_text())["notes"] == notes
    assert "converted to sRGB." in run._repr_html_()
