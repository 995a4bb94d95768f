"""How an endpoint is described: each parameter once, for clients, for the documentation, and for tools."""

import reprlib
from collections.abc import Callable
from dataclasses import dataclass
from inspect import Parameter
from io import BytesIO
from typing import Any

import gradio as gr
from gradio.components import Component
from gradio.components.api_component import Api
from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder
from PIL import Image

from lowlight_ddpm.diffusion.settings import RunSettings, show_parameters
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images.writing import save_png
from lowlight_ddpm.ui.api.inline import ImageInput

_SCHEMAS = RunSettings.model_json_schema()["properties"]
_KINDS = {
    "boolean": (bool, "true or false"),
    "array": (list, "a list"),
    "string": (str, "a text"),
    "number": ((int, float), "a number"),
    None: (object, "anything"),  # what reads it says what it must be
}
_VARIANT = "the network, by its variant's name; the endpoint variants lists them"


@dataclass(frozen=True)
class Field:
    """One parameter: its name, what it means, and the JSON schema of its value, None for an image."""

    name: str
    meaning: str
    schema: dict[str, Any] | None = None

    def component(self) -> Component:
        """What takes its value."""
        if self.schema is None:
            return ImageInput(visible=False, label=self.name)
        return Api(None, self.schema | {"additional_description": self.meaning}, label=self.name)

    def check(self, value: object) -> None:
        """Raise Refusal for a value of another type, unless it is None: left out.

        Settings are checked all together, and images when they are read.
        """
        if value is None or self.schema is None or self.name in RunSettings.model_fields:
            return
        kind, words = _KINDS[self.schema.get("type")]
        if not isinstance(value, kind):
            raise Refusal(f"The parameter {self.name} must be {words}, not {reprlib.repr(value)}.")


def of_settings(*names: str) -> tuple[Field, ...]:
    """The fields of RunSettings of these names, so that what programs may send is defined once."""
    return tuple(Field(name, _SCHEMAS[name].get("description", _VARIANT), _SCHEMAS[name]) for name in names)


def takes(*fields: Field, **fixed: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A function whose parameters are `fields`, each of which may be left out and is None then.

    `fixed` are settings of its runs that are no parameters. Its docstring describes the endpoint to people
    and language models; the fields' meanings are added to it.
    """

    def described(function: Callable[..., Any]) -> Callable[..., Any]:
        shown = [Parameter(field.name, Parameter.POSITIONAL_OR_KEYWORD, default=None) for field in fields]
        meanings = "\n".join(f"    {field.name}: {field.meaning}" for field in fields)
        function.__doc__ = f"{(function.__doc__ or '').rstrip()}\n\nArgs:\n{meanings}\n"
        function.fields, function.fixed = fields, fixed
        return show_parameters(function, shown)

    return described


def image() -> gr.Image:
    """An image that is returned, as `stored` gives its path."""
    return gr.Image(visible=False, label="result")


def images() -> gr.Gallery:
    """Several of them, each with a caption."""
    return gr.Gallery(visible=False, label="results")


def stored(picture: Image.Image) -> str:
    """The path of an image as a PNG, in the cache that Gradio clears."""
    content = BytesIO()
    save_png(picture, content)
    return save_bytes_to_cache(content.getvalue(), "image.png", get_upload_folder())


def report() -> gr.JSON:
    """Metrics and sentences that are returned."""
    return gr.JSON(visible=False, label="report")
