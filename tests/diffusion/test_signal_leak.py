"""The terminal leak: Bayes' rule by hand, and by simulation of a perfect denoiser's mean colour."""

import pytest
import torch

from lowlight_ddpm.diffusion.signal_leak import leaked_share, missing_colour

COVARIANCE = torch.tensor(
    [[0.02, 0.015, 0.01], [0.015, 0.02, 0.012], [0.01, 0.012, 0.03]], dtype=torch.float64
)


def test_independent_channels_follow_the_scalar_formula():
    share = leaked_share(0.01 * torch.eye(3).double(), 0.004, 128 * 128)
    alone = 0.01 / (0.01 + 0.996 / (0.004 * 128 * 128))
    torch.testing.assert_close(share, alone * torch.eye(3).double())
    assert alone == pytest.approx(0.40, abs=0.01)


def test_nothing_leaks_without_signal_and_everything_without_noise():
    assert not leaked_share(COVARIANCE, 0.0, 4096).any()
    torch.testing.assert_close(leaked_share(COVARIANCE, 1.0, 4096), torch.eye(3).double())


def test_more_pixels_and_more_signal_leak_more():
    def strength(alpha_bar, pixels):
        return leaked_share(COVARIANCE, alpha_bar, pixels).trace().item()

    assert strength(4e-5, 4096) < strength(4e-3, 4096) < strength(4e-3, 16384) < 3


def test_it_is_the_regression_of_a_mean_colour_on_its_noised_mean():
    """The best linear guess of m from y = m + noise, over many draws, is W."""
    draws = torch.Generator().manual_seed(0)
    alpha_bar, pixels = 0.004, 4096
    colours = torch.randn(200_000, 3, generator=draws).double() @ torch.linalg.cholesky(COVARIANCE).T
    spread = ((1 - alpha_bar) / alpha_bar / pixels) ** 0.5
    seen = colours + spread * torch.randn(200_000, 3, generator=draws).double()
    regression = torch.linalg.lstsq(seen, colours).solution.T
    torch.testing.assert_close(leaked_share(COVARIANCE, alpha_bar, pixels), regression, atol=0.01, rtol=0)


def test_the_missing_colour_is_the_share_of_each_mean():
    means = torch.tensor([[-0.2, -0.3, -0.4], [0.1, 0.0, 0.0]])
    share = leaked_share(COVARIANCE, 0.004, 4096).float()
    expected = torch.stack([share @ mean for mean in means])
    torch.testing.assert_close(missing_colour(means, COVARIANCE, 0.004, 4096), expected)
