"""A worker process: connections from the supervisor, answers to switches, and nothing else.

`python -m gateway.calls.worker`, started by the supervisor. It reads the current generation from the disk,
takes new ones when told (build, swap one reference, confirm), and lets its calls end when told to drain.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import ssl
import sys
import time
from collections.abc import AsyncIterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final

import structlog
import uvloop
from aiohttp import web

from gateway import telemetry
from gateway.calls.account import Account
from gateway.calls.admission import Admission
from gateway.calls.answering import Resource, answer
from gateway.calls.listener_tls import call_tls
from gateway.calls.plane import Current, Plane
from gateway.calls.plane_counts import PlaneCounts
from gateway.calls.prewarm_list import prewarm_list
from gateway.calls.resources import CallResources
from gateway.calls.service import CallService
from gateway.calls.signer import SigningSetupError, load_signer
from gateway.certificates.chain import ChainError
from gateway.channel import SLOT_VARIABLE, Channel
from gateway.facts.reader import FactsReader
from gateway.fetch.awaited_lists import AwaitedLists
from gateway.fetch.chains import ChainCache
from gateway.fetch.fetcher import CertificateFetcher, FetchPolicy
from gateway.fetch.roaming import RoamingCheck, roaming_policy
from gateway.fetch.shadow import open_shadow
from gateway.generation.settings import Settings, x5u_policy
from gateway.generations import BundleStore, CurrentGeneration, GenerationLoadError
from gateway.journal import JournalWriter
from gateway.kept_chains import KeptChains
from gateway.knowledge.batch import Knowledge
from gateway.knowledge.cluster_store import open_store
from gateway.knowledge.connect import connect
from gateway.knowledge.shared_chains import StoredChains
from gateway.node_settings import (
    chains_directory,
    data_directory,
    embedded_socket,
    facts_path,
    journal_directory,
    journal_retention,
    settings_from_environment,
)
from gateway.verification.examine import VerificationPolicy
from gateway.web.connections import Connections, answer_in_place
from gateway.web.malformed import SERVER_LOGGER
from gateway.web.server_name import name_server
from gateway.worker_end import WorkerEnd, ask_for_list

MOST_CONNECTIONS: Final = 10_000
IDLE_SECONDS: Final = 75.0
"""A switch keeps its connections; this is longer than the pauses of the SBCs seen."""
FLUSH_SECONDS: Final = 0.1

_log = structlog.get_logger("callmark.worker")


class Worker:
    """One worker: what it holds, and how it changes with a generation."""

    def __init__(
        self,
        settings: Settings,
        plane: Plane,
        *,
        bundles: BundleStore,
        chains: ChainCache,
        awaited: AwaitedLists,
        account: Account,
    ) -> None:
        self._settings = settings
        self._plane = plane
        self._bundles = bundles
        self._chains = chains
        self._service = CallService(plane, account)
        self._resources = CallResources(self._service)
        self._awaited = awaited
        self._table: Mapping[str, Resource] = self._resources.table(plane.current)
        self._keep_own_chain()
        self._to_close = 0.0
        self.server = Connections(
            self._answer,
            access_log=None,
            logger=SERVER_LOGGER,
            keepalive_timeout=IDLE_SECONDS,
            auto_decompress=False,
        )

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        response = await answer(request, self._table)
        if self._to_close > 0:
            # The client learns with its next answer that the connection ends, and opens another.
            self._to_close -= 1
            response.force_close()
        return response

    async def run(self, channel: Channel, tls: ssl.SSLContext | None) -> None:
        """Serve until the supervisor says drain, or has gone."""
        end = WorkerEnd(
            channel,
            protocol_factory=self.server,
            open_connections=lambda: len(self.server.connections),
            connection_limit=MOST_CONNECTIONS,
            ssl_context=tls,
        )
        await channel.send({"type": "ready", "hash": self._plane.current.generation.digest})
        async for received in end.messages():
            match received.kind:
                case "generation":
                    await self._adopt(channel, received.text("hash"))
                case "list_looked_for":
                    self._awaited.was_looked_for(received.text("url"))
                case "shed":
                    self._to_close += received.number("count")
                case "notice":
                    self._resources.is_draining = True
                case "drain":
                    await self._drain(float(received.message["seconds"]))
                    return
                case kind:
                    _log.warning("unknown message", kind=kind)

    async def _adopt(self, channel: Channel, digest: str) -> None:
        """Build the new generation whole, then swap one reference; calls under way keep the old one."""
        try:
            pointer = self._bundles.read_current()
            if pointer is None or pointer.digest != digest:
                raise GenerationLoadError(f"generation {digest[:12]} is not the current one on the disk")
            # In a thread: a large inventory takes seconds to read, and calls go on meanwhile.
            current = await asyncio.to_thread(load_current, self._bundles, pointer, self._settings)
        except (GenerationLoadError, SigningSetupError) as error:
            await channel.send({"type": "refused", "hash": digest, "why": str(error)})
            return
        self._plane.current = current
        self._table = self._resources.table(current)
        self._keep_own_chain()
        self._awaited.adopt(current.generation.trust)
        await channel.send({"type": "confirmed", "hash": digest})

    def _keep_own_chain(self) -> None:
        """Calls signed here are verified here without a fetch."""
        current = self._plane.current
        if current.signer is not None:
            with contextlib.suppress(ChainError):
                trust = current.generation.trust
                self._chains.put_own(current.signer.x5u, current.signer.chain_pem, trust)

    async def _drain(self, seconds: float) -> None:
        self._to_close = float("inf")
        began = time.monotonic()
        # What is waited for is aiohttp's list of connections, which has no event.
        while self.server.connections and time.monotonic() < began + min(1.0, seconds / 2):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        self.server.pre_shutdown()
        await self.server.shutdown(max(0.1, seconds - (time.monotonic() - began)))
        await self._service.close()


def load_current(bundles: BundleStore, pointer: CurrentGeneration, settings: Settings) -> Current:
    """Build what calls use. Raises GenerationLoadError or SigningSetupError."""
    generation = bundles.load(pointer.digest)
    signer = None
    if generation.signing is not None:
        if pointer.key_file is None:
            raise GenerationLoadError("[signing] has a certificate and no key_file")
        signer = load_signer(generation.signing, Path(pointer.key_file))
    return Current(
        number=pointer.number,
        generation=generation,
        admission=Admission(generation.policy.trunks),
        signer=signer,
        verification=VerificationPolicy(
            freshness_seconds=settings.verification.freshness_seconds,
            x5u=x5u_policy(settings),
        ),
    )


@contextlib.asynccontextmanager
async def open_worker(settings: Settings, channel: Channel) -> AsyncIterator[Worker]:
    """Everything a worker holds, opened and closed in order."""
    directory = data_directory(settings)
    bundles = BundleStore(directory)
    pointer = bundles.read_current()
    if pointer is None:
        raise GenerationLoadError(f"there is no current generation in {directory}")
    current = load_current(bundles, pointer, settings)
    journal = JournalWriter(
        journal_directory(settings),
        slot=os.environ.get(SLOT_VARIABLE, "0"),
        retention=journal_retention(settings),
    )
    facts = FactsReader(facts_path(settings))
    connected = connect(settings.redis.url, embedded_socket=embedded_socket())
    async with open_store(connected) as store, open_shadow(settings.shadow) as shadow:
        tls_ca_file = settings.x5u.tls_ca_file
        fetcher = CertificateFetcher(
            FetchPolicy(
                x5u=current.verification.x5u,
                tls_ca_file=None if tls_ca_file is None else Path(tls_ca_file),
                fetch_timeout_ms=settings.x5u.fetch_timeout_ms,
            )
        )
        roaming = RoamingCheck(policy) if (policy := roaming_policy(settings)) is not None else None
        awaited = AwaitedLists(partial(ask_for_list, channel), current.generation.trust)
        shared = StoredChains(store)
        kept = KeptChains(chains_directory(settings))
        chains = ChainCache(
            fetcher, clock=lambda: int(time.time()), shared=shared, awaited=awaited, file=kept.keep_soon
        )
        account = Account(worker=process_name())
        knowledge = Knowledge(store)
        counts = PlaneCounts(knowledge, chains, journal)
        flushing = asyncio.create_task(_flush(journal, account, counts))
        reminding = asyncio.create_task(awaited.keep_reminding())
        try:
            plane = Plane(
                current=current,
                chains=chains,
                facts=facts,
                knowledge=knowledge,
                roaming=roaming,
                shadow=shadow,
                journal=journal,
                clock=time.time,
                deadline_ms=settings.verification.deadline_ms,
            )
            chains.prewarm(prewarm_list(settings), current.generation.trust)
            yield Worker(settings, plane, bundles=bundles, chains=chains, awaited=awaited, account=account)
        finally:
            flushing.cancel()
            reminding.cancel()
            account.flush()
            counts.flush()
            await chains.close()
            kept.close()
            if roaming is not None:
                await roaming.close()
            facts.close()
            journal.close()


async def _flush(journal: JournalWriter, account: Account, counts: PlaneCounts) -> None:
    while True:
        await asyncio.sleep(FLUSH_SECONDS)
        journal.flush()
        account.flush()
        counts.flush()


def process_name() -> str:
    """Name this worker as its log lines do."""
    return f"worker-{os.environ.get(SLOT_VARIABLE, '0')}"


async def _main() -> None:
    settings = settings_from_environment()
    channel = Channel.from_environment()
    answer_in_place(asyncio.get_running_loop())
    async with open_worker(settings, channel) as worker:
        # What is there now stays: no collection need look at it again, and none comes every few calls.
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 50, 100)
        await worker.run(channel, call_tls(settings))


def main() -> int:
    """Run a worker; what stops it from starting is a sentence on stderr."""
    telemetry.configure_logging(process=process_name())
    name_server()
    try:
        uvloop.run(_main())
    except (GenerationLoadError, SigningSetupError) as error:
        sys.stderr.write(f"callmark: {error}\n")
        return 1
    finally:
        telemetry.flush_logs()
    return 0


if __name__ == "__main__":
    sys.exit(main())
