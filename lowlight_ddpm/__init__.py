"""See what a diffusion model does to a dark image.

`from lowlight_ddpm import denoise, generate, measure, load` is the way in for notebooks and scripts.
"""

import platform
from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lowlight_ddpm.api import Run, denoise, generate, load, measure
    from lowlight_ddpm.diagnosis.run import diagnose
    from lowlight_ddpm.diffusion.corrected_unet import with_mean_correction

__version__ = "0.1.0"
__all__ = ["Run", "__version__", "denoise", "diagnose", "generate", "load", "measure", "with_mean_correction"]
_NOT_IN_API = {
    "diagnose": "lowlight_ddpm.diagnosis.run",
    "with_mean_correction": "lowlight_ddpm.diffusion.corrected_unet",
}


def __getattr__(name: str) -> Any:
    """What the API offers is imported when it is first asked for (PEP 562): torch takes seconds."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_NOT_IN_API.get(name, "lowlight_ddpm.api")), name)
    return value


def versions(*libraries: str) -> dict[str, str]:
    """The versions of the named libraries, and Python's: which software a result comes from."""
    return {name: metadata.version(name) for name in libraries} | {"python": platform.python_version()}


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
