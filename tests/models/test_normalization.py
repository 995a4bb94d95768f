"""The frame a network works in: there and back is the identity, and each variant's is what its row says."""

from dataclasses import replace

import pytest
import torch

from lowlight_ddpm.images.photometry import prepare
from lowlight_ddpm.models.unet import Frame
from lowlight_ddpm.variants import VARIANTS

MEAN = [-0.2, -0.3, -0.4]


@pytest.mark.parametrize("name", VARIANTS)
def test_leaving_undoes_entering(name):
    frame = Frame.of(VARIANTS[name], MEAN)
    x = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1
    torch.testing.assert_close(frame.leave(frame.enter(x)), x)


def test_most_networks_work_in_model_range_to_the_last_bit():
    frame, x = Frame.of(VARIANTS["dim"], MEAN), torch.rand(3, 8, 8)
    assert torch.equal(frame.enter(x), x)
    assert torch.equal(frame.leave(x), x)


def test_a_centred_network_sees_the_training_mean_as_zero():
    mean = torch.tensor(MEAN)[:, None, None].expand(3, 8, 8)
    assert not Frame.of(VARIANTS["dim-deep-centred"], MEAN).enter(mean).any()


@pytest.mark.parametrize("brightness", [0.5, 0.25])
def test_a_renormalised_network_sees_a_dim_picture_as_a_bright_one(brightness):
    frame = Frame.of(replace(VARIANTS["dim-deep-renorm"], brightness=brightness), MEAN)
    pixels = torch.randint(256, (3, 8, 8), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    torch.testing.assert_close(frame.enter(prepare(pixels, brightness)), prepare(pixels))
