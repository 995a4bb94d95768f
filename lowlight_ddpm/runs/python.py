"""A run as the Python that makes it again."""

from lowlight_ddpm.diffusion.settings import RunSettings, names_in

HEAD = "from lowlight_ddpm import {name}\n\nrun = {call}\nrun.image()\n"


def as_python(settings: RunSettings, picture: str | None = None) -> str:
    """The call of `denoise` or `generate` that makes the run, as a piece of code to paste.

    `picture` is what `denoise` opens: a path, or like "drawn:3". Of the settings, those are written that the
    call would not fill in itself.
    """
    name = "generate" if settings.mode == "generate" else "denoise"
    keywords = {key: value for key, value in settings.given.items() if key in names_in(settings.mode)}
    words = [repr(picture)] if name == "denoise" else []
    words += [f"{key}={value!r}" for key, value in ({"variant": settings.variant} | keywords).items()]
    return HEAD.format(name=name, call=f"{name}({', '.join(words)})")
