"""This node among those that share a record: it tells how it stands, and leads if nobody does.

Who leads reviews registrations, forgets what is old and keeps a shared Redis whole; everything else each
node does for itself. The lease is renewed with each beat; a leader that could not renew it stops by itself
before anybody else can take it, and what it was about to write is refused by the term (`record/lease.py`). A
record of one node's own is always led by it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import structlog

from gateway.record import Record, RecordError
from gateway.record.lease import LEASE_SECONDS, LeadersRecord, Lease, release_lease, take_lease
from gateway.record.nodes import NodeSeen, NodeState, read_nodes, tell_of_node

BEAT_SECONDS: Final = 2.0
MARGIN_SECONDS: Final = 1.0
"""How long before its lease ends by the database a leader holds it for ended."""

_log = structlog.get_logger("callmark.control")


class Leadership:
    """One per control process."""

    def __init__(self, record: Record, *, holder: str, may_lead: bool) -> None:
        """`holder` names this process and no other one, earlier ones of this node included."""
        self._record = record
        self._holder = holder
        self._may_lead = may_lead
        self._lease: Lease | None = None
        self._until = float("-inf")

    @property
    def term(self) -> int | None:
        """The term it leads in; None while it does not."""
        return None if self._lease is None or not self.leads else self._lease.term

    @property
    def leads(self) -> bool:
        """Whether this process may do leader's work now."""
        if not self._record.is_shared:
            return True
        return self._lease is not None and asyncio.get_running_loop().time() < self._until

    def record(self) -> Record | None:
        """Return the record for leader's work, fenced by the term; None where another leads."""
        if not self._record.is_shared:
            return self._record
        return LeadersRecord(self._record, self._lease) if self.leads and self._lease is not None else None

    async def keep(self, describe: Callable[[], NodeState]) -> None:
        """For ever, where the record is shared: tell of this node, and take or renew the lease."""
        while self._record.is_shared:
            try:
                await self.beat(describe())
            except RecordError as error:
                _log.warning("the other nodes are not told of this one", problem=str(error))
            await asyncio.sleep(BEAT_SECONDS)

    async def beat(self, state: NodeState) -> None:
        """Once. Raises RecordError."""
        loop = asyncio.get_running_loop()
        # Before asking: what the database counts from is later.
        asked_at = loop.time()
        led = self.leads
        async with self._record.write() as transaction:
            lease = await take_lease(transaction, holder=self._holder) if self._may_lead else None
            leads = lease is not None and lease.holder == self._holder
            await tell_of_node(transaction, replace(state, leads=leads))
        if lease is not None and lease.holder == self._holder:
            self._lease, self._until = lease, asked_at + LEASE_SECONDS - MARGIN_SECONDS
            if not led:
                _log.info("this node leads", term=lease.term)
        else:
            self._lease = None
            if led:
                _log.warning("another node leads")

    async def nodes(self, own: NodeState) -> Sequence[NodeSeen]:
        """Return every node of the last week; of a record of its own, this one. Raises RecordError."""
        if not self._record.is_shared:
            return (NodeSeen(state=own, silent_seconds=0.0),)
        async with self._record.read() as transaction:
            return await read_nodes(transaction)

    async def release(self) -> None:
        """Let another lead at once."""
        lease, self._lease = self._lease, None
        if lease is None:
            return
        try:
            async with self._record.write() as transaction:
                await release_lease(transaction, lease)
        except RecordError as error:
            _log.info("the lease was not given back; it ends by itself", problem=str(error))
