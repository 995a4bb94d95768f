"""A run as the query of a link: the settings that differ from the training defaults, and its image."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from lowlight_ddpm.diffusion.settings import RunSettings, run_settings

PICTURE = "picture"
# Other parameters of the page's address: Gradio's own. Those of a Space start with "__".
_NOT_OURS = ("view", "deep_link")


def query_of(settings: RunSettings, picture: str | None = None) -> str:
    """The query that `parse` turns back into the same settings: "variant=dim&start=300&picture=drawn_0003".

    The variant is always written, of the rest only what `run_settings` would not fill in itself. `picture` is
    a name in the gallery, or an upload's sha256; None if a run needs no image.
    """
    filled_in = run_settings(variant=settings.variant, mode=settings.mode)
    values = {
        name: _written(value)
        for name, value in settings
        if name == "variant" or value != _default(filled_in, name)
    }
    return urlencode(values | ({PICTURE: picture} if picture else {}))


def parse(query: str | Mapping[str, str]) -> tuple[RunSettings, str | None]:
    """(settings, name or sha256 of the image or None) of a link's query, with or without its "?".

    `run_settings` fills in what is left out. Raises Refusal for settings that are unknown, out of their
    limits, or contradict each other.
    """
    values = own(query)
    picture = values.pop(PICTURE, None)
    return run_settings(**values), picture or None


def own(query: str | Mapping[str, str]) -> dict[str, str]:
    """The part of a query that describes a run, without what Gradio and a Space add to it."""
    if isinstance(query, str):
        query = dict(parse_qsl(query.removeprefix("?"), keep_blank_values=True))
    return {
        name: value for name, value in query.items() if not name.startswith("__") and name not in _NOT_OURS
    }


def _default(filled_in: RunSettings, name: str) -> object:
    """The default of a setting; the mode has its own, although `filled_in` depends on it."""
    return RunSettings.model_fields[name].default if name == "mode" else getattr(filled_in, name)


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
