"""Which software a result comes from."""

import platform
from importlib.metadata import version


def versions(*libraries: str) -> dict[str, str]:
    """The versions of the named libraries, and Python's."""
    return {name: version(name) for name in libraries} | {"python": platform.python_version()}
