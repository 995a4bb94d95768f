"""Gradio's Blocks, whose every answer to a request that cannot be met is a sentence."""

from typing import Any

import anyio
import gradio as gr
from gradio.exceptions import InvalidPathError
from gradio_client.utils import is_file_obj_with_meta, traverse
from pydantic import ValidationError

from lowlight_ddpm.ui.api.inline import check_address, no_image, uploaded
from lowlight_ddpm.ui.api.requests import by_name, check
from lowlight_ddpm.ui.api.table import ENDPOINTS
from lowlight_ddpm.ui.components.widgets import ImageUpload
from lowlight_ddpm.ui.messages import refusals_shown

FAILED = "That has failed for a reason that only the server's log tells: please tell whoever runs it."


class Page(gr.Blocks):
    """Blocks that take an image as text under the limit of an upload, and fetch no address.

    Gradio downloads any that a request gives a component as its file, does not check the path of a file that
    does not say that it is one, and answers whatever it did not foresee with an error without a text.
    """

    async def preprocess_data(self, block_fn, inputs, *rest, **options) -> list[Any]:
        """As Gradio's own, of inputs whose images are uploads."""
        with refusals_shown():
            if block_fn.api_name in ENDPOINTS:
                check(block_fn.api_name, by_name(block_fn.api_name, inputs))
            most = getattr(self, "max_file_size", None)
            inputs = [
                await anyio.to_thread.run_sync(uploaded, given, str(block.label), most)
                if isinstance(block, ImageUpload)
                else given
                for block, given in zip(block_fn.inputs, inputs, strict=False)
            ]
            traverse(inputs, _check_file, is_file_obj_with_meta)
            try:
                return await super().preprocess_data(block_fn, inputs, *rest, **options)
            except (InvalidPathError, ValidationError):
                raise no_image("file") from None

    async def process_api(self, *request, **options) -> Any:
        """As Gradio's own; what no one foresaw is told in a sentence, and logged in full."""
        try:
            return await super().process_api(*request, **options)
        except gr.Error:
            raise
        except Exception as error:
            raise gr.Error(FAILED) from error


def _check_file(file: dict[str, Any]) -> dict[str, Any]:
    check_address(file["path"])
    return file
