"""Where the control process answers: its listener, the repository where it is on, and the owner's socket."""

from __future__ import annotations

import contextlib
import os
import ssl
from collections.abc import AsyncIterator

from aiohttp import web

from gateway.channel import inherited_listeners
from gateway.control.api.doors import control_application
from gateway.control.state import ControlState
from gateway.control_socket import CONTROL_SOCKET, control_socket
from gateway.generation.settings import Settings
from gateway.node_settings import data_directory
from gateway.web.malformed import SERVER_LOGGER


@contextlib.asynccontextmanager
async def listening(settings: Settings, state: ControlState) -> AsyncIterator[None]:
    """Answer there until the end."""
    left = data_directory(settings) / CONTROL_SOCKET
    left.unlink(missing_ok=True)
    runners = [
        await _runner(control_application(state, is_socket=True)),
        await _runner(control_application(state, is_socket=False)),
        await _runner(state.published.application()),
    ]
    try:
        mask = os.umask(0o177)
        try:
            with control_socket(data_directory(settings)) as path:
                await web.UnixSite(runners[0], path).start()
        finally:
            os.umask(mask)
        for name, listeners in inherited_listeners().items():
            is_repository = "repository" in name
            runner = runners[2] if is_repository else runners[1]
            tls = _tls(settings, "repository" if is_repository else "control")
            for listener in listeners:
                await web.SockSite(runner, listener, ssl_context=tls).start()
        yield
    finally:
        for runner in runners:
            await runner.cleanup()
        left.unlink(missing_ok=True)


async def _runner(application: web.Application) -> web.AppRunner:
    runner = web.AppRunner(
        application, access_log=None, logger=SERVER_LOGGER, handle_signals=False, shutdown_timeout=1.0
    )
    await runner.setup()
    return runner


def _tls(settings: Settings, listener: str) -> ssl.SSLContext | None:
    tls = settings.tls
    if listener not in tls.listeners or tls.certificate_file is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tls.certificate_file, tls.key_file)
    return context
