"""Networks with one known fault each: it is named first, and a healthy one has none."""

import json
from dataclasses import replace

import pytest
import torch

from benchmarks.constructed import PRIOR, SHAPE, Constructed, images, scheduler
from lowlight_ddpm.diagnosis import verdict
from lowlight_ddpm.diagnosis.causes import CAUSES, THRESHOLDS
from lowlight_ddpm.diagnosis.run import diagnose

pytestmark = pytest.mark.slow
IMAGES = images()
WEAK = {"beta_end": 0.0015}  # betas that leave two thirds of the signal


def diagnosed(network, **given):
    given = {"images": IMAGES, "count": 8, "steps": 20, "quick": True} | given
    return diagnose(network, network.scheduler, shape=SHAPE, **given)


FAULTS = {
    "insensitive": lambda: Constructed(scheduler(), passes=0.95),
    "insensitive, v": lambda: Constructed(scheduler(prediction_type="v_prediction"), passes=0.95),
    "insensitive, clipped": lambda: Constructed(scheduler(clip_sample=True), passes=0.95),
    "mean_bias": lambda: Constructed(scheduler(), first=50, last=500, off=0.2),
    "mean_bias, x0": lambda: Constructed(scheduler(prediction_type="sample"), first=0, last=400, off=0.2),
    "leak": lambda: Constructed(scheduler(**WEAK)),
    "grid": lambda: Constructed(scheduler(beta_end=0.005, timestep_spacing="leading")),
    "clipping": lambda: Constructed(scheduler(clip_sample=True, clip_sample_range=0.3)),
    "zero_snr": lambda: Constructed(scheduler(rescale_betas_zero_snr=True)),
}
HEALTHY = {
    "epsilon": lambda: Constructed(scheduler()),
    "v": lambda: Constructed(scheduler(prediction_type="v_prediction", rescale_betas_zero_snr=True)),
    "x0": lambda: Constructed(scheduler(prediction_type="sample")),
    "cosine": lambda: Constructed(scheduler(beta_schedule="squaredcos_cap_v2")),
    "clipped": lambda: Constructed(scheduler(clip_sample=True)),
    "below the threshold": lambda: Constructed(scheduler(), first=300, last=500, off=0.004),
    "leading, by one timestep": lambda: Constructed(scheduler(timestep_spacing="leading", steps_offset=48)),
}


@pytest.mark.parametrize("case", FAULTS)
def test_the_fault_that_was_built_in_is_the_first_cause(case):
    steps = 4 if case == "grid" else 20
    report = diagnosed(FAULTS[case](), steps=steps)
    fault = case.split(",")[0]
    assert report.verdict.causes[:1] == [fault], str(report)
    assert "hardly learned" not in report.verdict.sentence
    assert report.verdict.fault is True
    (finding,) = (finding for finding in report.verdict.findings if finding.cause == fault)
    assert finding.gain.low > 0
    assert finding.remedy


@pytest.mark.parametrize("case", HEALTHY)
def test_a_healthy_network_has_no_cause(case):
    report = diagnosed(HEALTHY[case]())
    assert report.verdict.causes == [], str(report)
    assert report.verdict.fault is False
    assert report.verdict.sentence.startswith("No fault found")
    assert all(finding.strength == "not a cause" for finding in report.verdict.findings)


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction"])
def test_a_network_that_has_hardly_learned_is_told_so_first(kind):
    report = diagnosed(Constructed(scheduler(prediction_type=kind), learned=False))
    assert report.verdict.fault is True
    assert report.verdict.sentence.startswith("The network has hardly learned: at half noise its error")
    assert str(report).splitlines()[2].startswith("  The network has hardly learned")


def test_two_faults_are_both_named():
    leading = scheduler(beta_end=0.005, timestep_spacing="leading")
    report = diagnosed(Constructed(leading, first=0, last=400, off=0.2), steps=4)
    assert set(report.verdict.causes[:2]) == {"grid", "mean_bias"}, str(report)
    gains = [finding.gain.value for finding in report.verdict.findings if finding.remedy]
    assert gains == sorted(gains, reverse=True)


