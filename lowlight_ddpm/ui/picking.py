"""Choosing a picture: one of sixteen, or your own by upload or from the clipboard."""

from html import escape
from pathlib import Path

import gradio as gr

from lowlight_ddpm import checkpoints
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import read
from lowlight_ddpm.images.picker import PATIENCE, Gallery, gallery
from lowlight_ddpm.ui.picture_input import PictureInput
from lowlight_ddpm.ui.run import Picked, Session


class Picker:
    """The gallery and the upload, laid out in the current column."""

    def __init__(self, offered: Gallery) -> None:
        self.gallery = gr.Gallery(
            _pairs(offered),
            format="png",
            columns=8,
            height="auto",
            allow_preview=False,
            selected_index=0,
            object_fit="cover",
            show_label=False,
            interactive=False,
            buttons=[],
            elem_id="gallery",
        )
        self.source = gr.HTML(_source(offered), padding=False)
        self.upload = PictureInput(
            sources=["upload", "clipboard"],
            type="filepath",
            height=132,
            label="Your own picture",
            show_label=False,
            placeholder="Or drop, paste or choose your own",
            buttons=[],
            elem_id="upload",
        )


def offered(patience: float = PATIENCE) -> Gallery:
    """The pictures to choose from; of a training set, those that the network has not learned."""
    return gallery(_held_out(), patience)


def refresh(session: Session) -> tuple:
    """(gallery, source) when the page opens, in case better pictures have arrived since the start."""
    newest = offered(patience=0)
    if newest.names == session.gallery.names:
        return gr.skip(), gr.skip()
    session.gallery, session.index = newest, 0
    return gr.Gallery(_pairs(newest), selected_index=0), _source(newest)


def choose(session: Session, event: gr.SelectData) -> None:
    """A picture of the gallery was chosen: None empties the upload."""
    session.index, session.own = event.index, None


def bring(session: Session, path: str | None) -> str | None:
    """A picture was uploaded, pasted or removed; one that cannot be read is taken away, and told why."""
    session.own = None
    if path is None:
        return None
    try:
        session.own = Picked(Path(path).name, read(path))
    except Refusal as refusal:
        gr.Warning(str(refusal))
        return None
    return path


def _held_out() -> tuple[str, ...]:
    for name in checkpoints.available():
        try:
            return tuple(checkpoints.record(name).get("held_out", ()))
        except Refusal:
            continue
    return ()


def _pairs(offered: Gallery) -> list[tuple]:
    return list(zip(offered.pictures, offered.names, strict=True))


def _source(offered: Gallery) -> str:
    return f'<p class="note">{escape(offered.label)}</p>'
