"""Revocation lists that this process waits for: it asks, the control process fetches, everybody hears.

A worker does not fetch lists itself: they are long, shared by most certificates, and belong to the trust that
all workers of a node judge by. So it asks for the address, hears when that has been looked at, and meanwhile
may have got a trust that holds the list. What was looked for and is still not at hand cannot be had for now;
the control process goes on trying, and each success is a new trust.
"""

from __future__ import annotations

import asyncio
import base64
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable
from typing import Final

from gateway.certificates.revocation import MissingList
from gateway.certificates.trust import Trust

AGAIN_SECONDS: Final = 1.0
"""Before the same address is asked for once more: the first question may have met no control process."""
REMIND_SECONDS: Final = 60.0
MOST_REMEMBERED: Final = 256

Ask = Callable[[str, str], None]
"""Sends the question: the list's address, and the certificate of the certificate's issuer, DER in base64."""


class AwaitedLists:
    """One per process; made inside the running loop."""

    def __init__(self, ask: Ask, trust: Trust) -> None:
        self._ask = ask
        self._loop = asyncio.get_running_loop()
        self._asked: OrderedDict[str, float] = OrderedDict()
        self._looked_for: OrderedDict[str, MissingList | None] = OrderedDict()
        self._heard: asyncio.Future[None] = self._loop.create_future()
        self.news = 0
        """Counts up with everything that is heard."""
        self.trust = trust
        """The newest that this process goes by."""

    @property
    def looked_for(self) -> Collection[str]:
        """Addresses that were asked for and looked at: what is not at hand by now cannot be had for now."""
        return self._looked_for.keys()

    def want(self, missing: Iterable[MissingList]) -> None:
        """Ask for these lists, unless they have just been asked for."""
        now = self._loop.time()
        for each in missing:
            if now - self._asked.get(each.url, float("-inf")) >= AGAIN_SECONDS:
                self._asked[each.url] = now
                self._asked.move_to_end(each.url)
                _bound(self._asked)
                self._ask(each.url, base64.b64encode(each.issuer_der).decode())

    def go_without(self, missing: Iterable[MissingList]) -> None:
        """Note what a chain is believed without, so that it is asked for again from time to time."""
        for each in missing:
            if each.url in self._looked_for:
                self._looked_for[each.url] = each

    def was_looked_for(self, url: str) -> None:
        """The control process has looked at this address, whatever it found."""
        self._looked_for.setdefault(url, None)
        self._looked_for.move_to_end(url)
        _bound(self._looked_for)
        self._tell()

    def adopt(self, trust: Trust) -> None:
        """This process goes by another trust now."""
        self.trust = trust
        self._tell()

    async def next_word(self, deadline: float) -> bool:
        """Wait until something is heard; False when nothing was by the deadline (loop time)."""
        await asyncio.wait({self._heard}, timeout=max(deadline - self._loop.time(), 0))
        return self._loop.time() < deadline

    async def keep_reminding(self) -> None:
        """For ever: a control process that was replaced no longer knows what was asked of it."""
        while True:
            await asyncio.sleep(REMIND_SECONDS)
            self.want([each for each in self._looked_for.values() if each is not None])

    def _tell(self) -> None:
        self.news += 1
        heard, self._heard = self._heard, self._loop.create_future()
        heard.set_result(None)


def _bound(entries: OrderedDict[str, float] | OrderedDict[str, MissingList | None]) -> None:
    while len(entries) > MOST_REMEMBERED:
        entries.popitem(last=False)
