"""The endpoint /denoise for programs: one call, one result, the same core as the page."""

from inspect import Parameter, Signature

import gradio as gr
from gradio.components.api_component import Api
from PIL import Image

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import draw, read
from lowlight_ddpm.photometry import to_image
from lowlight_ddpm.settings import RunSettings
from lowlight_ddpm.ui import view
from lowlight_ddpm.ui.controls import FIELDS, settings_of
from lowlight_ddpm.ui.messages import refusals_shown
from lowlight_ddpm.ui.model import QUEUE
from lowlight_ddpm.ui.picture_input import PictureInput
from lowlight_ddpm.ui.run import Picked, Run


def denoise(picture: str | None = None, *values) -> tuple[Image.Image, dict]:
    """Restore a picture, or generate one; whatever is left out is as the variant was trained.

    Returns the result as the network sees it (a 64 px PNG, as dim as `brightness` made it) and a report:
    the settings in full, the measures against the dimmed picture, and the verdict in words.
    """
    with refusals_shown():
        settings = settings_of(values)
        if settings.mode == "restore" and not picture:
            raise Refusal("There is no picture to restore: send one, or set mode to generate.")
        image = read(picture) if picture else draw(0)
        run = Run(settings, Picked("the picture", image))
        for _ in run.walk():
            pass
        return to_image(run.result), view.report(run)


# The parameters are the fields of RunSettings, so that what programs may send is defined once.
denoise.__signature__ = Signature(
    [Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, default=None) for name in ("picture", *FIELDS)]
)


def add_endpoint() -> None:
    """Put the endpoint into the current Blocks; nothing of it is seen on the page."""
    schemas = RunSettings.model_json_schema()["properties"]
    inputs = [
        PictureInput(visible=False, label="picture"),
        *(_parameter(name, schemas[name]) for name in FIELDS),
    ]
    outputs = [
        gr.Image(visible=False, format="png", label="result"),
        gr.JSON(visible=False, label="report"),
    ]
    gr.Button(visible=False).click(
        denoise, inputs, outputs, api_name="denoise", concurrency_id=QUEUE, show_progress="hidden"
    )


def _parameter(name: str, schema: dict) -> Api:
    meaning = schema.get("description", "the network, by its variant's name")
    return Api(None, schema | {"additional_description": meaning}, label=name)
