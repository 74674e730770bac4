"""Sending the calls of a replay to the gateway, each at its moment, and hearing what becomes of them.

A call is asked about by `POST /v1/verdicts`; one that is signed is signed first, by the carrier itself. One
that is put through ends as the scenario says, which is told by `POST /v1/call-events` within a second; its
called person may complain by `POST /v1/reports`.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import aiohttp

from bench.replay import callers
from bench.replay.gateway import Gateway
from bench.replay.scenario import Arrival

CONNECTIONS = 32
TELL_SECONDS = 0.5
COMPLAIN_SECONDS = 5.0
"""After the call; in life it takes longer, and is compressed as calls' durations are."""
GRIEVANCES_A_SECOND = 2.0
"""Complaints that are made up about the rival."""
LATE_SECONDS = 1.0
NDJSON = {"Content-Type": "application/x-ndjson"}


@dataclass(slots=True)
class Tally:
    """What became of one campaign's calls."""

    calls: int = 0
    actions: Counter[str] = field(default_factory=Counter)
    withheld: int = 0
    """Calls put through without their number, among `allow`."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Of what decided."""


@dataclass(slots=True)
class Heard:
    """Everything a replay heard."""

    tallies: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    errors: Counter[str] = field(default_factory=Counter)
    late: int = 0
    """Calls that could not be sent within a second of their moment."""
    complaints: Counter[str] = field(default_factory=Counter)
    milliseconds: list[float] = field(default_factory=list)
    seconds: float = 0.0


class Driver:
    """One replay."""

    def __init__(self, gateway: Gateway, session: aiohttp.ClientSession) -> None:
        self.heard = Heard()
        self._gateway = gateway
        self._session = session
        self._events: list[dict[str, object]] = []
        self._reports: list[tuple[float, dict[str, object]]] = []

    async def run(
        self, arrivals: Iterable[Arrival], *, seconds: float, progress: Callable[[float, int], None]
    ) -> Heard:
        """Send everything; `progress` hears how many seconds and calls are done."""
        calls: set[asyncio.Task[None]] = set()
        telling = [
            asyncio.create_task(self._tell()),
            asyncio.create_task(self._complain_of_the_rival(seconds)),
        ]
        began = time.monotonic()
        for count, arrival in enumerate(arrivals, 1):
            wait = began + arrival.at - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            self.heard.late += -wait > LATE_SECONDS
            task = asyncio.create_task(self._call(arrival))
            calls.add(task)
            task.add_done_callback(calls.discard)
            if count % 20 == 0:
                progress(min(arrival.at, seconds), count)
        await asyncio.gather(*calls)
        self.heard.seconds = time.monotonic() - began
        for task in telling:
            task.cancel()
        await asyncio.gather(*telling, return_exceptions=True)
        await self._tell_now()
        return self.heard

    async def _call(self, arrival: Arrival) -> None:
        call_id = uuid.uuid4().hex
        now = int(time.time())
        call: dict[str, object] = {
            "id": call_id, "from": {"tn": arrival.shown}, "to": {"tn": [arrival.called]}, "time": now,
            "trunk": arrival.trunk, "roaming": arrival.roaming,
        }  # fmt: skip
        if arrival.is_signed:
            call["identity"] = [await self._sign(arrival, now)]
        began = time.perf_counter()
        answer = await self._post(self._gateway.calls, "/v1/verdicts", json.dumps({"call": call}))
        if answer is None:
            return
        self.heard.milliseconds.append((time.perf_counter() - began) * 1000)
        verdict = answer["verdict"]
        tally = self.heard.tallies[arrival.campaign]
        tally.calls += 1
        tally.actions[verdict["action"]] += 1
        tally.withheld += verdict["action"] == "allow" and verdict["display"]["cli"] == "withhold"
        deciding = next((each["code"] for each in verdict["reasons"] if each["effect"] != "none"), None)
        if deciding is not None:
            tally.reasons[deciding] += 1
        if verdict["action"] == "block":
            return
        ending = arrival.ending
        self._events.append(
            {"call_id": call_id, "time": now, "from": arrival.shown, "to": arrival.called,
             "trunk": arrival.trunk, "answered": ending.answered,
             "duration_seconds": round(ending.seconds, 1), "cause": ending.cause}
        )  # fmt: skip
        if arrival.is_complained_of:
            complaint = {"from": arrival.shown, "to": arrival.called, "time": now}
            self._reports.append((time.monotonic() + COMPLAIN_SECONDS, complaint))

    async def _sign(self, arrival: Arrival, now: int) -> str:
        body = {
            "signingRequest": {
                "attest": "A", "orig": {"tn": arrival.shown}, "dest": {"tn": [arrival.called]}, "iat": now,
                "origid": str(uuid.uuid4()),
            }
        }  # fmt: skip
        prefix = "" if arrival.trunk == "access-1" else f"/{arrival.trunk}"
        answer = await self._post(self._gateway.calls, f"{prefix}/stir/v1/signing", json.dumps(body))
        return "" if answer is None else str(answer["signingResponse"]["identity"])

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(TELL_SECONDS)
            await self._tell_now()

    async def _tell_now(self) -> None:
        while self._events:
            some, self._events = self._events[:500], self._events[500:]
            await self._post(self._gateway.calls, "/v1/call-events", _lines(some), headers=NDJSON)
        now = time.monotonic()
        due = [complaint for at, complaint in self._reports if at <= now]
        self._reports = [each for each in self._reports if each[0] > now]
        if due:
            await self._report(due, self._gateway.reporter, "called people")

    async def _complain_of_the_rival(self, seconds: float) -> None:
        """Complaints about calls that never were, each in another called number's name."""
        count = 0
        for _ in range(int(seconds)):
            await asyncio.sleep(1)
            lines = []
            for _ in range(int(GRIEVANCES_A_SECOND)):
                called = callers.OWN_MOBILES[count % 1000]
                lines.append({"from": callers.RIVAL, "to": called, "time": int(time.time()), "label": "scam"})
                count += 1
            await self._report(lines, self._gateway.griefer, "griefer")

    async def _report(self, reports: list[dict[str, object]], token: str, who: str) -> None:
        headers = NDJSON | {"Authorization": f"Bearer {token}"}
        answer = await self._post(self._gateway.control, "/v1/reports", _lines(reports), headers=headers)
        if answer is not None:
            self.heard.complaints[f"{who}: made"] += answer["accepted"]
            self.heard.complaints[f"{who}: matched to a call"] += answer["matched"]

    async def _post(
        self, base: str, path: str, body: str, *, headers: dict[str, str] | None = None
    ) -> dict[str, object] | None:
        sent = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {self._gateway.token}",
            **(headers or {}),
        }
        try:
            async with self._session.post(base + path, data=body.encode(), headers=sent) as response:
                if response.status >= 300:
                    self.heard.errors[f"{path}: {response.status}"] += 1
                    return None
                return await response.json()  # type: ignore[no-any-return]
        except (aiohttp.ClientError, TimeoutError) as error:
            self.heard.errors[f"{path}: {type(error).__name__}"] += 1
            return None


def _lines(values: list[dict[str, object]]) -> str:
    return "\n".join(map(json.dumps, values))


async def drive(
    gateway: Gateway, arrivals: Iterable[Arrival], *, seconds: float, progress: Callable[[float, int], None]
) -> Heard:
    """Run one replay against a gateway that is ready."""
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=10)) as session:
        return await Driver(gateway, session).run(arrivals, seconds=seconds, progress=progress)
