"""The page's address: its tabs, stops and claims are queries, and Back and Forward work within the page."""

from lowlight_ddpm.ui.components.scripted import Scripted


class Address(Scripted):
    """A button for keyboards that skips the tabs; its script alone calls history.pushState.

    Its value are the tabs as (id, label), the first being that of an empty query. Its click event has, as its
    `value`, the query of a run that Back or Forward has returned to.
    """

    drawn_by = "address"

    def __init__(self, tabs: tuple[tuple[str, str], ...], **kwargs) -> None:
        super().__init__(list(tabs), padding=False, **kwargs)
