"""A stranger's certificate host beside a synchronous test: `tests/repository.py` in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.repository import Repository


@contextmanager
def certificate_host(port: int = 0) -> Iterator[Repository]:
    """A running host on 127.0.0.1, known by that address and as `localhost`."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    repository = Repository(port=port)
    try:
        asyncio.run_coroutine_threadsafe(repository.start(), loop).result(60)
        try:
            yield repository
        finally:
            asyncio.run_coroutine_threadsafe(repository.__aexit__(), loop).result(60)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(60)
        loop.close()