@pytest.mark.parametrize("cause", [cause.name for cause in CAUSES])
def test_without_its_detector_a_fault_is_not_named(cause, monkeypatch):
    case = next(case for case in FAULTS if case.startswith(cause))
    blind = [replace(row, is_suspect=lambda evidence: False) if row.name == cause else row for row in CAUSES]
    monkeypatch.setattr(verdict, "CAUSES", blind)
    assert cause not in diagnosed(FAULTS[case](), steps=4 if cause == "grid" else 20).verdict.causes


def test_where_no_images_are_generated_its_own_figures_decide():
    report = diagnosed(FAULTS["insensitive"](), count=0)
    assert report.verdict.causes[0] == "insensitive"
    assert report.evidence.generated is None
    assert report.images == {}
    assert diagnosed(HEALTHY["epsilon"](), count=0).verdict.causes == []


def test_without_a_reference_what_needs_one_cannot_be_told():
    report = diagnosed(FAULTS["insensitive"](), images=None)
    assert report.verdict.fault is None
    assert "cannot be told without training images" in str(report).splitlines()[2]
    assert {finding.strength for finding in report.verdict.findings if finding.cause != "zero_snr"} == {
        "cannot be told without training images"
    }
    assert all(row.ideal is None for row in report.evidence.transmission)
    assert report.evidence.generated.error is None
    zero = diagnosed(FAULTS["zero_snr"](), images=None)
    assert zero.verdict.causes == ["zero_snr"]


def test_mean_and_covariance_stand_for_images():
    moments = {"mean": PRIOR.mean.tolist(), "covariance": PRIOR.covariance.tolist()}
    report = diagnosed(FAULTS["insensitive"](), images=None, **moments)
    assert report.verdict.causes[0] == "insensitive"
    strengths = {finding.cause: finding.strength for finding in report.verdict.findings}
    assert strengths["mean_bias"] == strengths["clipping"] == "cannot be told without training images"
    assert not any(finding.figures for finding in report.verdict.findings if "cannot" in finding.strength)


def test_the_same_values_give_the_same_bytes_and_another_seed_others():
    texts = [
        json.dumps(diagnosed(FAULTS["insensitive"](), seed=seed).as_dict(), allow_nan=False)
        for seed in (0, 0, 1)
    ]
    assert texts[0] == texts[1] != texts[2]


def test_thresholds_counts_and_seed_are_in_the_report():
    report = diagnosed(HEALTHY["epsilon"]()).as_dict()
    assert report["thresholds"] == vars(THRESHOLDS)
    assert report["settings"]["generated"] == 8
    assert {"steps", "seed", "tinted", "noised", "timesteps", "reference"} <= set(report["settings"])


def test_scalars_are_flat_floats():
    report = diagnosed(FAULTS["insensitive"]())
    scalars = report.scalars()
    assert all(type(value) is float for value in scalars.values())
    assert scalars["tint_passed/0.02"] == pytest.approx(0.95, abs=0.02)
    assert scalars["gain/mean_correction"] > 20
    assert scalars["colour_error"] > 20


def test_a_network_in_training_stays_so_and_draws_no_chance():
    class InTraining(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.dropout, self.ideal = torch.nn.Dropout(0.5), HEALTHY["epsilon"]()
            self.weight = torch.nn.Parameter(torch.zeros(()))

        def forward(self, x_t, timesteps):
            return self.dropout(self.ideal(x_t, timesteps))

    network = InTraining().train()
    torch.manual_seed(0)
    before = torch.get_rng_state()
    report = diagnose(network, network.ideal.scheduler, shape=SHAPE, images=IMAGES, steps=20, quick=True)
    assert report.verdict.fault is False
    assert network.training
    assert torch.equal(torch.get_rng_state(), before)
