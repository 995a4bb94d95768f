"""A run as the query of a link: what differs from the variant as trained, and which picture."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from lowlight_ddpm.diffusion.settings import RunSettings, run_settings

PICTURE = "picture"
# What else may stand in the page's address: gradio's own, and the theme and sign that a Space adds.
_NOT_OURS = ("view", "deep_link")


def query_of(settings: RunSettings, picture: str | None = None) -> str:
    """What `parse` turns back into the same settings, like "variant=dim&start=300&picture=drawn_0003".

    The variant is always written, of the rest only what `run_settings` would not fill in itself. `picture` is
    a name in the gallery, or an upload's sha256; None where a run needs no picture.
    """
    filled_in = run_settings(variant=settings.variant, mode=settings.mode)
    values = {
        name: _written(value)
        for name, value in settings
        if name == "variant" or value != _default(filled_in, name)
    }
    return urlencode(values | ({PICTURE: picture} if picture else {}))


def parse(query: str | Mapping[str, str]) -> tuple[RunSettings, str | None]:
    """(settings, picture's name or sha256 or None) of a link's query, whether it opens with "?" or not.

    What is left out is as `run_settings` fills it in. Raises Refusal for settings that are unknown, out of
    their limits, or contradict each other.
    """
    values = own(query)
    picture = values.pop(PICTURE, None)
    return run_settings(**values), picture or None


def own(query: str | Mapping[str, str]) -> dict[str, str]:
    """The part of a query that a run is made from, without what gradio and a Space put beside it."""
    if isinstance(query, str):
        query = dict(parse_qsl(query.removeprefix("?"), keep_blank_values=True))
    return {
        name: value for name, value in query.items() if not name.startswith("__") and name not in _NOT_OURS
    }


def _default(filled_in: RunSettings, name: str) -> object:
    """The mode itself has one default, whatever else follows from it."""
    return RunSettings.model_fields[name].default if name == "mode" else getattr(filled_in, name)


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
