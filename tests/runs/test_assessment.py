import json
from dataclasses import asdict

import torch

from lowlight_ddpm.diffusion.trajectory import Step
from lowlight_ddpm.metrics.colour_shift import in_words, noise_floor
from lowlight_ddpm.metrics.image import measure
from lowlight_ddpm.runs.assessment import judge


def test_the_last_estimate_is_judged_by_the_noise_of_the_first_step():
    picture = torch.full((3, 16, 16), -0.5)
    tinted = picture + torch.tensor([0.02, 0.01, -0.05]).view(3, 1, 1)
    first = Step(0, 2, 600, 0.3, picture[None], picture[None])
    last = Step(1, 2, 299, 0.9, picture[None], tinted[None])
    judgement = judge([first, last], picture, 0.5)
    assert judgement.measures == measure(tinted, picture, 0.5)
    assert judgement.noise_floor == noise_floor(0.3, 16 * 16)
    assert judgement.in_words == in_words(judgement.measures, 0.5, judgement.noise_floor)
    assert judge([first, last], picture, 0.5, noise_scale=0.5).noise_floor == judgement.noise_floor / 2
    assert json.loads(json.dumps(asdict(judgement)))["measures"]["shift_b"] < -6
