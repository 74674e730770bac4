"""Bytes that are not HTTP, in the log: one line each, and nothing of what was sent.

aiohttp answers them itself (400, and the connection is closed) and logs a traceback that repeats the
offending header, a stranger's text and perhaps a token. Here it becomes one event of our own log.
"""

from __future__ import annotations

import logging
from typing import Final

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

_log = structlog.get_logger("callmark.http")


class _OneLine(logging.Handler):
    """Turns aiohttp's records into events."""

    def emit(self, record: logging.LogRecord) -> None:
        """Tell a client's mistake from our own failure, and log either."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, HttpProcessingError | web.RequestPayloadError):
            _log.info("malformed request", problem=type(error).__name__)
        else:
            _log.error("connection failed", exc_info=error)


def _server_logger() -> logging.Logger:
    logger = logging.getLogger("callmark.http")
    logger.handlers = [_OneLine(logging.ERROR)]
    logger.setLevel(logging.ERROR)
    logger.propagate = False
    return logger


SERVER_LOGGER: Final = _server_logger()
"""For `logger` of aiohttp's servers."""
