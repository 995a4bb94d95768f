"""Brightening per channel against preserving hue: told from pairs whose truth is known."""

import numpy as np
import pytest
from PIL import Image
from skimage import data

from benchmarks.tones import compare, main
from lowlight_ddpm.images.pairs import DARK, LIT, find_pairs


@pytest.fixture
def folder(tmp_path):
    """A pair that one power per channel has darkened, in each of two series."""
    lit = data.astronaut()[::8, ::8] / 255
    lit = (lit - lit.min()) / np.ptp(lit)
    for side, pixels in ((LIT, lit), (DARK, lit**2.5)):
        (tmp_path / side).mkdir()
        for series in ("hdr_desktop", "other"):
            Image.fromarray((pixels * 255).round().astype(np.uint8)).save(
                tmp_path / side / f"{series}_div8.png"
            )
    return tmp_path


def test_the_way_that_undoes_the_darkening_is_nearer(folder):
    found = compare(find_pairs(folder))
    assert found["per channel"] < 2.5 < 4 < found["preserving hue"]


def test_only_the_named_series_are_looked_at(folder, capsys):
    main(str(folder))
    main(str(folder), "hdr_desktop", "other")
    assert "over 1 pairs" in (said := capsys.readouterr().out)
    assert "over 2 pairs" in said
