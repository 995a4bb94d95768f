"""What a watchman asks: whether the server answers, and what it consists of."""

from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.versions import versions

_LIBRARIES = ("gradio", "torch", "diffusers")


def health() -> dict:
    """Versions and the variants that are there; no network is loaded for it."""
    return {"status": "ok", "versions": versions(*_LIBRARIES), "variants": checkpoints.available()}
