"""`callmark serve`: one node, from its configuration to its first call."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click
import structlog

from gateway import __version__, telemetry
from gateway.cli.config import configuration_option, report_problems
from gateway.cli.first_start import (
    OPERATOR_EMAIL,
    DevelopmentAccess,
    development_access,
    make_development_files,
)
from gateway.cli.sample_requests import listener_url, signing_line, verdict_line
from gateway.control.reloading.files import Configuration, read_configuration, read_settings
from gateway.control.reloading.signing_key import signing_problem
from gateway.control.reloading.transport_files import transport_problems
from gateway.control.trust.pins import trust_list_problems
from gateway.generation.redis_url import EMBEDDED
from gateway.generation.settings import Settings, parse_listen_address
from gateway.generations import BundleStore
from gateway.node.listeners import Listen, ListenError, parse_address
from gateway.node.lock import DataDirectoryError
from gateway.node.plan import NodePlan
from gateway.node.service_manager import ServiceManager
from gateway.node.supervisor import StartError, supervise
from gateway.node.valkey import ValkeyError, ValkeyPlan
from gateway.node_settings import (
    CONFIGURATION_VARIABLE,
    PLANE_VARIABLE,
    Plane,
    data_directory,
    metrics_directory,
    settings_to_environment,
)

_READY: Final = """\
Callmark {version} serves.
  calls         {calls}
  control       {control}
  certificates  {certificates}
  data          {data}
"""
_ELSEWHERE: Final = "another node"
_SIGN_IN: Final = """\
Open {control}/ and sign in:
  e-mail        {email}
  password      {password}
"""
_FIRST_CALL: Final = """\
Sign a call, and ask for a verdict on one (copy and paste):

