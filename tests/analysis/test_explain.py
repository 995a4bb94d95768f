"""Shifts taken apart where the causes are known: exact and erring networks for normal colours."""

from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import pytest
import torch

from lowlight_ddpm.analysis.ablations import CAUSES, SWAPS, Trial
from lowlight_ddpm.analysis.explain import explain, questions, reasons
from lowlight_ddpm.diffusion.sampling import denoise_together
from lowlight_ddpm.diffusion.schedule import leaked_share, trained_scheduler
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images.photometry import prepare
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.models.checkpoints import Checkpoint
from lowlight_ddpm.variants import VARIANTS, find_variant

SIDE = 64
COLOUR, PIXEL = 0.02, 0.01  # variances of a picture's mean colour, and of its pixels around it


class Linear:
    """The exact network for pictures of mean colour N(mean, COLOUR) with pixels N(that, PIXEL).

    `error` (3) is added to what it predicts, in every pixel and at every timestep.
    """

    config, device = SimpleNamespace(sample_size=SIDE), torch.device("cpu")

    def __init__(self, variant, mean, error=(0, 0, 0)):
        self.levels, self.kind = trained_scheduler(variant).alphas_cumprod.double(), variant.prediction_type
        self.mean, self.error = (torch.tensor(of)[:, None, None] for of in (mean, error))

    def __call__(self, x, timestep):
        level = self.levels[timestep][:, None, None, None].float()
        signal, noise = level**0.5, (1 - level) ** 0.5
        of_mean, of_pixels = (
            signal * prior / (level * prior + (1 - level) / count)
            for prior, count in ((COLOUR, SIDE**2), (PIXEL, 1))
        )
        colour = x.mean(dim=(2, 3), keepdim=True)
        x0 = self.mean + of_mean * (colour - signal * self.mean) + of_pixels * (x - colour)
        epsilon = (x - signal * x0) / noise
        answers = {"epsilon": epsilon, "v_prediction": signal * epsilon - noise * x0, "sample": x0}
        return SimpleNamespace(sample=answers[self.kind] + self.error)


@dataclass
class World:
    """Networks by variant that all have learned pictures of one mean colour."""

    mean: tuple
    errors: dict
    calls: list = field(default_factory=list)

    def record(self, name):
        covariance = (COLOUR * torch.eye(3)).tolist()
        return {"channel_mean": list(self.mean), "channel_covariance": covariance}

    def load(self, name):
        row = find_variant(name)
        network = Linear(row, self.mean, self.errors[row.name])
        return Checkpoint(row, network, trained_scheduler(row), self.record(row.name))

    def walks(self, requests):
        self.calls += [request.settings for request in requests]
        return denoise_together(requests, self.load)


@pytest.fixture
def world(monkeypatch):
    """A function that makes a World the one whose checkpoints are there."""

    def make(mean, **errors):
        made = World(mean, {name.replace("_", "-"): error for name, error in errors.items()})
        monkeypatch.setattr(checkpoints, "available", lambda: list(made.errors))
        monkeypatch.setattr(checkpoints, "record", made.record)
        return made

    return make


def picture(colour, spread=8):
    """uint8 (3, 64, 64) whose pixels lie around `colour`."""
    noise = torch.randn(3, SIDE, SIDE, generator=torch.Generator().manual_seed(9))
    return (torch.tensor(colour)[:, None, None] + spread * noise).round().clamp(0, 255).to(torch.uint8)


def last(walk):
    *_, (explanation, _) = walk
    return explanation


GREY, BLACK, EXACT = (-0.4, -0.4, -0.4), (-0.97, -0.97, -0.97), (0, 0, 0)
WARM = (175, 150, 130)
ERRING, SLIGHT = (0.03, 0.0, -0.03), (0.01, 0.0, -0.01)

