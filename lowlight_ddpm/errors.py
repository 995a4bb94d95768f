"""The one kind of error a user is meant to read, and how names that are no text become one."""

import reprlib
from contextlib import suppress
from typing import Any


class Refusal(ValueError):
    """A request that cannot be met; its text is one sentence that says what to do instead."""

    def __init__(self, sentence: str) -> None:
        super().__init__(encodable(sentence))


def encodable(text: str) -> str:
    r"""The text without lone surrogates, by which Python stands for the bytes of a name that is no UTF-8.

    Nothing encodes them: one would end a page's stream of events, or a file half written. A byte is shown as
    \xe9 instead; where the bytes were UTF-8 that the locale did not expect, they become what they say.
    """
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # a surrogate that stands for no byte
        return text.encode("utf-8", "backslashreplace").decode("utf-8")


def shown(value: object) -> str:
    """A value as a refusal names it, in one line: a text or a number as it is, of all else the kind."""
    if value is None or isinstance(value, str | bytes | int | float):
        with suppress(ValueError):  # of a number with thousands of digits
            return reprlib.repr(value)
    kind = type(value).__name__
    return f"{'an' if kind[0] in 'aeiouAEIOU' else 'a'} {kind}"


def allowed(schema: dict[str, Any]) -> str:
    """What a value may be, in words, by its JSON schema as pydantic gives it."""
    if "anyOf" in schema:
        return " or ".join("none" if kind == {"type": "null"} else allowed(kind) for kind in schema["anyOf"])
    if "enum" in schema:
        return "one of " + ", ".join(schema["enum"])
    kind = _KINDS[schema["type"]]
    within = " and ".join(text.format(schema[key]) for key, text in _LIMITS.items() if key in schema)
    return f"{kind}, {within}" if within else kind


_KINDS = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "string": "a text",
    "array": "a list of whole numbers from 1 up, two at least",
}
_LIMITS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
}
