"""A run as Python: what it says evaluates to the same settings."""

import pytest

from lowlight_ddpm.diffusion.keywords import settings_of
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.runs.python import as_python
from lowlight_ddpm.variants import find_variant


def evaluated(code):
    """(settings, image) that the code's call makes; what is imported is replaced."""
    called = []

    def denoise(picture, variant="dim", **keywords):
        called.append((settings_of("restore", find_variant(variant), keywords), picture))

    def generate(count=1, variant="dim", **keywords):
        called.append((settings_of("generate", find_variant(variant), keywords), None))

    head, _, rest = code.partition("\n")
    assert head in ("from lowlight_ddpm import denoise", "from lowlight_ddpm import generate")
    exec(rest.replace("run.image()", ""), {"denoise": denoise, "generate": generate})
    return called[0]


@pytest.mark.parametrize(
    "settings",
    [
        run_settings(),
        run_settings(mode="generate"),
        run_settings(
            variant="bright", mode="generate", seed=2**32 - 1, leak_start=True, mean_correction=True
        ),
        run_settings(variant="dim-deep-low", brightness=0.3, start=77, steps=5, sampler="dpm++", clip=False),
        run_settings(light="camera", whole=True, anchor=True, epsilon_scale=1.006, beta_end=0.03),
        run_settings(mean_correction=True, variance_type="fixed_large_log", backend="onnx"),
    ],
)
def test_it_evaluates_to_the_same_settings(settings):
    picture = None if settings.mode == "generate" else "it's mine.png"
    assert evaluated(as_python(settings, picture)) == (settings, picture)


def test_what_goes_without_saying_is_not_said():
    assert "generate(variant='dim')" in as_python(run_settings(mode="generate"))
