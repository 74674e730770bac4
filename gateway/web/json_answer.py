"""A JSON answer written in one piece: what a call's answer needs of HTTP, and no more.

aiohttp's own Response serves every case (compression, chunks, HTTP/1.0, payloads) and costs a tenth of the
road of a call to do it. This one is given to it in that Response's place for the ordinary case, HTTP/1.1
with a whole body; for any other it leaves the work to the parent class.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from aiohttp import HttpVersion11, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.helpers import rfc822_formatted_time

from gateway.web.server_name import SERVER

_LINES: Final = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}


class JsonAnswer(web.Response):
    """`headers` are ours: names and values that hold no line end."""

    def __init__(self, body: bytes, *, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(body=body, status=status)
        self._whole_body = body
        self._lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Write everything, where everything is ordinary."""
        transport = request.transport
        if request.version != HttpVersion11 or request.method == "HEAD" or transport is None:
            for line in self._lines.splitlines():
                name, _, value = line.partition(": ")
                self.headers[name] = value
            return await super().prepare(request)
        if self._keep_alive is None:
            self._keep_alive = request.keep_alive
        closes = "" if self._keep_alive else "Connection: close\r\n"
        head = (
            f"{_LINES[self.status]}{self._lines}{closes}Content-Type: application/json\r\n"
            f"Content-Length: {len(self._whole_body)}\r\nDate: {rfc822_formatted_time()}\r\n"
            f"Server: {SERVER}\r\n\r\n"
        )
        transport.write(head.encode("ascii") + self._whole_body)
        self._eof_sent = True
        await request.writer.drain()
        return None
