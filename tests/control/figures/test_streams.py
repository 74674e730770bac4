from __future__ import annotations

import asyncio
import socket

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from gateway.control.figures import streams as streams_module
from gateway.control.figures.streams import MOST_OF_ONE, Streams
from gateway.web import problems
from gateway.web.problems import Problem


async def client_of(streams: Streams, event: bytes, every_seconds: float = 0.01) -> TestClient:
    async def give() -> bytes:
        return event

    async def handler(request: web.Request) -> web.StreamResponse:
        try:
            return await streams.serve(
                request, give, actor=request.query.get("actor", "person:1"), every_seconds=every_seconds
            )
        except Problem as problem:
            return problems.render(problem, request_id="1")

    application = web.Application()
    application.router.add_get("/", handler)
    client = TestClient(TestServer(application))
    await client.start_server()
    return client


async def eventually(holds) -> None:
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_events_come_whole_again_and_again_until_the_reader_has_to_come_in_anew(monkeypatch):
    monkeypatch.setattr(streams_module, "STREAM_SECONDS", 1.0)
    streams = Streams()
    client = await client_of(streams, b'{"calls":1}')
    async with client, client.get("/") as answer:
        assert answer.content_type == "text/event-stream"
        events = (await answer.read()).decode().split("\n\n")
    assert events[0] == 'retry: 2000\ndata: {"calls":1}'
    assert len(events) > 3
    assert set(events[1:]) == {'data: {"calls":1}', ""}
    assert len(streams) == 0


async def test_more_than_the_bound_are_told_to_come_later():
    streams = Streams(most=2)
    client = await client_of(streams, b"{}")
    async with client:
        opened = [await client.get("/") for _ in range(2)]
        third = await client.get("/")
        assert (third.status, third.headers["Retry-After"]) == (429, "10")
        opened[0].close()
        await eventually(lambda: len(streams) == 1)
        assert (await client.get("/")).status == 200


async def test_one_actor_does_not_take_all_streams_from_the_others():
    streams = Streams()
    client = await client_of(streams, b"{}")
    async with client:
        opened = [await client.get("/") for _ in range(MOST_OF_ONE)]
        assert (await client.get("/")).status == 429
        assert (await client.get("/?actor=token:console")).status == 200
        opened[0].close()
        await eventually(lambda: len(streams) == MOST_OF_ONE)
        assert (await client.get("/")).status == 200


async def test_a_reader_that_does_not_read_is_dropped(monkeypatch):
    monkeypatch.setattr(streams_module, "SLOW_SECONDS", 0.2)
    streams = Streams()
    client = await client_of(streams, b"x" * 1_000_000)
    async with client:
        with socket.socket() as reader:
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.connect((client.host, client.port))
            reader.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await eventually(lambda: len(streams) == 1)
            await eventually(lambda: len(streams) == 0)


async def test_the_end_of_the_process_ends_every_stream():
    streams = Streams()
    client = await client_of(streams, b"{}", every_seconds=1000)
    async with client:
        answer = await client.get("/")
        await eventually(lambda: len(streams) == 1)
        await streams.close()
        assert len(streams) == 0
        answer.close()
