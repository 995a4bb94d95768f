"""The one kind of error a user is meant to read, and how names that are no text become one."""


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
