"""Choosing a picture: one of sixteen, or your own by upload or from the clipboard."""

import re
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images.gallery import PATIENCE, SUBJECTS, Gallery, drawn_gallery, gallery
from lowlight_ddpm.images.sources import drawn_picture
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.ui.components.widgets import ImageUpload
from lowlight_ddpm.ui.messages import as_text, skip
from lowlight_ddpm.ui.session import Picked, Session


class Picker:
    """The gallery and one's own image side by side in the current row; `lay` puts the rest elsewhere."""

    def __init__(self, session: Session) -> None:
        offered = session.gallery
        self.gallery = gr.Gallery(
            _pairs(offered),
            format="png",
            columns=16,
            height="auto",
            allow_preview=False,
            selected_index=selected(session),
            object_fit="cover",
            show_label=False,
            interactive=False,
            buttons=[],
            elem_id="gallery",
        )
        self.yours = gr.UploadButton(
            "Your own image", file_types=["image"], size="sm", scale=0, min_width=124, elem_id="yours"
        )

    def lay(self, session: Session) -> None:
        """What else there is to choose from, in the current column."""
        self.subject = gr.Radio(
            [(subject, kind) for kind, subject in SUBJECTS.items()],
            value=next(iter(SUBJECTS)),
            label="Images",
            elem_id="subject",
        )
        self.source = gr.HTML(_source(session.gallery), padding=False)
        self.upload = ImageUpload(
            sources=["upload", "clipboard", "webcam"],
            type="filepath",
            height=132,
            label="Your own picture",
            show_label=False,
            placeholder="Or drop, paste, photograph or choose your own",
            buttons=[],
            elem_id="upload",
        )


def offered(patience: float = PATIENCE) -> Gallery:
    """The pictures to choose from; of a training set, those that the network has not learned."""
    return gallery(_held_out(), patience)


def refresh(session: Session) -> tuple[Any, ...]:
    """(gallery, source) when the page opens, in case better pictures have arrived since the start."""
    newest = offered(patience=0)
    if newest.names == session.gallery.names:
        return skip(), skip()
    shown = session.picked if session.finished else None
    session.gallery, session.index = newest, 0
    if shown and shown.name not in newest.names:  # the page opens with a run of it
        session.own = shown
    return gr.Gallery(_pairs(newest), selected_index=selected(session)), _source(newest)


def turn(session: Session, kind: str) -> tuple[Any, ...]:
    """(gallery, source, upload) for another subject: its first picture is chosen, the upload emptied."""
    session.gallery = offered(patience=0) if kind == next(iter(SUBJECTS)) else drawn_gallery(kind=kind)
    session.index, session.own = 0, None
    return gr.Gallery(_pairs(session.gallery), selected_index=0), _source(session.gallery), None


def selected(session: Session) -> int | None:
    """The place in the gallery of the picture that is worked on."""
    return None if session.own else session.index


def choose(session: Session, event: gr.SelectData) -> None:
    """A picture of the gallery was chosen: None empties the upload."""
    session.index, session.own = event.index, None


def bring(session: Session, path: str | None) -> tuple[Any, ...]:
    """(upload, gallery): an image was uploaded, pasted or removed; one that cannot be read is taken away.

    The gallery frames the image that is worked on, and none while that is the user's own.
    """
    session.own, taken = None, None
    if path is not None:
        try:
            session.own, taken = Picked.of_file(Path(path)), path
        except Refusal as refusal:
            gr.Warning(as_text(str(refusal)))
    return taken, gr.Gallery(selected_index=selected(session))


def find(session: Session, key: str | None) -> None:
    """Choose the picture that a link names; None leaves the choice. Raises Refusal where it is not here."""
    session.awaits = None
    if key is None or (session.own and session.own.key == key):
        return
    names = session.gallery.names
    if key in names:
        session.index, session.own = names.index(key), None
    elif drawn := drawn_picture(key):
        session.own = Picked(key, drawn)
    elif re.fullmatch("[0-9a-f]{64}", key):
        session.awaits = key
        raise Refusal(
            "This link is for a picture of someone's own: choose that very file as yours, and the run starts."
        )
    else:
        raise Refusal(f"There is no picture “{key}” here: pick one of the gallery, or upload it.")


def _held_out() -> tuple[str, ...]:
    for name in checkpoints.available():
        try:
            return tuple(checkpoints.record(name).get("held_out", ()))
        except Refusal:
            continue
    return ()


def _pairs(offered: Gallery) -> list[tuple[Any, ...]]:
    return list(zip(offered.pictures, offered.names, strict=True))


def _source(offered: Gallery) -> str:
    return f'<p class="note">{escape(offered.label)}</p>'
