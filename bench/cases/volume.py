"""Very much of it: ten million reputation entries, a million registered numbers."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from bench import lookups, material
from bench.cases.case import Row, Tally, ask, cpu_us, key_of, one_worker
from bench.load import LoadError
from bench.measure import measure
from bench.subjects import Node
from gateway.numbers.canonical import TelephoneNumber
from gateway.numbers.ranges import NumberRange
from gateway.record.engine import open_record, record_path
from gateway.record.owners import insert_owner
from gateway.record.registrations import insert_registrations
from gateway.registry.registration import Brand, Registration, Use
from gateway.registry.states import State

ENTRIES = (10_000, 10_000_000)
GIBIBYTES_FOR_ENTRIES = 4
REGISTERED = (1_000, 1_000_000)
ROUNDS = 7
CALLS = 5_000
OWNERS = 100
AT_ONCE = 5_000


def reputation(_: Path) -> Row:
    """A look-up among ten million entries of reputation, in turn with one among ten thousand."""
    if _available_gibibytes() < GIBIBYTES_FOR_ENTRIES:
        raise LoadError(f"ten million entries need {GIBIBYTES_FOR_ENTRIES} GiB of free memory")
    few, many = lookups.measure(list(ENTRIES), rounds=9)
    ratio = many.microseconds / few.microseconds
    return Row(
        {
            "entries": many.entries,
            "loaded_in_s": round(many.load_seconds),
            "bytes_an_entry": round(many.bytes_an_entry),
            "lookup_us": round(many.microseconds, 1),
            "lookup_us_among_10000": round(few.microseconds, 1),
            "lookup_vs_10000": round(ratio, 3),
        },
        wanted="a look-up at most 1.2 times one among 10,000",
        is_met=ratio <= 1.2,
    )


def registered(directory: Path) -> Row:
    """Verifying and signing calls of a million registered numbers, in turn with a thousand."""
    with contextlib.ExitStack() as running:
        nodes, numbers = [], []
        for count in REGISTERED:
            (directory / f"data-{count}").mkdir(mode=0o700)
            numbers.append(asyncio.run(register(directory / f"data-{count}", count)))
            nodes.append(running.enter_context(one_worker(directory, data=f"data-{count}")))
        _await_registrations(nodes, numbers)
        verified: tuple[list[float], list[float]] = ([], [])
        signed: tuple[list[float], list[float]] = ([], [])
        for place in range(ROUNDS + 1):
            for node, origs, verify, sign in zip(nodes, numbers, verified, signed, strict=True):
                costs = _verify(directory, node, origs), _sign(node, origs)
                if place:  # the first round warms up
                    verify.append(costs[0])
                    sign.append(costs[1])
    ratios = [
        statistics.median(many / few for few, many in zip(*each, strict=True)) for each in (verified, signed)
    ]
    return Row(
        {
            "numbers": REGISTERED[1],
            "verdict_cpu_us": round(statistics.median(verified[1]), 1),
            "verdict_cpu_vs_1000": round(ratios[0], 3),
            "signing_cpu_us": round(statistics.median(signed[1]), 1),
            "signing_cpu_vs_1000": round(ratios[1], 3),
        },
        wanted="as with a thousand (within 5 %)",
        is_met=max(ratios) <= 1.05,
    )


def _verify(directory: Path, node: Node, origs: Sequence[str]) -> float:
    tally = Tally()
    calls = material.calls(CALLS, key=key_of(directory), origs=origs)
    cost = cpu_us(ask(node, calls, tally))
    if tally.said["passed"] != CALLS:
        raise LoadError("a call with a registered number was not verified")
    return cost


def _sign(node: Node, origs: Sequence[str]) -> float:
    requests = [material.signing(call, node.token) for call in material.calls(CALLS, key=None, origs=origs)]
    measured = measure(node.port, requests, material.is_signed, servers=node.workers, others=node.others)
    if not all(material.attest_of(response) == "A" for response in measured.kept):
        raise LoadError("a call with a registered number was not signed with A")
    return cpu_us(measured)


async def register(data: Path, count: int) -> list[str]:
    """Put so many numbers into a new record, verified, as if all their proofs had been given."""
    now = int(time.time())
    # +999 is nobody's: the ITU keeps it.
    step = 10**9 // count
    tns = [f"999{place * step:09d}" for place in range(count)]
    record = await open_record(record_path(data))
    try:
        async with record.write() as transaction:
            owners = [await _owner(transaction, number, now) for number in range(OWNERS)]
            for first in range(0, count, AT_ONCE):
                wanted = [
                    _registration(owners[place % OWNERS], tns[place], now)
                    for place in range(first, min(first + AT_ONCE, count))
                ]
                await insert_registrations(transaction, wanted, now=now)
    finally:
        await record.close()
    return tns


async def _owner(transaction: AsyncConnection, number: int, now: int) -> int:
    name = f"Owner {number}"
    owner = await insert_owner(transaction, name=name, contact="-", created_at=now, created_by="bench")
    return owner.id


def _registration(owner_id: int, tn: str, now: int) -> Registration:
    return Registration(
        id=0,
        owner_id=owner_id,
        numbers=NumberRange(TelephoneNumber(tn)),
        use=Use.CALLING,
        trunks=frozenset({"access-1"}),
        providers=frozenset({"818H"}),
        brand=Brand("Example Bank"),
        state=State.VERIFIED,
        # Far off: what ends soon is looked at again, and here there are no proofs to be found.
        until=now + 300 * 86_400,
    )


def _await_registrations(nodes: Sequence[Node], numbers: Sequence[Sequence[str]]) -> None:
    """Facts are projected at the start; a number of the last ones is signed with A once they are there."""
    for node, origs in zip(nodes, numbers, strict=True):
        until = time.monotonic() + 300
        while True:
            (call,) = material.calls(1, key=None, origs=origs[-1:])
            measured = measure(
                node.port,
                [material.signing(call, node.token)] * 50,
                material.is_signed,
                servers=node.workers,
            )
            if all(material.attest_of(response) == "A" for response in measured.kept):
                break
            if time.monotonic() > until:
                raise LoadError("the registrations did not reach the worker")
            time.sleep(1)


def _available_gibibytes() -> float:
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) / 2**20
    return 0.0
