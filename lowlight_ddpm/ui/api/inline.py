"""Images within a request: base64 and data URLs become uploads; an address is refused, never fetched."""

import binascii
from base64 import b64decode
from typing import Any
from urllib.parse import unquote_to_bytes

from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder
from gradio_client.utils import is_http_url_like

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.ui.components.widgets import ImageUpload

FORMS = "upload the file, or send it as base64 or as a data URL"
LEAST = 26  # bytes of the smallest image; the letters of a path are base64 of fewer
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


def uploaded(given: Any, name: str, most: int | None) -> dict[str, Any] | None:
    """An image as the upload that it is or might have been, of at most `most` bytes; None for none."""
    if given is None or given == "":
        return None
    text = (given.get("path") or given.get("url")) if isinstance(given, dict) else given
    if not isinstance(text, str):
        raise no_image(name)
    check_address(text)
    if isinstance(given, dict) and not _is_data_url(text):
        return given | {"meta": _META}  # so that Gradio looks whether it is an upload
    content = decoded(text, name)
    if most is not None and len(content) > most:
        size = f"{len(content) / 2**20:.1f} MB, and an upload may have {most / 2**20:g} MB"
        raise Refusal(f"The {name} has {size}: send a smaller file.")
    return {"path": save_bytes_to_cache(content, name, get_upload_folder()), "meta": _META}


def no_image(name: str) -> Refusal:
    """The refusal of what is neither a file that was uploaded nor one of the other forms."""
    return Refusal(f"The {name} is no image that was sent here: {FORMS}.")


def check_address(text: str) -> None:
    """Raise Refusal for an address of another server."""
    if is_http_url_like(text):
        raise Refusal(f"No address is fetched here: {FORMS}.")


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
    refusal = Refusal(f"The {name} is neither base64 nor a data URL, or is cut off: {FORMS}.")
    try:
        content = b64decode(data + b"=" * (-len(data) % 4), validate=True)
    except binascii.Error:
        raise refusal from None
    if len(content) < LEAST:
        raise refusal
    return content


def _is_data_url(text: str) -> bool:
    return text[:5].lower() == "data:"
