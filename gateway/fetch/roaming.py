"""The roaming check: asks the mobile network whether a phone of ours is abroad, while its call waits.

The question and the answer are those of CAMARA's Device Roaming Status (`POST` with
`{"device": {"phoneNumber": "+447700900123"}}`, answered `{"roaming": true}`). The operator names the address,
so it is no stranger's: private addresses are allowed, redirects are not followed.

A call never waits longer than `timeout_ms` or its own deadline. What was answered is remembered for
`cache_seconds`; a service that fails is left alone for a second, and no call waits for it meanwhile. Whatever
is not a plain yes or no is *unknown*: policy then withholds the number.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import aiohttp
import msgspec

from gateway import telemetry
from gateway.fetch.connections import tls_context
from gateway.generation.settings import Settings
from gateway.numbers.canonical import TelephoneNumber, to_e164
from gateway.verdicts.call import Roaming

MOST_AT_ONCE: Final = 100
"""Questions on their way from one worker; further ones are unknown at once."""
MOST_REMEMBERED: Final = 100_000
LONGEST_ANSWER: Final = 16_384
REST_SECONDS: Final = 1.0
UNKNOWN_SECONDS: Final = 5
"""How long a refusal to say (a number the service does not know) is remembered, at most."""


class _Answer(msgspec.Struct):
    roaming: bool


_DECODER: Final = msgspec.json.Decoder(_Answer)


@dataclass(frozen=True, slots=True)
class RoamingPolicy:
    """`[roaming]` of `gateway.toml`."""

    url: str
    timeout_ms: int
    cache_seconds: int
    token: str | None = field(default=None, repr=False)
    tls_ca_file: Path | None = None


class RoamingCheck:
    """One worker's. Made within a running loop; raises ValueError for a CA file without certificates."""

    def __init__(self, policy: RoamingPolicy) -> None:
        self._policy = policy
        self._loop = asyncio.get_running_loop()
        self._rests_until = 0.0
        self._memory: OrderedDict[TelephoneNumber, tuple[float, Roaming]] = OrderedDict()
        self._asked: dict[TelephoneNumber, asyncio.Task[Roaming]] = {}
        tls: ssl.SSLContext | bool = True
        if policy.url.startswith("https:"):
            tls = tls_context(policy.tls_ca_file)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=tls, limit=MOST_AT_ONCE),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={} if policy.token is None else {"Authorization": f"Bearer {policy.token}"},
            timeout=aiohttp.ClientTimeout(total=policy.timeout_ms / 1000),
        )

    async def ask(self, tns: Sequence[TelephoneNumber], *, deadline: float) -> Roaming:
        """Tell whether these numbers of one call roam, by `deadline` (loop time); never raises.

        TRUE when all of them do, FALSE when one is at home.
        """
        said = await asyncio.gather(*(self._ask(tn, deadline) for tn in tns))
        combined = Roaming.UNKNOWN
        if Roaming.FALSE in said:
            combined = Roaming.FALSE
        elif said and all(each is Roaming.TRUE for each in said):
            combined = Roaming.TRUE
        telemetry.ROAMING_CHECKS.labels(combined.value).inc()
        return combined

    async def close(self) -> None:
        """Give up what is on its way."""
        for task in self._asked.values():
            task.cancel()
        await asyncio.gather(*self._asked.values(), return_exceptions=True)
        await self._session.close()

    async def _ask(self, tn: TelephoneNumber, deadline: float) -> Roaming:
        now = self._loop.time()
        remembered = self._memory.get(tn)
        if remembered is not None and now < remembered[0]:
            return remembered[1]
        task = self._asked.get(tn)
        if task is None:
            if now < self._rests_until or len(self._asked) >= MOST_AT_ONCE:
                return Roaming.UNKNOWN
            task = self._asked[tn] = asyncio.create_task(self._fetch(tn))
            task.add_done_callback(lambda _: self._asked.pop(tn, None))
        try:
            async with asyncio.timeout_at(min(deadline, now + self._policy.timeout_ms / 1000)):
                # Shielded: other calls from this number wait for the same answer.
                return await asyncio.shield(task)
        except TimeoutError:
            return Roaming.UNKNOWN

    async def _fetch(self, tn: TelephoneNumber) -> Roaming:
        try:
            async with self._session.post(
                self._policy.url, json={"device": {"phoneNumber": to_e164(tn)}}, allow_redirects=False
            ) as response:
                if response.status >= 500:
                    return self._rest()
                body = await response.content.read(LONGEST_ANSWER)
        except (aiohttp.ClientError, TimeoutError, OSError):
            return self._rest()
        said = Roaming.UNKNOWN
        if response.status == 200:
            try:
                said = Roaming.TRUE if _DECODER.decode(body).roaming else Roaming.FALSE
            except msgspec.DecodeError:
                return self._rest()
        self._remember(tn, said)
        return said

    def _rest(self) -> Roaming:
        self._rests_until = self._loop.time() + REST_SECONDS
        return Roaming.UNKNOWN

    def _remember(self, tn: TelephoneNumber, said: Roaming) -> None:
        seconds = self._policy.cache_seconds
        if said is Roaming.UNKNOWN:
            seconds = min(seconds, UNKNOWN_SECONDS)
        self._memory[tn] = self._loop.time() + seconds, said
        self._memory.move_to_end(tn)
        if len(self._memory) > MOST_REMEMBERED:
            self._memory.popitem(last=False)


def roaming_policy(settings: Settings) -> RoamingPolicy | None:
    """`[roaming]`, with the token its file holds; None where no service is named."""
    roaming = settings.roaming
    if roaming.url is None:
        return None
    token = None
    if roaming.token_file is not None:
        token = Path(roaming.token_file).read_text(encoding="ascii").strip()
    return RoamingPolicy(
        url=roaming.url,
        timeout_ms=roaming.timeout_ms,
        cache_seconds=roaming.cache_seconds,
        token=token,
        tls_ca_file=None if roaming.tls_ca_file is None else Path(roaming.tls_ca_file),
    )
