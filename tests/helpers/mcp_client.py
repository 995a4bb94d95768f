"""A language model's client, as tests that call the page's tools have it."""

import asyncio
from concurrent.futures import ThreadPoolExecutor


def mcp_session(page, use):
    """What `use` makes of a session of the protocol's own client."""
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    async def talk():
        async with (
            streamablehttp_client(f"{page.local_url}gradio_api/mcp/") as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            return await use(session)

    # In a thread of its own: playwright leaves a running loop in this one when its tests come first.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, talk()).result()


def called(page, name, *, progress=None, **arguments):
    """What the page's tool of this name answers; the client holds it to what the list of tools says."""

    async def call(session):
        await session.list_tools()
        return await session.call_tool(name, arguments, progress_callback=progress)

    return mcp_session(page, call)
