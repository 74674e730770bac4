"""A connection of the call plane handles what aiohttp's own does, with less between the requests."""

from __future__ import annotations

import asyncio
import sys

import pytest
from aiohttp import ClientSession, web

from gateway.web.connections import Connections, answer_in_place
from gateway.web.json_answer import JsonAnswer


@pytest.fixture
async def in_place():
    loop = asyncio.get_running_loop()
    answer_in_place(loop)
    yield loop
    loop.set_task_factory(None)


async def answered(tasks: list[asyncio.Task]) -> str:
    """What a server answers whose handler notes the task it runs in."""

    async def handle(request: web.Request) -> web.Response:
        tasks.append(asyncio.current_task())
        later = asyncio.create_task(asyncio.sleep(0, "another task"))
        assert isinstance(later, asyncio.Task)
        return web.Response(text=await later)

    application = web.Application()
    application.router.add_get("/", handle)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        async with ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{runner.addresses[0][1]}/") as answer:
                await answer.read()
            async with session.get(f"http://127.0.0.1:{runner.addresses[0][1]}/") as answer:
                return await answer.text()
    finally:
        await runner.cleanup()


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="from 3.12 on aiohttp starts such tasks eagerly")
async def test_the_requests_of_a_connection_share_its_task(in_place):
    tasks: list[asyncio.Task] = []
    assert await answered(tasks) == "another task"
    assert tasks[0] is tasks[1]


async def test_requests_are_answered_where_the_library_names_its_method_otherwise(monkeypatch):
    loop = asyncio.get_running_loop()
    with monkeypatch.context() as patch:
        patch.delattr(web.RequestHandler, "_handle_request")
        answer_in_place(loop)
    assert loop.get_task_factory() is None
    assert await answered([]) == "another task"


@pytest.mark.parametrize("size", [0, 1000, 900_000])
async def test_bodies_of_any_size_come_whole_and_requests_behind_them_too(size):
    async def handle(request: web.BaseRequest) -> web.Response:
        # A body larger than what aiohttp holds pauses the reading, and it goes on while it is read.
        await asyncio.sleep(0.05)
        return web.Response(text=str(len(await request.read())))

    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connections(handle, access_log=None), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        request = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size
        # Sent without waiting for the answers in between.
        writer.write(3 * request)
        received = b""
        while received.count(b"HTTP/1.1 200 OK") < 3 or not received.endswith(b"%d" % size):
            received += await asyncio.wait_for(reader.read(65536), 20)
        writer.close()
    assert received.count(b"\r\n\r\n%d" % size) == 3


@pytest.mark.parametrize(
    ("packets", "answers"),
    [
        ((b"GET", b"GET GET CLOSE"), (b"\r\n\r\n1", b"\r\n\r\n2", b"\r\n\r\n3", b"\r\n\r\n4")),
        ((b"GET GET", b"BROKEN"), (b"\r\n\r\n1", b"\r\n\r\n2", b"400 Bad Request")),
    ],
)
async def test_answers_of_one_connection_stand_in_the_order_of_its_requests(packets, answers):
    answered = 0

    async def handle(_: web.BaseRequest) -> web.StreamResponse:
        nonlocal answered
        answered += 1
        return JsonAnswer(str(answered).encode(), status=200, headers={})

    requests = {
        b"GET": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CLOSE": b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"BROKEN": b"nonsense\r\n\r\n",
    }
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connections(handle, access_log=None), "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
        for packet in packets:
            told = answered + packet.count(b"GET")
            writer.write(b"".join(requests[name] for name in packet.split()))
            while answered < told:  # noqa: ASYNC110 - a handler counts
                await asyncio.sleep(0.001)
        received = await asyncio.wait_for(reader.read(), 60)
        writer.close()
    places = [received.find(answer) for answer in answers]
    assert places == sorted(places)
    assert min(places) > 0
