"""Terms that are explained where they stand: a button, and its explanation over the page."""

import re
from html import escape

from lowlight_ddpm.report.glossary import GLOSSARY

MEANINGS = {term: meaning for part in GLOSSARY.values() for term, meaning in part.items()}


def term(name: str | None, shown: str = "?") -> str:
    """HTML of a button that opens the explanation of a term of the glossary; empty for None.

    The browser opens it by itself, for a mouse, a finger and a keyboard alike; `explanations` has its text.
    """
    if name is None:
        return ""
    label = escape(f"What “{name}” means")
    return (
        f'<button type="button" class="term" popovertarget="{_place(name)}" aria-label="{label}">'
        f"{escape(shown)}</button>"
    )


def explanations(*names: str) -> str:
    """HTML of what the buttons of these terms open: once in a page, and never redrawn."""
    return "".join(
        f'<div popover id="{_place(name)}" class="meaning"><b>{escape(name)}</b>'
        f"<p>{escape(MEANINGS[name])}</p></div>"
        for name in names
    )


def _place(name: str) -> str:
    return "term-" + re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
