"""A worker with a real aiohttp server behind the channel, and nothing else."""

from __future__ import annotations

import asyncio
import os
import sys

from aiohttp import web

from gateway.channel import Channel
from gateway.worker_end import WorkerEnd


class ToyWorker:
    """Answers its pid; refuses or ignores generations when its environment says so."""

    def __init__(self) -> None:
        self.slot = os.environ["CALLMARK_WORKER_SLOT"]
        self.to_close = 0.0
        self.ready = True

    async def answer(self, request: web.Request) -> web.Response:
        if request.path == "/readyz":
            return web.Response(status=200 if self.ready else 503)
        await asyncio.sleep(float(request.query.get("seconds", "0")))
        return web.Response(text=str(os.getpid()))

    async def on_response(self, _: web.Request, response: web.StreamResponse) -> None:
        if self.to_close > 0:
            self.to_close -= 1
            response.force_close()
            # aiohttp has written its headers before this hook: without the header the client is not warned.
            response.headers["Connection"] = "close"

    async def main(self) -> None:
        channel = Channel.from_environment()
        application = web.Application()
        application.router.add_get("/{any:.*}", self.answer)
        application.on_response_prepare.append(self.on_response)
        runner = web.AppRunner(application, access_log=None, handle_signals=False)
        await runner.setup()
        server = runner.server
        assert server is not None
        end = WorkerEnd(
            channel,
            protocol_factory=server,
            open_connections=lambda: len(server.connections),
            connection_limit=int(os.environ.get("TOY_LIMIT", "1000")),
        )
        await channel.send({"type": "ready", "hash": "first"})
        async for received in end.messages():
            match received.kind:
                case "generation" if self.slot in os.environ.get("TOY_HANGS", ""):
                    pass
                case "generation" if self.slot in os.environ.get("TOY_REFUSES", ""):
                    why = "trunks.toml, line 3: no such profile"
                    await channel.send({"type": "refused", "hash": received.text("hash"), "why": why})
                case "generation":
                    await channel.send({"type": "confirmed", "hash": received.text("hash")})
                case "shed":
                    self.to_close += received.number("count")
                case "notice":
                    self.ready = False
                case "drain":
                    await self.drain(server, float(received.message["seconds"]))
                    await runner.cleanup()
                    return

    async def drain(self, server: web.Server, seconds: float) -> None:
        """Each client learns with its next answer that the connection ends; idle ones end at half time."""
        self.to_close = float("inf")
        loop = asyncio.get_running_loop()
        start = loop.time()
        # What is waited for is aiohttp's list of connections, which has no event.
        while server.connections and loop.time() < start + min(0.5, seconds / 2):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        server.pre_shutdown()
        await server.shutdown(max(0.1, seconds - (loop.time() - start)))


if __name__ == "__main__":
    if "TOY_FAILS" in os.environ:
        sys.exit(int(os.environ["TOY_FAILS"]))
    asyncio.run(ToyWorker().main())