{signing}
{verdict}
The token is kept in {token_file}. Stop with Ctrl-C.
"""


@click.command()
@configuration_option
@click.option(
    "--plane",
    type=click.Choice([plane.value for plane in Plane]),
    default=Plane.ALL.value,
    show_default=True,
    help="What this node of a fleet does: answer calls, or operators and owners.",
)
def serve(*, directory: Path, plane: str) -> None:
    """Answer switches until Ctrl-C or SIGTERM.

    Reads the configuration, makes what a first start needs (development certificates and a token, where
    the configuration asks for them), and starts the node: embedded Valkey, control process, workers.
    A reload needs no restart: `callmark reload`, or SIGHUP.

    Nodes that share PostgreSQL and Redis may be one plane each (docs/scaling.md): `--plane calls` answers
    switches alone, `--plane control` has the portal, the console and the admin API.
    """
    telemetry.configure_logging(process="supervisor")
    manager = ServiceManager.from_environment()
    environment = dict(os.environ)
    settings = read_settings(directory, environment)
    if isinstance(settings, list):
        report_problems(settings)
        return
    if alone := plane_problem(settings, Plane(plane)):
        raise click.ClickException(alone)
    make_development_files(settings)
    if problems := transport_problems(settings):
        report_problems(problems)
    configuration = read_configuration(directory, environment)
    store = BundleStore(data_directory(settings))
    if isinstance(configuration, list):
        report_problems(configuration, stop=store.read_current() is None)
        click.echo("The last good configuration is in force until these are mended.", err=True)
    elif problem := signing_problem(configuration):
        # The start, not the first call: nobody could verify what such a key signs.
        report_problems([problem])
    elif problems := trust_list_problems(settings):
        report_problems(problems)
    try:
        access = (
            development_access(configuration, settings)
            if isinstance(configuration, Configuration) and plane != Plane.CALLS
            else None
        )
        events = _Events(settings, access, Plane(plane), manager)
        status = asyncio.run(_supervised(_plan(directory, settings, Plane(plane), events), manager))
    except (ListenError, DataDirectoryError, ValkeyError, StartError) as error:
        raise click.ClickException(str(error)) from error
    finally:
        telemetry.flush_logs()
    sys.exit(status)


async def _supervised(plan: NodePlan, manager: ServiceManager) -> int:
    async with manager.watched():
        return await supervise(plan)


class _Events:
    """Hears what the supervisor tells: all of it into the log, and a greeting once calls are answered."""

    def __init__(
        self,
        settings: Settings,
        access: DevelopmentAccess | None,
        plane: Plane,
        manager: ServiceManager,
    ) -> None:
        self._plane = plane
        self._settings = settings
        self._manager = manager
        self._access = access
        self._log = structlog.get_logger("callmark.node")
        self._off = ""
        self._is_ours = False

    def __call__(self, event: str, fields: Mapping[str, object]) -> None:
        if not self._is_ours:
            # The first event comes when the data directory is locked: before that, another node may be
            # counting in these files.
            self._is_ours = True
            for old in metrics_directory(self._settings).glob("*.db"):
                old.unlink()
        self._log.info(event, **fields)
        self._manager.heard(event, fields)
        if event == "listener.off":
            self._off = str(fields["problem"])
        if event == "node.ready":
            self._greet()

    def _greet(self) -> None:
        listen, data = self._settings.listen, self._settings.data.directory
        calls = listener_url(self._settings, "calls")
        published = listener_url(self._settings, "repository") if listen.repository else "not published here"
        click.echo(
            _READY.format(
                version=__version__,
                calls=_ELSEWHERE if self._plane is Plane.CONTROL else calls,
                control=_ELSEWHERE if self._plane is Plane.CALLS else listener_url(self._settings, "control"),
                certificates=f"not published: {self._off}" if self._off else published,
                data=data,
            )
        )
        token = None if self._access is None else self._access.token
        if self._access is not None and token is not None:
            if self._access.password is not None:
                control = listener_url(self._settings, "control")
                click.echo(
                    _SIGN_IN.format(control=control, email=OPERATOR_EMAIL, password=self._access.password)
                )
            click.echo(
                _FIRST_CALL.format(
                    signing=signing_line(calls, token),
                    verdict=verdict_line(calls, token, trunk="international-1"),
                    token_file=Path(data) / "token",
                )
            )


def plane_problem(settings: Settings, plane: Plane) -> str:
    """Say what nodes of one plane must share and these settings do not, or ''."""
    if plane is Plane.ALL:
        return ""
    if settings.redis.url == EMBEDDED:
        return f'--plane {plane} needs a Redis that the nodes share: [redis] url is "embedded"'
    if not settings.database.url.startswith("postgres"):
        return f"--plane {plane} needs a record that the nodes share: [database] url must be postgresql://…"
    return ""


def _plan(directory: Path, settings: Settings, plane: Plane, events: _Events) -> NodePlan:
    data = data_directory(settings)
    metrics = metrics_directory(settings)
    for each in (data, metrics):
        each.mkdir(mode=0o700, parents=True, exist_ok=True)
    listen = settings.listen
    control = [] if plane is Plane.CALLS else [Listen("control", (parse_address(listen.control),))]
    if listen.repository and control:
        on_loopback = parse_listen_address(listen.repository).is_loopback
        # In development a taken port costs only the publishing of throw-away certificates.
        control.append(Listen("repository", (parse_address(listen.repository),), required=not on_loopback))
    return NodePlan(
        data_directory=data,
        worker_count=0 if plane is Plane.CONTROL else listen.workers or os.cpu_count() or 1,
        worker_argv=(sys.executable, "-m", "gateway.calls.worker"),
        control_argv=(sys.executable, "-m", "gateway.control.main"),
        call_listener=Listen("calls", () if plane is Plane.CONTROL else (parse_address(listen.calls),)),
        control_listeners=tuple(control),
        valkey=ValkeyPlan(data / "valkey", maxmemory_mb=settings.redis.embedded_megabytes)
        if settings.redis.url == "embedded"
        else None,
        environment={**_children(directory, settings, metrics), PLANE_VARIABLE: plane.value},
        on_event=events,
    )


def _children(directory: Path, settings: Settings, metrics: Path) -> Mapping[str, str]:
    return {
        **settings_to_environment(settings),
        CONFIGURATION_VARIABLE: str(directory),
        telemetry.METRICS_VARIABLE: str(metrics),
        telemetry.REDACTION_VARIABLE: os.urandom(16).hex(),
    }
