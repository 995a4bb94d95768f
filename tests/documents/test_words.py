"""One word for one thing: what tests/words.txt lists stands nowhere where people read.

`python -m tests.documents.test_words` prints every place, with what to write instead.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lowlight_ddpm.paths import REPOSITORY

LIST = REPOSITORY / "tests" / "words.txt"
# Of Markdown: what is code, a comment, or the target of a link is no text.
_NO_TEXT = re.compile(
    r"^```.*?^```|<!--.*?-->|`[^`\n]*`|(?<=\])\([^)\s]*\)|\b(?:src|srcset|href)=\"[^\"]*\"", re.S | re.M
)


def listed() -> dict[str, tuple[str, dict[str, str]]]:
    """Phrase -> what to write instead, and the files in which it may stand with their reasons."""
    found, phrase = {}, ""
    for line in LIST.read_text().splitlines():
        if line.startswith("    "):
            file, _, reason = line.strip().partition(": ")
            found[phrase][1][file] = reason
        elif line and not line.startswith("#"):
            phrase, _, instead = line.partition(" -> ")
            found[phrase] = instead, {}
    return found


WORDS = listed()
_ANY = re.compile(
    rf"(?<![\w-])({'|'.join(sorted(map(re.escape, WORDS), key=len, reverse=True))})(?![\w-]|\.\w)", re.I
)
READ = [
    *(REPOSITORY / name for name in ("README.md", "CHANGELOG.md")),
    *sorted(REPOSITORY.glob("docs/**/*.md")),
    *sorted(REPOSITORY.glob("checkpoints/*/README.md")),
    *sorted(REPOSITORY.glob("lowlight_ddpm/**/*.py")),
]


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Line numbers and what people read there: Markdown without code, docstrings, strings that are texts."""
    source = path.read_text()
    if path.suffix == ".py":
        for node in ast.walk(ast.parse(source)):
            # A string of one small word is a name: a key, a column, a part of an address.
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and re.search(r"[A-Z\s]", node.value)
            ):
                yield node.lineno, _NO_TEXT.sub(" ", node.value)
        return
    if path.name == "CHANGELOG.md":  # what was said of earlier versions stays
        source = "\n## ".join(source.split("\n## ")[:2])
    text = _NO_TEXT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), source)
    yield from enumerate(text.splitlines(), 1)


def hits(path: Path) -> list[str]:
    """What stands in a file against the list, a line each."""
    name = path.relative_to(REPOSITORY).as_posix()
    found = []
    for line, text in texts(path):
        for match in _ANY.finditer(" ".join(text.split())):
            instead, exceptions = WORDS[match[1].lower()]
            if name not in exceptions:
                found.append(f"{name}:{line}: “{match[1]}”: write {instead}")
    return found


@pytest.mark.parametrize("path", READ, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_it_is_said_in_the_words_that_everyone_knows(path):
    assert hits(path) == []


def test_every_exception_names_a_file_that_needs_it_and_a_reason():
    for phrase, (instead, exceptions) in WORDS.items():
        assert instead, phrase
        for file, reason in exceptions.items():
            said = " ".join(" ".join(text.split()) for _, text in texts(REPOSITORY / file))
            assert reason, f"{phrase} in {file}"
            assert re.search(rf"\b{re.escape(phrase)}\b", said, re.I), (
                f"{file} does not hold “{phrase}” any more"
            )


def test_a_word_is_found_whole_and_code_is_no_text(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "The Grounds are pink, the background is not.\n`ground` [here](docs/walk.md) <!-- cure -->\n"
    )
    assert [match[1] for _, text in texts(page) for match in _ANY.finditer(text)] == ["Grounds"]


if __name__ == "__main__":
    print("\n".join(line for path in READ for line in hits(path)))
