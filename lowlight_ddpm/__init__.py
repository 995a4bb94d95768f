"""See what a diffusion model does to a dark image.

`from lowlight_ddpm import denoise, generate, measure, load` is the way in for notebooks and scripts.
"""

import platform
from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lowlight_ddpm import variants
    from lowlight_ddpm.api import compare, denoise, explain, generate, load, measure, schedule, sweep
    from lowlight_ddpm.diagnosis.run import diagnose
    from lowlight_ddpm.diffusion.corrected_unet import with_mean_correction
    from lowlight_ddpm.errors import Refusal
    from lowlight_ddpm.metrics.image import Measures
    from lowlight_ddpm.models.checkpoints import Checkpoint
    from lowlight_ddpm.photographs.brighten import brighten
    from lowlight_ddpm.runs.run import Run

__version__ = "0.1.0"
__all__ = [
    "Checkpoint",
    "Measures",
    "Refusal",
    "Run",
    "__version__",
    "brighten",
    "compare",
    "denoise",
    "diagnose",
    "explain",
    "generate",
    "load",
    "measure",
    "schedule",
    "sweep",
    "variants",
    "with_mean_correction",
]
_NOT_IN_API = {
    "Checkpoint": "models.checkpoints",
    "Measures": "metrics.image",
    "Refusal": "errors",
    "Run": "runs.run",
    "brighten": "photographs.brighten",
    "diagnose": "diagnosis.run",
    "with_mean_correction": "diffusion.corrected_unet",
}


def __getattr__(name: str) -> Any:
    """What the API offers is imported when it is first asked for (PEP 562): torch takes seconds."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "variants":  # a subpackage, which the import puts in its place
        return import_module(f"{__name__}.variants")
    module = import_module(f"{__name__}.{_NOT_IN_API.get(name, 'api')}")
    value = globals()[name] = getattr(module, name)
    return value


def versions(*libraries: str) -> dict[str, str]:
    """The versions of the named libraries, and Python's: which software a result comes from."""
    return {name: metadata.version(name) for name in libraries} | {"python": platform.python_version()}


def __dir__() -> list[str]:
    return sorted(__all__)
