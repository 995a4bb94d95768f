"""Images within a request: base64 and data URLs become uploads; an address is refused, never fetched."""

import binascii
from base64 import b64decode
from typing import Any
from urllib.parse import unquote_to_bytes

import anyio
import gradio as gr
from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder
from gradio_client.utils import is_file_obj_with_meta, is_http_url_like, traverse

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.ui.components.widgets import ImageUpload
from lowlight_ddpm.ui.messages import refusals_shown

FORMS = "upload the file, or send it as base64 or as a data URL"
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_META = {"_type": "gradio.FileData"}


class ImageInput(ImageUpload):
    """ImageUpload as programs see it."""

    def api_info(self) -> dict[str, Any]:
        """Text: of what is described as a file, MCP clients send an address, and no text."""
        return {"type": "string", "additional_description": f"an image: {FORMS}"}

    def example_payload(self) -> dict[str, Any]:
        """A file beside the program, where Gradio would have an address."""
        return {"path": "photo.jpg", "url": "photo.jpg", "meta": _META}


class Page(gr.Blocks):
    """Blocks that take an image as text under the limit of an upload, and fetch no address.

    Gradio downloads any that a request gives a component as its file, and does not check the path of a file
    that does not say that it is one.
    """

    async def preprocess_data(self, block_fn, inputs, *rest, **options) -> list[Any]:
        """As Gradio's own, of inputs whose images are uploads."""
        with refusals_shown():
            inputs = [
                await anyio.to_thread.run_sync(self._uploaded, given, str(block.label))
                if isinstance(block, ImageUpload)
                else given
                for block, given in zip(block_fn.inputs, inputs, strict=False)
            ]
            traverse(inputs, _check_file, is_file_obj_with_meta)
        return await super().preprocess_data(block_fn, inputs, *rest, **options)

    def _uploaded(self, given: Any, name: str) -> Any:
        """An image as the upload that it is or might have been; None for none."""
        if given is None or given == "":
            return None
        text = (given.get("path") or given.get("url")) if isinstance(given, dict) else given
        if not isinstance(text, str):
            raise Refusal(f"The {name} is no image: {FORMS}.")
        _check_address(text)
        if isinstance(given, dict) and not _is_data_url(text):
            return given | {"meta": _META}  # so that Gradio looks whether it is an upload
        content, most = decoded(text, name), getattr(self, "max_file_size", None)
        if most is not None and len(content) > most:
            size = f"{len(content) / 2**20:.1f} MB, and an upload may have {most / 2**20:g} MB"
            raise Refusal(f"The {name} has {size}: send a smaller file.")
        return {"path": save_bytes_to_cache(content, f"{name}.bin", get_upload_folder()), "meta": _META}


def decoded(text: str, name: str) -> bytes:
    """The bytes of base64, of either alphabet and with or without line breaks and padding, or of a data URL.

    Raises Refusal, which calls it `name`, for what is neither.
    """
    data = text.encode("ascii", "replace")
    if _is_data_url(text):
        head, _, data = data.partition(b",")
        data = unquote_to_bytes(data)
        if not head.lower().endswith(b";base64"):
            return data
    data = b"".join(data.split()).rstrip(b"=").translate(_URL_SAFE)
    try:
        return b64decode(data + b"=" * (-len(data) % 4), validate=True)
    except binascii.Error as error:
        raise Refusal(f"The {name} is neither base64 nor a data URL, or is cut off: {FORMS}.") from error


def _is_data_url(text: str) -> bool:
    return text[:5].lower() == "data:"


def _check_file(file: dict[str, Any]) -> dict[str, Any]:
    _check_address(file["path"])
    return file


def _check_address(text: str) -> None:
    if is_http_url_like(text):
        raise Refusal(f"No address is fetched here: {FORMS}.")
