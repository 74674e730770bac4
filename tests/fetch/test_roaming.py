"""The roaming check against a real server: what it makes of each answer, and how long a call waits for it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from gateway.fetch import roaming
from gateway.fetch.roaming import RoamingCheck, RoamingPolicy
from gateway.numbers.canonical import TelephoneNumber
from gateway.verdicts.call import Roaming

MOBILE = TelephoneNumber("447700900123")
OTHER = TelephoneNumber("447700900124")


class Network:
    """A mobile network's service: what it says of a number, and what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, object] = {}
        self.asked: list[str] = []
        self.authorizations: list[str | None] = []
        self.waits = 0.0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        tn = body["device"]["phoneNumber"]
        assert body == {"device": {"phoneNumber": tn}}
        self.asked.append(tn)
        self.authorizations.append(request.headers.get("Authorization"))
        await asyncio.sleep(self.waits)
        answer = self.answers.get(tn, 404)
        if isinstance(answer, int):
            return web.Response(status=answer, headers={"Location": "/elsewhere"})
        return web.Response(body=answer if isinstance(answer, bytes) else json.dumps(answer).encode())


@asynccontextmanager
async def checking(network: Network, **changes) -> AsyncIterator[RoamingCheck]:
    app = web.Application()
    app.router.add_post("/retrieve", network.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    options = {"timeout_ms": 2000, "cache_seconds": 30, **changes}
    check = RoamingCheck(RoamingPolicy(url=f"http://127.0.0.1:{port}/retrieve", **options))
    try:
        yield check
    finally:
        await check.close()
        await runner.cleanup()


def soon(seconds: float = 10.0) -> float:
    return asyncio.get_running_loop().time() + seconds


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"roaming": True}, Roaming.TRUE),
        ({"roaming": True, "countryCode": 208, "countryName": ["FR"]}, Roaming.TRUE),
        ({"roaming": False, "lastStatusTime": "2026-11-20T08:00:00Z"}, Roaming.FALSE),
        ({"roaming": "true"}, Roaming.UNKNOWN),
        ({"roaming": None}, Roaming.UNKNOWN),
        ({}, Roaming.UNKNOWN),
        ([True], Roaming.UNKNOWN),
        (b"true", Roaming.UNKNOWN),
        (b"<html>", Roaming.UNKNOWN),
        (b"\xff", Roaming.UNKNOWN),
        (b"[" * 100_000, Roaming.UNKNOWN),
        (302, Roaming.UNKNOWN),
        (401, Roaming.UNKNOWN),
        (404, Roaming.UNKNOWN),
        (500, Roaming.UNKNOWN),
        (503, Roaming.UNKNOWN),
    ],
)
async def test_only_a_plain_yes_or_no_is_believed(answer, said):
    network = Network()
    network.answers["+447700900123"] = answer
    async with checking(network) as check:
        assert await check.ask([MOBILE], deadline=soon()) is said
        assert network.asked == ["+447700900123"]


async def test_a_service_that_is_not_there_is_unknown():
    network = Network()
    async with checking(network) as check:
        pass
    check = RoamingCheck(RoamingPolicy(url="http://127.0.0.1:1/none", timeout_ms=2000, cache_seconds=30))
    assert await check.ask([MOBILE], deadline=soon()) is Roaming.UNKNOWN
    await check.close()


@pytest.mark.parametrize(("timeout_ms", "left"), [(50, 10.0), (2000, 0.05), (2000, -1.0)])
async def test_no_call_waits_longer_than_the_bound_or_its_own_deadline(timeout_ms, left):
    network = Network()
    network.answers["+447700900123"] = {"roaming": True}
    network.waits = 1.5
    async with checking(network, timeout_ms=timeout_ms) as check:
        assert await check.ask([MOBILE], deadline=soon(left)) is Roaming.UNKNOWN


async def test_an_answer_that_came_too_late_for_one_call_is_there_for_the_next():
    network = Network()
    network.answers["+447700900123"] = {"roaming": True}
    network.waits = 0.1
    async with checking(network) as check:
        assert await check.ask([MOBILE], deadline=soon(0.01)) is Roaming.UNKNOWN
        assert await check.ask([MOBILE], deadline=soon()) is Roaming.TRUE
        assert network.asked == ["+447700900123"]


async def test_calls_from_one_number_share_one_question_and_its_answer():
    network = Network()
    network.answers["+447700900123"] = {"roaming": False}
    network.waits = 0.05
    async with checking(network) as check:
        said = await asyncio.gather(*(check.ask([MOBILE], deadline=soon()) for _ in range(20)))
        assert set(said) == {Roaming.FALSE}
        assert await check.ask([MOBILE], deadline=soon()) is Roaming.FALSE
        assert len(network.asked) == 1


async def test_an_answer_is_forgotten_after_its_time(monkeypatch):
    network = Network()
    network.answers["+447700900123"] = {"roaming": True}
    async with checking(network, cache_seconds=0.01) as check:
        assert await check.ask([MOBILE], deadline=soon()) is Roaming.TRUE
        await asyncio.sleep(0.02)
        network.answers["+447700900123"] = {"roaming": False}
        assert await check.ask([MOBILE], deadline=soon()) is Roaming.FALSE


async def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr(roaming, "MOST_REMEMBERED", 3)
    network = Network()
    async with checking(network) as check:
        for tail in range(10):
            await check.ask([TelephoneNumber(f"44770090010{tail}")], deadline=soon())
        assert len(check._memory) == 3


async def test_a_service_that_fails_is_left_alone_and_asked_again_later(monkeypatch):
    monkeypatch.setattr(roaming, "REST_SECONDS", 3_600.0)
    network = Network()
    network.answers["+447700900123"] = 503
    async with checking(network) as check:
        assert await check.ask([MOBILE], deadline=soon()) is Roaming.UNKNOWN
        assert await check.ask([OTHER], deadline=soon()) is Roaming.UNKNOWN
        assert network.asked == ["+447700900123"]
        network.answers["+447700900123"] = {"roaming": True}
        check._rests_until = 0.0
        assert await check.ask([MOBILE], deadline=soon()) is Roaming.TRUE


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (True, True, Roaming.TRUE),
        (True, False, Roaming.FALSE),
        (False, None, Roaming.FALSE),
        (True, None, Roaming.UNKNOWN),
    ],
)
async def test_of_two_numbers_both_must_roam(first, second, said):
    network = Network()
    network.answers = {"+447700900123": {"roaming": first}, "+447700900124": {"roaming": second}}
    async with checking(network) as check:
        assert await check.ask([MOBILE, OTHER], deadline=soon()) is said


async def test_the_token_is_sent_and_never_shown():
    network = Network()
    async with checking(network, token="secret-token") as check:
        await check.ask([MOBILE], deadline=soon())
        assert network.authorizations == ["Bearer secret-token"]
        assert "secret-token" not in repr(check._policy)
