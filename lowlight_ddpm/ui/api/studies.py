"""The endpoints that make several runs: networks compared, and one run's shift taken apart."""

from dataclasses import asdict

from PIL import Image

from lowlight_ddpm.analysis.compare import Outcome, by_eye, by_mse, disagreements, ranks
from lowlight_ddpm.analysis.explain import Explanation, Question
from lowlight_ddpm.analysis.reasons import reasons
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import draw, read
from lowlight_ddpm.images.photometry import to_image
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.ui.api.parameters import Field, of_settings, takes
from lowlight_ddpm.ui.api.runs import PICTURE
from lowlight_ddpm.ui.compare.trials import Trials
from lowlight_ddpm.ui.components.controls import FIELDS, settings_of
from lowlight_ddpm.ui.messages import refusals_shown
from lowlight_ddpm.ui.session import Picked, Run
from lowlight_ddpm.ui.why.inquiries import Inquiry

_SHARED = ("start", "steps", "seed", "brightness")
_NAMES = {"type": "array", "items": {"type": "string"}}


@takes(
    PICTURE,
    Field("variants", "names of the networks to compare; all that are available if it is left out", _NAMES),
    *of_settings(*_SHARED),
)
def compare(picture: str | None, variants: list[str] | None, *shared) -> tuple[list, dict]:
    """Restore one picture with several networks from the same noise, and rank them by shift and by MSE.

    Each network gets the picture as bright as it was trained on, unless brightness is given. Returns the
    restored pictures with their networks' names, and a report: for every network its rank by eye (CIEDE2000
    between the mean colours, as at full brightness) and by MSE, and the pairs in which MSE prefers the
    picture whose colour is visibly further off.
    """
    with refusals_shown():
        if not picture:
            raise Refusal("There is no picture to restore: send one.")
        names = variants or checkpoints.available()
        values = dict(zip(_SHARED, shared, strict=True))
        trials = Trials(
            Picked("the picture", read(picture)), [run_settings(variant=name, **values) for name in names]
        )
        for _ in trials.walk():
            pass
        for outcome in trials.found:
            if isinstance(outcome, Refusal):
                raise outcome
        return [_shown(outcome) for outcome in trials.outcomes], _ranked(trials.outcomes)


@takes(PICTURE, *of_settings(*FIELDS))
def explain(picture: str | None = None, *values) -> dict:
    """Take one run's colour shift apart: repeat it on the same noise with one cause removed at a time.

    A cause contributes what the shift of the run is more than without it. All are signed means of R, G, B of
    255, and total = sum of the contributions + remainder + interaction. Swaps, such as another sampler, are
    no causes and are in no sum. It takes a run for every cause and swap, and says so in words at the end.
    """
    with refusals_shown():
        settings = settings_of(values)
        if settings.mode == "restore" and not picture:
            raise Refusal("There is no picture to explain the run with: send one, or set mode to generate.")
        run = Run(settings, Picked("the picture", read(picture) if picture else draw(0)))
        inquiry = Inquiry(run, run)
        for _ in inquiry.walk():
            pass
        return _explained(inquiry.explanation)


def _shown(outcome: Outcome) -> tuple[Image.Image, str]:
    return to_image(outcome.result), outcome.settings.variant


def _ranked(outcomes: list[Outcome]) -> dict:
    places = zip(outcomes, ranks(outcomes, by_eye), ranks(outcomes, by_mse), strict=True)
    runs = [
        {
            "variant": outcome.settings.variant,
            "rank_by_eye": eye,
            "rank_by_mse": mse,
            "delta_e": outcome.delta_e,
            "mse": outcome.mse,
            "shift": outcome.shifts,
            "settings": outcome.settings.model_dump(),
            "measures": asdict(outcome.measures),
        }
        for outcome, eye, mse in places
    ]
    pairs = [
        {
            "mse_prefers": pair.preferred.settings.variant,
            "truer_colour": pair.truer.settings.variant,
            "by": pair.by,
        }
        for pair in disagreements(outcomes)
    ]
    return {"runs": runs, "disagreements": pairs}


def _explained(explanation: Explanation) -> dict:
    def row(question: Question) -> dict:
        cause = question.cause
        contribution = explanation.contribution(question).tolist()
        return {
            "name": cause.name,
            "title": cause.title,
            "meaning": cause.sentence,
            "contribution": contribution,
        }

    return {
        "settings": explanation.run.settings.model_dump(),
        "total": explanation.total.tolist(),
        "causes": [row(question) for question in explanation.causes],
        "remainder": explanation.remainder.tolist(),
        "interaction": explanation.interaction.tolist(),
        "swaps": [row(question) for question in explanation.swaps],
        "verdict": " ".join(reasons(explanation)),
    }
