"""The player's value: true pixels of every step."""

import numpy as np
import pytest

from lowlight_ddpm.images.photometry import to_image
from lowlight_ddpm.ui.components.widgets import Player, film, link_to


@pytest.mark.parametrize("gain", [1.0, 2.0])
def test_every_step_is_there_to_the_last_bit(finished, decoded, gain):
    shown = film(finished.run.steps, gain)
    assert len(shown["x_t"]) == len(shown["x0"]) == len(shown["captions"]) == 4
    for name in ("x_t", "x0"):
        for step, uri in zip(finished.run.steps, shown[name], strict=True):
            truth = np.asarray(to_image(getattr(step, name)[0], gain))
            np.testing.assert_array_equal(decoded(uri), truth)


def test_captions_tell_step_and_timestep(finished):
    assert film(finished.run.steps)["captions"][0] == "step 1 of 4, timestep 600"


def test_the_component_is_drawn_by_gradios_html(finished):
    component = Player(value=film(finished.run.steps))
    assert component.get_block_name() == "html"
    assert component.get_config()["value"]["captions"]


def test_a_run_s_link_has_its_query_and_its_python_and_is_new_every_time(finished):
    link, again = link_to(finished), link_to(finished)
    assert link["query"] == finished.query
    assert "denoise('butterfly 0', variant='dim', steps=4)" in link["python"]
    assert link["begun"] != again["begun"]
    assert link_to(finished, begun=False)["begun"] == 0
