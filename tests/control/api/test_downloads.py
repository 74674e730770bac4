"""Long answers, to whoever does not read them."""

from __future__ import annotations

import asyncio
from contextlib import closing

import pytest
from aiohttp import web

from gateway.control.api.downloads import send_whole
from gateway.web.problems import Problem

PIECE = b"x" * 1_000_000
PIECES = 30
"""More than the buffers between two ends of a connection hold."""


async def test_who_does_not_read_holds_nothing_open():
    ended = asyncio.Event()

    async def pieces():
        try:
            for _ in range(PIECES):
                yield PIECE
        finally:
            ended.set()

    async def handle(request):
        return await send_whole(request, pieces(), {"Content-Type": "text/plain"})

    application = web.Application()
    application.router.add_get("/", handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0]
        reader, writer = await asyncio.open_connection(host, port, limit=1_000)
        with closing(writer):
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            async with asyncio.timeout(60):
                await ended.wait()
            # And what was put together is there for whoever reads after all.
            read = 0
            while part := await reader.read(65_536):
                read += len(part)
        assert read > PIECES * len(PIECE)
    finally:
        await runner.cleanup()


async def test_what_cannot_be_put_together_is_told_before_anything_is_sent():
    async def pieces():
        yield b"x"
        raise OSError(28, "No space left on device")

    with pytest.raises(Problem) as raised:
        await send_whole(None, pieces(), {})
    assert (raised.value.status, raised.value.detail) == (503, "No space left on device")
