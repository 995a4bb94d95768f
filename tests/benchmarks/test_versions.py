"""What `make versions` would install: the lower bounds, and no requirement forgotten."""

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from benchmarks.versions import lowest, requirements


@pytest.mark.parametrize(
    ("written", "pinned"),
    [
        ("torch>=2.8", "torch==2.8"),
        ("gradio~=6.31.0", "gradio==6.31.0"),
        ("gradio==6.31.0", "gradio==6.31.0"),
        ("mcp>=1.21,<2", "mcp==1.21"),
    ],
)
def test_the_lower_bound_is_pinned(written, pinned):
    assert lowest(Requirement(written)) == pinned


def test_every_requirement_has_a_lower_bound_that_its_range_allows():
    named = list(requirements("requirements.txt", "requirements-quick.txt"))
    assert {"torch", "gradio", "onnxruntime"} < {requirement.name for requirement in named}
    for requirement in named:
        assert requirement.specifier.contains(Version(lowest(requirement).split("==")[1]))
