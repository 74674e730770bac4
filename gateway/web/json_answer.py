"""A JSON answer written in one piece: what a call's answer needs of HTTP, and no more.

aiohttp's own Response serves every case (compression, chunks, HTTP/1.0, payloads) and costs a tenth of the
road of a call to do it. This one is given to it in that Response's place for the ordinary case, HTTP/1.1
with a whole body; for any other it leaves the work to that Response.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from aiohttp import HttpVersion11, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.helpers import rfc822_formatted_time

from gateway.web.connections import Connection
from gateway.web.server_name import SERVER

_LINES: Final = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}


class JsonAnswer(web.StreamResponse):
    """`headers` are ours: names and values that hold no line end."""

    def __init__(self, body: bytes, *, status: int, headers: Mapping[str, str]) -> None:
        # Not aiohttp's own: the mapping, headers and phrase it makes are a fortieth of what a signature
        # costs, and nobody asks this answer for them.
        self._status = status
        self._whole_body = body
        self._given_headers = headers

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Write everything, where everything is ordinary."""
        connection, transport = request.protocol, request.transport
        if request.version != HttpVersion11 or request.method == "HEAD" or transport is None:
            return await self._prepare_any(request)
        if self._keep_alive is None:
            self._keep_alive = request.keep_alive
        lines = "" if self._keep_alive else "Connection: close\r\n"
        for name, value in self._given_headers.items():
            lines += f"{name}: {value}\r\n"
        body = self._whole_body
        head = (
            f"{_LINES[self._status]}{lines}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            f"Date: {rfc822_formatted_time()}\r\nServer: {SERVER}\r\n\r\n"
        )
        data = head.encode("ascii") + body
        if self._keep_alive and isinstance(connection, Connection):
            connection.write_soon(data)
        else:
            transport.write(data)
        self._eof_sent = True
        if connection.writing_paused:
            await request.writer.drain()
        return None

    async def _prepare_any(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        response = web.Response(
            body=self._whole_body,
            status=self.status,
            headers=self._given_headers,
            content_type="application/json",
        )
        if self._keep_alive is False:
            response.force_close()
        writer = await response.prepare(request)
        await response.write_eof()
        self._keep_alive, self._eof_sent = response.keep_alive, True
        return writer
