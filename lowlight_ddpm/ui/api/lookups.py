"""The endpoints that call no network: two pictures measured, a schedule's figures, the table of variants."""

from dataclasses import asdict

from lowlight_ddpm.diffusion.curves import Curves
from lowlight_ddpm.diffusion.settings import LAST_TIMESTEP, run_settings
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import read
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.runs.assessment import between
from lowlight_ddpm.ui.api.parameters import Field, of_settings, takes
from lowlight_ddpm.ui.messages import refusals_shown
from lowlight_ddpm.ui.schedule.curves_view import kept_colour
from lowlight_ddpm.variants import VARIANTS, find_variant

TIMESTEPS = (0, 100, 300, 600, LAST_TIMESTEP)


@takes(
    Field("reference", "the original picture, as a file"),
    Field("image", "the picture that may have shifted, as a file of the same size"),
    Field(
        "brightness",
        "what both pictures were dimmed to, above 0 and at most 1; 1 if it is left out",
        {"type": "number"},
    ),
)
def measure(reference: str | None, image: str | None, brightness: float | None) -> dict:
    """Measure how far a picture's colours are from another's, in figures and in words.

    Shifts of R, G and B are signed means of 255; delta_e is the CIEDE2000 distance of the mean colours, of
    which 1 is just visible; ssim and psnr tell how like the structure is; mse_shift is the part of the mean
    squared error that is colour shift.
    """
    with refusals_shown():
        if not reference or not image:
            raise Refusal("Two pictures are needed: send reference and image.")
        judgement = between(read(reference), read(image), 1.0 if brightness is None else brightness)
        return asdict(judgement.measures) | {"verdict": judgement.in_words}


@takes(
    *of_settings("variant", "beta_start", "beta_end"),
    Field(
        "zero_terminal_snr", "whether betas are rescaled so that nothing is left at 999", {"type": "boolean"}
    ),
    Field(
        "timesteps",
        "where to read the schedule, whole numbers from 0 to 999",
        {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": LAST_TIMESTEP}},
    ),
)
def schedule(
    variant: str | None,
    beta_start: float | None,
    beta_end: float | None,
    zero_terminal_snr: bool | None,
    timesteps: list[int] | None,
) -> dict:
    """Read a noise schedule: what its betas leave of a picture at chosen timesteps and leak at the last.

    Whatever is left out is as the variant was trained. For each timestep: beta, alpha_cumprod, signal (what
    the picture is multiplied by), noise, and the signal-to-noise ratio in dB, no lower than −60.
    kept_colour is the terminal leak: the share, 0 to 1, of a picture's mean colour that a perfect denoiser
    still reads from the last timestep, for pictures like those that the variant has learned.
    """
    with refusals_shown():
        settings = run_settings(variant=variant, beta_start=beta_start, beta_end=beta_end)
        row = find_variant(settings.variant)
        rescaled = row.zero_terminal_snr if zero_terminal_snr is None else zero_terminal_snr
        curves = Curves(settings.beta_start, settings.beta_end, row.beta_schedule, rescaled)
        read = [_read(curves, timestep) for timestep in timesteps or TIMESTEPS]
        figures = asdict(curves) | {"timesteps": read, "terminal_snr_db": curves.snr[-1].item()}
        return figures | {"kept_colour": kept_colour(curves, row.name)}


@takes()
def variants() -> list[dict]:
    """List the experiments: what each changes, what it teaches, and whether its network is available here."""
    there = checkpoints.available()
    return [asdict(row) | {"available": name in there} for name, row in VARIANTS.items()]


def _read(curves: Curves, timestep: int) -> dict:
    if not (isinstance(timestep, int) and 0 <= timestep <= LAST_TIMESTEP):
        raise Refusal(f"Timesteps are whole numbers from 0 to {LAST_TIMESTEP}, and {timestep!r} is none.")
    names = {"beta": "betas", "alpha_cumprod": "alphas_cumprod", "signal": "signal", "noise": "noise"}
    figures = {name: getattr(curves, curve)[timestep].item() for name, curve in names.items()}
    return {"timestep": timestep} | figures | {"snr_db": curves.snr[timestep].item()}
