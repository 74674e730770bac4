from __future__ import annotations

import asyncio
import socket
import threading

import pytest

from gateway.fetch import names
from gateway.fetch.names import MOST_LOOKUPS, NameResolver


async def test_address_of_this_host_is_found() -> None:
    found = await NameResolver().resolve("127.0.0.1", 8443)
    assert [(answer["host"], answer["port"], answer["family"]) for answer in found] == [
        ("127.0.0.1", 8443, socket.AF_INET)
    ]


@pytest.mark.parametrize("name", ["", "a" * 64, "x" * 64 + ".example.org", "..", "\udcff"])
async def test_what_is_no_name_is_an_os_error(name: str) -> None:
    with pytest.raises(OSError):  # noqa: PT011 - the one class the connector handles
        await NameResolver().resolve(name, 443, socket.AF_INET6)


async def test_hanging_look_ups_are_bounded_and_hold_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def hang(*_: object, **__: object) -> list[object]:
        released.wait(60)
        return []

    monkeypatch.setattr(names.socket, "getaddrinfo", hang)
    resolver = NameResolver()
    waiting = [asyncio.create_task(resolver.resolve("dead.example.org")) for _ in range(MOST_LOOKUPS)]
    await asyncio.sleep(0)
    with pytest.raises(OSError, match="too many"):
        await resolver.resolve("one-more.example.org")
    waiting[0].cancel()
    released.set()
    assert await asyncio.gather(*waiting[1:]) == [[]] * (MOST_LOOKUPS - 1)
    assert await resolver.resolve("again.example.org") == []
