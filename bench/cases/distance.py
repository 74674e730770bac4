"""A TCP connection to somewhere that is milliseconds away, on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
from collections.abc import Iterator

from bench.measure import LOAD_CORE
from bench.processes import answers, free_port, pin


@contextlib.contextmanager
def at_distance(port: int, *, milliseconds: float) -> Iterator[int]:
    """A port that leads to `port`; each reply comes so much later than it was sent."""
    near = free_port()
    arguments = (near, port, milliseconds / 1000)
    process = multiprocessing.get_context("fork").Process(target=_run, args=arguments, daemon=True)
    process.start()
    try:
        while not answers(near):
            pass
        yield near
    finally:
        process.kill()
        process.join()


def _run(near: int, far: int, seconds: float) -> None:
    pin(0, {LOAD_CORE})
    asyncio.run(_serve(near, far, seconds))


async def _serve(near: int, far: int, seconds: float) -> None:
    loop = asyncio.get_running_loop()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", far)

        async def replies() -> None:
            while data := await far_reader.read(65_536):
                # Timers of one length fire in the order they were set.
                loop.call_later(seconds, writer.write, data)

        back = asyncio.create_task(replies())
        try:
            while data := await reader.read(65_536):
                far_writer.write(data)
        except OSError:
            pass
        finally:
            back.cancel()
            far_writer.close()
            writer.close()

    async with await asyncio.start_server(connected, "127.0.0.1", near) as server:
        await server.serve_forever()
