"""The supervisor: starts a node's processes, keeps them alive, and takes them down in order.

Start: lock, listeners, Valkey, control process (it writes the first generation), workers. Stop:
notice (readiness), no more accepting, workers drained, control process, and Valkey last. Decides
nothing about calls or settings. No aiohttp and no SQL: it must outlive whatever those can do.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Coroutine
from typing import Any, Final

import structlog

from gateway.channel import (
    LISTENERS_VARIABLE,
    SLOT_VARIABLE,
    VALKEY_SOCKET_VARIABLE,
    ChannelError,
    Received,
)
from gateway.node.child import ChildSpec
from gateway.node.keeper import Keeper, Watch
from gateway.node.listeners import Listen, ListenError, close_listener, listener_address, open_listener
from gateway.node.lock import lock_data_directory
from gateway.node.plan import NodePlan
from gateway.node.seats import Seat
from gateway.node.valkey import prepare, socket_path, wait_until_answering
from gateway.node.workers import Workers

VALKEY_START_SECONDS: Final = 5.0
"""Then the node goes on without: calls are answered, `degraded`, until it answers."""
VALKEY_STOP_SECONDS: Final = 5.0
CONTROL_STOP_SECONDS: Final = 3.0
TERMINATE_SECONDS: Final = 0.5
HAND_OVER_SECONDS: Final = 0.5
STOPPED_AT_ONCE: Final = 1
"""The exit status after a second signal."""


class StartError(Exception):
    """The node could not be started; the text is a sentence for the operator."""


async def supervise(plan: NodePlan) -> int:
    """Run a node until SIGTERM or SIGINT; return its exit status (0 after an orderly stop).

    A child that ends by itself before the node was first ready ends the start: its status is
    returned, its own message having gone to standard error. Raises ListenError,
    DataDirectoryError, ValkeyError and StartError before anything serves; nothing is left running.
    """
    node = _Node(plan)
    try:
        return await node.run()
    finally:
        await node.end()


class _Node:
    """The processes of one `supervise`; its methods run in the order they stand in."""

    def __init__(self, plan: NodePlan) -> None:
        self._plan = plan
        self._log = structlog.get_logger("callmark.node")
        self._worker_keepers: list[Keeper] = []
        self._control: Keeper | None = None
        self._valkey: Keeper | None = None
        self._control_ready = asyncio.Event()
        self._stop_asked = asyncio.Event()
        self._stop_now = asyncio.Event()
        self._failed = asyncio.Event()
        self._failure_status = 0
        self._serving = False
        self._workers = self._workers_on([])
        self._control_sockets: list[tuple[str, socket.socket]] = []
        self._announcing: asyncio.Task[None] | None = None
        self._lock: int | None = None

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._asked_to_stop)
        loop.add_signal_handler(signal.SIGHUP, self._asked_to_reload)
        self._lock = await lock_data_directory(self._plan.data_directory)
        self._open_listeners()
        self._announcing = asyncio.create_task(self._workers.announcements.run())
        if not await self._start():
            return self._failure_status if self._failed.is_set() else 0
        self._serving = True
        self._report("node.ready", pid=os.getpid())
        await self._stop_asked.wait()
        self._report("node.stopping", seconds=self._plan.drain_seconds)
        stopping = asyncio.create_task(self._stop())
        now = asyncio.create_task(self._stop_now.wait())
        await asyncio.wait({stopping, now}, return_when=asyncio.FIRST_COMPLETED)
        if not stopping.done():
            for keeper in self._python_children():
                keeper.kill()
        now.cancel()
        await stopping
        self._report("node.stopped", orderly=not self._stop_now.is_set())
        return STOPPED_AT_ONCE if self._stop_now.is_set() else 0

    async def end(self) -> None:
        """Leave nothing behind, however `run` ended."""
        for keeper in self._python_children():
            keeper.kill()
        for keeper in self._python_children():
            await keeper.stop(drain_seconds=0, terminate_seconds=TERMINATE_SECONDS)
        if self._valkey is not None:
            await self._valkey.stop(drain_seconds=0, terminate_seconds=VALKEY_STOP_SECONDS)
        self._workers.handover.close()
        for _, listener in self._control_sockets:
            close_listener(listener)
        if self._announcing is not None:
            self._announcing.cancel()
        if self._lock is not None:
            os.close(self._lock)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            asyncio.get_running_loop().remove_signal_handler(number)

    def _open_listeners(self) -> None:
        calls = [listener for _, listener in self._open(self._plan.call_listener)]
        self._workers = self._workers_on(calls)
        for listen in self._plan.control_listeners:
            self._control_sockets += self._open(listen)

    def _workers_on(self, listeners: list[socket.socket]) -> Workers:
        return Workers(
            count=self._plan.worker_count,
            listeners=listeners,
            answer_seconds=self._plan.answer_seconds,
            tell_control=self._tell_control,
            ended_unready=self._failed_to_start,
            report=self._report,
        )

    def _open(self, listen: Listen) -> list[tuple[str, socket.socket]]:
        opened: list[tuple[str, socket.socket]] = []
        for address in listen.addresses:
            try:
                listener = open_listener(address, listen.key)
            except ListenError as problem:
                if listen.required:
                    for _, other in opened:
                        close_listener(other)
                    raise
                self._report("listener.off", key=listen.key, problem=str(problem))
            else:
                opened.append((listen.key, listener))
                self._report("listener.open", key=listen.key, address=listener_address(listener))
        return opened

    async def _start(self) -> bool:
        """Start all in order; False when a child failed or a stop was asked for meanwhile."""
        environment = dict(self._plan.environment)
        held = () if self._lock is None else (self._lock,)
        if self._plan.valkey is not None:
            path = socket_path(self._plan.valkey.directory)
            environment[VALKEY_SOCKET_VARIABLE] = str(path)
            self._valkey = Keeper(prepare(self._plan.valkey, fds=held), _UNWATCHED, self._report)
            self._valkey.start()
            answering = await self._reached(wait_until_answering(path), VALKEY_START_SECONDS)
            self._report("valkey.answering" if answering else "valkey.not_answering", socket=str(path))
        if self._plan.control_argv is not None:
            self._control = self._keep_control(self._plan.control_argv, environment, held)
            if not await self._reached(self._control_ready.wait(), self._plan.start_seconds):
                return self._given_up("the control process was not ready")
        for seat in self._workers.seats:
            self._worker_keepers.append(self._keep_worker(seat, environment, held))
        if self._worker_keepers:
            await self._reached(self._workers.all_ready.wait(), self._plan.start_seconds)
            if not self._workers.any_ready():
                return self._given_up("no worker was ready")
        return not self._failed.is_set() and not self._stop_asked.is_set()

    def _keep_control(
        self, argv: tuple[str, ...], environment: dict[str, str], held: tuple[int, ...]
    ) -> Keeper:
        names = ",".join(f"{name}:{listener.fileno()}" for name, listener in self._control_sockets)
        spec = ChildSpec(
            name="control",
            argv=argv,
            env={**environment, LISTENERS_VARIABLE: names},
            fds=(*held, *(listener.fileno() for _, listener in self._control_sockets)),
        )
        watch = Watch(
            started=lambda _child: None,
            received=lambda _child, received: self._heard_control(received),
            ended=lambda _child, status: self._control_ended(status),
        )
        keeper = Keeper(spec, watch, self._report)
        keeper.start()
        return keeper

    def _keep_worker(self, seat: Seat, environment: dict[str, str], held: tuple[int, ...]) -> Keeper:
        spec = ChildSpec(
            name=f"worker-{seat.slot}",
            argv=self._plan.worker_argv,
            env={**environment, SLOT_VARIABLE: str(seat.slot)},
            fds=held,
        )
        keeper = Keeper(spec, self._workers.watch(seat), self._report)
        keeper.start()
        return keeper

    async def _reached(self, goal: Coroutine[Any, Any, Any], seconds: float) -> bool:
        """Whether `goal` came within `seconds`, before a failure or a signal."""
        wanted = asyncio.create_task(goal)
        others = [asyncio.create_task(event.wait()) for event in (self._failed, self._stop_asked)]
        try:
            await asyncio.wait({wanted, *others}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            return wanted.done()
        finally:
            for task in (wanted, *others):
                task.cancel()

    def _given_up(self, what: str) -> bool:
        if self._failed.is_set() or self._stop_asked.is_set():
            return False
        raise StartError(
            f"{what} within {self._plan.start_seconds:g} s; the log above says what it was doing"
        )

    def _control_ended(self, status: int) -> None:
        if not self._control_ready.is_set():
            self._failed_to_start(status)
        self._control_ready.clear()

    def _failed_to_start(self, code: int) -> None:
        if not self._serving and code >= 0:
            self._failure_status = code or 1
            self._failed.set()

    def _heard_control(self, received: Received) -> None:
        match received.kind:
            case "ready":
                self._control_ready.set()
                self._report("control.ready")
                self._workers.tell_of_workers()
            case "announce":
                self._workers.announcements.announce(received.number("number"), received.text("hash"))
            case "list_looked_for":
                self._workers.tell_all(received.message)
            case "reloading" | "reloaded":
                self._report(f"node.{received.kind}", **received.message)
            case kind:
                raise ChannelError(f"the control process has no message of type {kind!r}")

    def _asked_to_reload(self) -> None:
        self._tell_control({"type": "reload"})

    def _asked_to_stop(self) -> None:
        (self._stop_now if self._stop_asked.is_set() else self._stop_asked).set()

    async def _stop(self) -> None:
        end = asyncio.get_running_loop().time() + self._plan.drain_seconds - TERMINATE_SECONDS
        for keeper in self._python_children():
            keeper.tell({"type": "notice"})
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stop_now.wait(), self._plan.notice_seconds)
        await self._workers.handover.finish(HAND_OVER_SECONDS)
        left_seconds = max(0.1, end - asyncio.get_running_loop().time())
        await asyncio.gather(
            *(
                keeper.stop(drain_seconds=left_seconds, terminate_seconds=TERMINATE_SECONDS)
                for keeper in self._worker_keepers
            )
        )
        if self._control is not None:
            await self._control.stop(drain_seconds=CONTROL_STOP_SECONDS, terminate_seconds=TERMINATE_SECONDS)
        if self._valkey is not None:
            await self._valkey.stop(drain_seconds=0, terminate_seconds=VALKEY_STOP_SECONDS)

    def _python_children(self) -> list[Keeper]:
        return [*self._worker_keepers, *([self._control] if self._control is not None else [])]

    def _tell_control(self, message: dict[str, object]) -> bool:
        """Whether it was told. Nothing is kept for it: when it is ready it is told how the workers stand."""
        if not self._control_ready.is_set() or self._control is None:
            return False
        if not self._control.tell(message):
            self._report("control.not_told", message=str(message["type"]))
            return False
        return True

    def _report(self, event: str, **fields: object) -> None:
        if self._plan.on_event is not None:
            self._plan.on_event(event, fields)
        else:
            self._log.info(event, **fields)


_UNWATCHED: Final = Watch(
    started=lambda _child: None, received=lambda _child, _received: None, ended=lambda _child, _code: None
)
