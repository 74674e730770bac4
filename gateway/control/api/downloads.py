"""Answers of any length: whole on the disk before the first byte is sent.

What is sent comes out of a transaction of the record. Whoever reads slowly, or not at all, would hold it
open, and a dozen of them would hold every connection that there is to the record.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Mapping
from typing import Final

from aiohttp import web

from gateway.web.problems import Problem

_PIECE_BYTES: Final = 64 * 1024


async def send_whole(
    request: web.Request, pieces: AsyncIterator[bytes], headers: Mapping[str, str]
) -> web.StreamResponse:
    """Send the pieces as one answer. Raises Problem (503) where there is no room; and as `pieces` does."""
    with tempfile.TemporaryFile() as file:
        try:
            async for piece in pieces:
                file.write(piece)
            file.seek(0)
        except OSError as error:
            raise Problem(
                503, "disk-unavailable", "It cannot be put together.", str(error.strerror)
            ) from error
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        while part := file.read(_PIECE_BYTES):
            await response.write(part)
        await response.write_eof()
    return response