# Cause that leads: (mean colour of the training set, networks, settings, colour of the picture).
CASES = {
    "leak, generating": (
        GREY,
        {"dim_deep_low": EXACT},
        {"mode": "generate", "variant": "dim-deep-low"},
        None,
    ),
    "leak, restoring": (GREY, {"dim_deep_low": EXACT}, {"start": 999, "variant": "dim-deep-low"}, WARM),
    "clipping": (BLACK, {"dim": EXACT, "dim_raw": EXACT}, {"start": 300, "seed": 1}, (5, 5, 5)),
    "averaging": (GREY, {"dim": EXACT, "dim_raw": ERRING}, {"start": 300, "variant": "dim-raw"}, WARM),
    "schedule": (
        GREY,
        {"dim": EXACT, "dim_raw": EXACT},
        {"start": 600, "beta_start": 5e-4, "beta_end": 0.15},
        (120, 150, 180),
    ),
    "amplification": (
        GREY,
        {"dim_deep": SLIGHT, "dim_deep_zsnr": SLIGHT},
        {"start": 600, "variant": "dim-deep"},
        WARM,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_right_cause_leads_and_effects_add_up(world, case):
    mean, networks, settings, colour = CASES[case]
    made = world(mean, **networks)
    pixels = picture(colour) if colour else None
    explanation = last(explain(run_settings(**{"steps": 20, **settings}), pixels, made.walks))
    assert explanation.complete
    assert len(explanation.causes) > 1, "there are others that could lead"
    assert explanation.leader.cause.name == case.partition(",")[0]
    sizes = sorted(explanation.contribution(question).norm().item() for question in explanation.causes)
    assert sizes[-1] > 5 > 10 * sizes[-2]
    assert explanation.interaction.abs().max() < 0.5


def explained(world, case, **changes):
    mean, networks, settings, colour = CASES[case]
    made = world(mean, **networks)
    asked = run_settings(**{"steps": 6, **settings, **changes})
    return made, asked, picture(colour) if colour else None


def names(asked):
    return [question.cause.name for question in asked]


@pytest.mark.parametrize(("sampler", "steps", "stochastic"), [("ddpm", 500, True), ("ddim", 250, False)])
def test_the_leak_is_as_large_as_its_closed_form(world, sampler, steps, stochastic):
    """A quarter of the colour by a stochastic sampler, half of it by an ODE."""
    made, settings, pixels = explained(world, "leak, restoring", sampler=sampler, steps=steps)
    explanation = last(explain(settings, pixels, made.walks))
    level = settings.alphas_cumprod[999].item()
    share = leaked_share(COLOUR * torch.eye(3), level, SIDE**2, stochastic=stochastic)
    expected = 127.5 * prepare(pixels, 0.5).mean(dim=(1, 2)) @ share.T
    found = explanation.contribution(explanation.causes[0])
    torch.testing.assert_close(found.float(), expected, atol=0.5, rtol=0)


def test_the_sum_is_exact_where_causes_share_an_effect(world):
    """Betas that leak, dialled in: either cause alone takes the shift away, so both count it."""
    made = world(GREY, dim=EXACT)
    settings = run_settings(mode="generate", steps=6, beta_start=1e-3, beta_end=0.01)
    explanation = last(explain(settings, None, made.walks))
    assert names(explanation.causes) == ["schedule", "leak", "clipping"]
    parts = sum(map(explanation.contribution, explanation.causes))
    torch.testing.assert_close(explanation.total, parts + explanation.remainder + explanation.interaction)
    assert explanation.interaction.max() < -5
    assert "acting together" in " ".join(reasons(explanation))


def test_every_trial_has_the_same_noise(world):
    made, settings, _ = explained(world, "leak, generating")
    starts = []
    for explanation, steps in explain(settings, None, made.walks):  # noqa: B007
        starts += [step for step in steps if step.index == 0]
    run, emptied = explanation.run, explanation.causes[0].trial
    assert (run.settings.leak_start, emptied.settings.leak_start) == (False, True)
    assert len(starts) == len(explanation.trials)
    one, *others = (step.x_t - step.x_t.mean(dim=(2, 3), keepdim=True) for step in starts)
    for other in others:
        torch.testing.assert_close(one, other, atol=0.02, rtol=0)  # one starts from √(1−ᾱ) of it


def test_no_run_is_made_twice(world):
    made, settings, pixels = explained(world, "clipping", clip=False)
    explanation = last(explain(settings, pixels, made.walks))
    assert names(explanation.causes) == ["averaging"]
    assert explanation.bare == explanation.causes[0].trial
    assert len(made.calls) == len(explanation.trials) == 1 + 1 + 3
    assert not explanation.interaction.any()


def test_a_run_without_causes_is_all_remainder(world):
    made = world(GREY, dim_deep_zsnr=EXACT)
    settings = run_settings(variant="dim-deep-zsnr", mode="generate", steps=4, clip=False)
    explanation = last(explain(settings, None, made.walks))
    assert (explanation.causes, explanation.leader) == ((), None)
    assert torch.equal(explanation.remainder, explanation.total)
    assert "Nothing in this run can be switched off." in " ".join(reasons(explanation))


def test_what_is_found_so_far_is_kept_and_nothing_else_is_known(world):
    made, settings, pixels = explained(world, "averaging")
    for explanation, steps in explain(settings, pixels, made.walks):  # noqa: B007
        if explanation.found:
            break
    assert not explanation.complete
    assert [explanation.contribution(question) is None for question in explanation.causes] == [False, True]
    assert explanation.remainder is None
    assert explanation.interaction is None
    assert all(step.is_last for step in steps)
    of_its_network = [trial for trial in explanation.trials if trial.settings.variant == "dim-raw"]
    assert len(explanation.found) == len(steps) == len(of_its_network) < len(explanation.trials)
    with pytest.raises(ValueError, match="complete"):
        reasons(explanation)


def test_without_a_picture_there_is_nothing_to_restore(world, one_sentence):
    made, settings, _ = explained(world, "averaging")
    with pytest.raises(Refusal) as refusal:
        next(explain(settings, None, made.walks))
    one_sentence(refusal)


ALL = list(VARIANTS)
TWINS = ["averaging", "amplification"]  # what the dim control's twins can tell


@pytest.mark.parametrize(
    ("settings", "causes", "swaps"),
    [
        ({}, ["clipping", *TWINS], ["variance", "sampler", "picture"]),
        ({"start": 999}, ["leak", "clipping", *TWINS], ["variance", "sampler"]),
        ({"mode": "generate", "sampler": "ddim"}, ["leak", "clipping", *TWINS], ["sampler"]),
        ({"mode": "generate", "leak_start": True, "clip": False}, TWINS, ["variance", "sampler"]),
        ({"brightness": 0.3}, ["brightness", "clipping", *TWINS], ["variance", "sampler", "picture"]),
        ({"variant": "dim-deep", "clip": False}, ["amplification"], ["variance", "sampler", "picture"]),
        ({"variant": "dim-deep-zsnr", "start": 999}, ["clipping"], ["variance", "sampler"]),
    ],
)
def test_only_what_a_run_has_is_asked_for(settings, causes, swaps):
    asked = questions(run_settings(**settings), ALL)
    assert (names(asked.causes), names(asked.swaps)) == (causes, swaps)


@pytest.mark.parametrize(
    ("variant", "cause", "twin"),
    [
        ("dim", "averaging", "dim-raw"),
        ("dim-raw", "averaging", "dim"),
        ("dim-large", "averaging", "dim-raw"),
        ("dim", "amplification", "dim-v"),
        ("dim-large", "amplification", "dim-v"),
        ("dim-deep", "amplification", "dim-deep-zsnr"),
    ],
)
def test_a_twin_differs_in_nothing_else_and_must_be_at_hand(variant, cause, twin):
    row = next(row for row in CAUSES if row.name == cause)
    trial = Trial(run_settings(variant=variant))
    assert row.remove(trial, ALL) == trial.but(variant=twin)
    assert not row.applies(trial, [variant])


@pytest.mark.parametrize(
    "variant",
    ["bright", "dim-deep-low", "dim-deep-renorm", "dim-deep-again", "dim-long", "dim-groups1", "dim-deep-x0"],
)
def test_most_variants_have_no_twin(variant):
    assert not {"averaging", "amplification"} & set(
        names(questions(run_settings(variant=variant), ALL).causes)
    )


def test_no_two_rows_read_the_same():
    for text in ("title", "sentence"):
        texts = [getattr(row, text).strip() for row in (*CAUSES, *SWAPS)]
        assert all(texts)
        assert len(set(texts)) == len(texts)


def test_words_name_the_leader_its_size_and_what_is_left(world):
    made, settings, pixels = explained(world, "averaging")
    explanation = last(explain(settings, pixels, made.walks))
    said = " ".join(reasons(explanation))
    size = explanation.contribution(explanation.leader).tolist()
    assert f"“Weight averaging” matters most of what can be switched off: it adds red {size[0]:+.1f}" in said
    assert "CIEDE2000" in said
    assert f"With everything switched off, red {explanation.remainder[0]:+.1f}" in said
    assert "acting together" not in said
    assert "-0.0" not in said


def test_what_holds_a_shift_back_is_not_called_its_cause(world):
    """As with real networks: errors in deep noise are magnified, and only clipping bounds them."""
    made, settings, pixels = explained(world, "amplification")
    explanation = last(explain(settings, pixels, made.walks))
    clipping, amplification = explanation.causes
    for trial, offset in ((explanation.run, -0.2), (clipping.trial, 1.4), (amplification.trial, 0.0)):
        found = explanation.found[trial]
        flat = (found.aim / 127.5 - 1 + offset).float()[:, None, None].expand(1, 3, 8, 8)
        explanation = explanation.knowing(trial, replace(found, x0=flat))
    assert explanation.contribution(clipping).norm() > explanation.contribution(amplification).norm()
    assert explanation.leader.cause.name == "amplification"
    assert explanation.guard.cause.name == "clipping"
    said = reasons(explanation)[1]
    assert said.startswith("“Amplified errors” matters most")
    assert "“Clipping” holds the shift back: without it, it would be red +178.5" in said


def test_where_no_cause_draws_the_colours_off_none_is_named(world):
    made, settings, pixels = explained(world, "averaging", variant="dim")
    explanation = last(explain(settings, pixels, made.walks))
    assert explanation.total.norm() < explanation.found[explanation.causes[1].trial].shift.norm()
    assert explanation.guard.cause.name == "averaging"
    said = reasons(explanation)[1]
    assert said.startswith("Without any one of the known causes the mean colour ends no nearer")
    assert "“Weight averaging” holds the shift back" in said


def test_what_pictures_do_one_by_one_is_told_where_a_batch_hides_it(world):
    """Half of the pictures become lighter and half darker: little for their mean, much for each."""
    made, settings, _ = explained(world, "leak, generating")
    explanation = last(explain(settings, None, made.walks))
    grey = explanation.found[explanation.run].aim / 127.5 - 1
    blank = grey.float()[:, None, None].expand(16, 3, 8, 8)
    apart = torch.cat([blank[:8] + 0.5, blank[8:] - 0.45])
    for trial, x0 in ((explanation.run, blank + 0.1), (explanation.causes[0].trial, apart)):
        explanation = explanation.knowing(trial, replace(explanation.found[trial], x0=x0))
    assert explanation.leader.cause.name == "leak"
    assert "without it the single pictures would end further from" in reasons(explanation)[1]
    found = [explanation.found[trial] for trial in (explanation.run, explanation.causes[0].trial)]
    expected = [offset * 127.5 * 3**0.5 for offset in (0.1, 0.475)]
    assert [finding.distance for finding in found] == pytest.approx(expected, rel=1e-4)
