"""A way to the gateway that delivers every answer late, as a full link or a swapping machine does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def delaying(port: int, *, seconds: float) -> Iterator[int]:
    """A port of its own whose connections lead to `port`; what comes back comes `seconds` later."""
    started: list[int] = []
    is_up = threading.Event()
    loop = asyncio.new_event_loop()
    ended = asyncio.Event()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, wait: float) -> None:
        try:
            while data := await reader.read(65_536):
                await asyncio.sleep(wait)
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(carry(reader, onward_writer, 0.0), carry(onward_reader, writer, seconds))

    async def serve() -> None:
        async with await asyncio.start_server(connected, "127.0.0.1", 0) as server:
            started.append(server.sockets[0].getsockname()[1])
            is_up.set()
            await ended.wait()
            # Connections still open end when the switch, which is gone by now, has closed them.
            others = asyncio.all_tasks() - {asyncio.current_task()}
            await asyncio.wait(others, timeout=2) if others else None

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert is_up.wait(60)
        yield started[0]
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(60)
        loop.close()
