"""The list of quick tests is true: what it names is there, and nothing of it starts a page or a process."""

import ast

import pytest

from tests.conftest import LONG, QUICK, TESTS, is_quick

SLOW = {"gradio_client", "httpx", "playwright", "subprocess", "tests.helpers.launching", "benchmarks.served"}
FILES = [path for path in sorted(TESTS.rglob("test_*.py")) if is_quick(path)]


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


def test_whatever_is_named_is_there():
    assert [name for name in (*QUICK, *LONG) if not (TESTS / name).exists()] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TESTS)))
def test_a_quick_file_starts_no_page_and_no_process(path):
    source = path.read_text()
    if "\npytestmark = " not in source or "pytest.mark.slow" not in source:
        assert SLOW.isdisjoint(imported(ast.parse(source)))


@pytest.mark.parametrize(
    ("name", "quick"),
    [
        ("diffusion", True),
        ("diffusion/test_schedule.py", True),
        ("study", True),  # a folder with a file that is
        ("study/test_bootstrap.py", True),
        ("study/test_protocol.py", False),
        ("ui", False),
        ("ui/play/test_tab.py", False),
        ("test_api.py", False),
    ],
)
def test_a_folder_is_quick_with_all_that_is_in_it(name, quick):
    assert is_quick(TESTS / name) == quick
