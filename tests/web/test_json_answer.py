"""A JSON answer is the same whether it is written in one piece or by aiohttp's own Response."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from gateway.web.json_answer import JsonAnswer


async def answered(request: bytes, *, closes: bool = False) -> tuple[str, dict[str, str], bytes]:
    """Status line, headers by lower-case name, and what follows them until the connection is quiet."""

    async def handle(_: web.BaseRequest) -> web.StreamResponse:
        answer = JsonAnswer(b'{"a":1}', status=202, headers={"X-RequestID": "r-1"})
        if closes:
            answer.force_close()
        return answer

    serves = web.Server(handle, access_log=None)
    server = await asyncio.get_running_loop().create_server(serves, "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
        writer.write(request)
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)).decode()
        body = b""
        while True:
            try:
                more = await asyncio.wait_for(reader.read(1000), 0.1)
            except TimeoutError:
                break
            if not more:
                break
            body += more
        writer.close()
    status, *lines = head.strip().split("\r\n")
    return status, {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}, body


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_each_way_of_asking_gets_the_same_headers(version, method):
    status, headers, body = await answered(f"{method} / HTTP/{version}\r\nHost: x\r\n\r\n".encode())
    assert status == f"HTTP/{version} 202 Accepted"
    assert headers["x-requestid"] == "r-1"
    assert headers["content-type"].partition(";")[0] == "application/json"
    assert headers["content-length"] == "7"
    assert body == (b"" if method == "HEAD" else b'{"a":1}')


@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_a_connection_that_is_to_end_says_so(version):
    request = f"GET / HTTP/{version}\r\nHost: x\r\nConnection: keep-alive\r\n\r\n".encode()
    _, headers, body = await answered(request, closes=True)
    assert (headers.get("connection", "close"), body) == ("close", b'{"a":1}')
