"""The endpoints as tools for language models: what Gradio's server of them leaves out.

Gradio describes no result and marks no tool as one that changes nothing, gives reports as Python writes them,
encodes images anew (without their colour space) or leaves them out, and words errors as JSON Schema does. It
keeps the rest: the transport, the parameters' schemas, and the client by which a call waits in the queue.
Gradio's version is pinned, since some of what is used of it has no public name.
"""

import json
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
from gradio import processing_utils, route_utils
from gradio_client.utils import is_file_obj_with_meta
from pydantic import TypeAdapter

from lowlight_ddpm import __version__
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.ui.api.requests import check
from lowlight_ddpm.ui.api.table import ENDPOINTS, Endpoint

if TYPE_CHECKING:
    from gradio.mcp import GradioMCPServer
    from gradio.routes import App
    from mcp import types


@asynccontextmanager
async def lifespan(app: "App") -> AsyncIterator[None]:
    """Before the app serves, have its tools served by Tools, if the package mcp is installed."""
    if server := app.get_blocks().mcp_server_obj:
        Tools(server)
    yield


class Tools:
    """Takes the place of the handlers of Gradio's server that list and call tools."""

    def __init__(self, gradio: "GradioMCPServer") -> None:
        from mcp import types

        gradio.mcp_server.version = __version__  # else clients are told that of the package mcp
        self._gradio, self._types, server = gradio, types, gradio.mcp_server
        self._listed = server.request_handlers[types.ListToolsRequest]
        server.list_tools()(self.all)
        server.call_tool(validate_input=False)(self.call)  # `check` has better words

    async def all(self) -> "list[types.Tool]":
        """All tools, with what Gradio leaves out of them."""
        listed: Any = await self._listed(self._types.ListToolsRequest(method="tools/list"))
        return [tool.model_copy(update=self._described(tool)) for tool in listed.root.tools]

    def _described(self, tool: "types.Tool") -> dict[str, Any]:
        endpoint = self._endpoint(tool.name)
        annotations = self._types.ToolAnnotations(
            title=endpoint.title, readOnlyHint=True, destructiveHint=False, openWorldHint=False
        )
        return {
            "title": endpoint.title,
            "annotations": annotations,
            "inputSchema": tool.inputSchema | {"additionalProperties": False},
            "outputSchema": TypeAdapter(endpoint.report).json_schema(),
        }

    def _endpoint(self, tool: str) -> Endpoint:
        names = self._gradio.tool_to_endpoint
        if tool not in names:
            raise Refusal(f"There is no tool “{tool}”: choose one of {', '.join(names)}.")
        return ENDPOINTS[names[tool].lstrip("/")]

    async def call(self, name: str, arguments: dict[str, Any]) -> "types.CallToolResult":
        """The result of an endpoint: its images as they are, its report as JSON. Raises what it refuses."""
        check(self._endpoint(name).name, arguments)
        endpoint, values, headers, _ = self._gradio._prepare_tool_call_args(name, arguments)
        client = await anyio.to_thread.run_sync(self._gradio._get_or_create_client)
        answered = await self._answered(client.submit(*values, api_name=endpoint, headers=headers))
        *pictures, report = processing_utils.add_root_url(answered, self._root_url(), None)
        return self._types.CallToolResult(
            content=[
                *(content for picture in _files(pictures) for content in self._shown(picture)),
                self._types.TextContent(type="text", text=json.dumps(report, ensure_ascii=False)),
            ],
            structuredContent=report if isinstance(report, dict) else {"result": report},
        )

    async def _answered(self, job: Any) -> list[Any]:
        """The outputs that a call ends with; whoever asked for it is told how it comes along."""
        context = self._gradio.mcp_server.request_context
        token, told, last = context.meta and context.meta.progressToken, 0, None
        async for update in job:
            if update.type == "output":
                last = update
            elif token is not None:
                message = self._gradio._format_progress_message(update)
                await context.session.send_progress_notification(
                    token, told, message=message, related_request_id=str(context.request_id)
                )
                told += 1
        if last is not None and last.success:
            return last.outputs["data"]
        said = last.outputs.get("error") if last is not None else job.exception()
        raise Refusal(str(said))

    def _root_url(self) -> str:
        request: Any = self._gradio.mcp_server.request_context.request
        route = self._gradio.get_route_path(request)
        return route_utils.get_root_url(request=request, route_path=route, root_path=self._gradio.root_path)

    def _shown(self, picture: dict[str, Any]) -> list[Any]:
        """A picture as it was written, and its address."""
        content, path = [], Path(picture["path"])
        if path.is_file():  # it was made by another process where several share the work
            data = b64encode(path.read_bytes()).decode()
            content.append(self._types.ImageContent(type="image", data=data, mimeType="image/png"))
        address = f"Image URL: {picture['url'] or path}"
        return [*content, self._types.TextContent(type="text", text=address)]


def _files(outputs: Any) -> list[dict[str, Any]]:
    """All files of outputs: an image is one, and a gallery is a list of images in captions."""
    if is_file_obj_with_meta(outputs):
        return [outputs]
    nested = outputs.values() if isinstance(outputs, dict) else outputs if isinstance(outputs, list) else ()
    return [file for part in nested for file in _files(part)]
