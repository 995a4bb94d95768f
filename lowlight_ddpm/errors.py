"""The one kind of error a user is meant to read."""


class Refusal(ValueError):
    """A request that cannot be met; its text is one sentence that says what to do instead."""
