"""What a watchman asks: whether the server answers, and what it consists of."""

import platform
from importlib.metadata import version

from lowlight_ddpm import checkpoints

_LIBRARIES = ("gradio", "torch", "diffusers")


def health() -> dict:
    """Versions and the variants that are there; no network is loaded for it."""
    versions = {name: version(name) for name in _LIBRARIES} | {"python": platform.python_version()}
    return {"status": "ok", "versions": versions, "variants": checkpoints.available()}
