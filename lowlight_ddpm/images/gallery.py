"""The sixteen images that a page offers, from wherever they can be had without making anyone wait."""

from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from itertools import islice
from threading import Thread

from PIL import Image

from lowlight_ddpm import environment
from lowlight_ddpm.errors import Refusal, encodable
from lowlight_ddpm.images.sources import HELD_OUT, POST_DATASET, SYNTHETIC, Source, open_source

# The kinds of SYNTHETIC that a page offers, and what each shows: "Butterflies" for "drawn butterflies".
SUBJECTS = {kind: SYNTHETIC[kind][0].removeprefix("drawn ").capitalize() for kind in ("drawn", "fruit")}
PATIENCE = 1.0  # seconds that a page may wait for images before it shows synthetic ones


@dataclass(frozen=True)
class Gallery:
    """Up to 16 RGB images with their names; `label` is one sentence on where they come from."""

    label: str
    pictures: list[Image.Image]
    names: list[str]


def gallery(held_out: tuple[str, ...] = (), patience: float = PATIENCE) -> Gallery:
    """The images to choose from: those of LOWLIGHT_IMAGES, else the post's data set, else synthetic ones.

    LOWLIGHT_IMAGES is what `open_source` opens. Of a folder, the images named in `held_out` are preferred;
    a streamed set gives its first 16. What cannot be had within `patience` seconds is replaced by
    synthetic butterflies, and the label says why; a later call shows it once it is there. Never raises.
    """
    spec = environment.value("LOWLIGHT_IMAGES") or (None if _offline() else f"hub:{POST_DATASET}")
    if spec is None:
        return drawn_gallery()
    try:
        return _opening(spec, held_out).result(timeout=patience)
    except TimeoutError:
        return drawn_gallery(f"{encodable(spec)} has not answered yet, so these are shown meanwhile")
    except Refusal as refusal:
        _opening.cache_clear()  # the next page asks again
        return drawn_gallery(str(refusal).rstrip("."))


@cache
def drawn_gallery(reason: str = "", kind: str = "drawn") -> Gallery:
    """Images 0 to 15 of a kind that SUBJECTS has; `reason` says why nothing else is shown."""
    pictures = dict(open_source(kind))
    label = f"{SUBJECTS[kind]} drawn by this project's own code." + (f" ({reason}.)" if reason else "")
    return Gallery(label, list(pictures.values()), list(pictures))


def _offline() -> bool:
    return bool(environment.value("HF_HUB_OFFLINE"))


@cache
def _opening(spec: str, held_out: tuple[str, ...]) -> Future[Gallery]:
    """Open a source in a thread that neither a page nor the end of the process waits for."""
    future: Future[Gallery] = Future()
    Thread(target=_open, args=(spec, held_out, future), daemon=True).start()
    return future


def _open(spec: str, held_out: tuple[str, ...], future: Future[Gallery]) -> None:
    try:
        source = open_source(spec)
        pictures = dict(islice(_chosen(source, held_out), HELD_OUT))
        future.set_result(Gallery(f"Pictures from {source.label}.", list(pictures.values()), list(pictures)))
    except Exception as error:
        # Whatever a distant server or a foreign file does, the page has images to show.
        refusal = error if isinstance(error, Refusal) else Refusal(f"{spec} cannot be read: {error}")
        future.set_exception(refusal)


def _chosen(source: Source, held_out: tuple[str, ...]) -> Iterator[tuple[str, Image.Image]]:
    """The held-out images of a listed source, if it has any; else all, in order."""
    chosen = source.only(held_out) if isinstance(source.rows, list) else None
    return iter(chosen if chosen and chosen.rows else source)
