"""`callmark serve`: one node, from its configuration to its first call."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click

from gateway import __version__, telemetry
from gateway.calls.signer import SigningSetupError, load_signer
from gateway.cli.config import configuration_option, report_problems
from gateway.cli.first_start import development_token, make_development_files
from gateway.control.files import Configuration, read_configuration, read_settings
from gateway.generation.settings import Settings, parse_listen_address
from gateway.generations import BundleStore
from gateway.node.listeners import Listen, ListenError, parse_address
from gateway.node.lock import DataDirectoryError
from gateway.node.plan import NodePlan
from gateway.node.supervisor import StartError, supervise
from gateway.node.valkey import ValkeyError, ValkeyPlan
from gateway.node_settings import (
    CONFIGURATION_VARIABLE,
    data_directory,
    metrics_directory,
    settings_to_environment,
)

_TRY: Final = """\
Callmark {version} serves.
  calls       http://{calls}
  control     http://{control}
  data        {data}
"""
_FIRST_CALL: Final = """
Sign a call, and ask for a verdict on one (copy and paste):

  curl -s http://{calls}/stir/v1/signing \\
    -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' \\
    -d '{{"signingRequest":{{"attest":"A","orig":{{"tn":"+442079460123"}},"dest":{{"tn":["+441614960000"]}},
         "iat":'$(date +%s)',"origid":"de305d54-75b4-431b-adb2-eb6b9e546014"}}}}'

  curl -s http://{calls}/v1/verdicts \\
    -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' \\
    -d '{{"call":{{"id":"first","from":{{"tn":"+442079460999"}},"to":{{"tn":["+441614960000"]}},
         "time":'$(date +%s)',"trunk":"international-1"}}}}'

The token is kept in {token_file}. Stop with Ctrl-C.
"""


@click.command()
@configuration_option
def serve(*, directory: Path) -> None:
    """Answer switches until Ctrl-C or SIGTERM.

    Reads the configuration, makes what a first start needs (development certificates and a token, where
    the configuration asks for them), and starts the node: embedded Valkey, control process, workers.
    A reload needs no restart: `callmark reload`, or SIGHUP.
    """
    telemetry.configure_logging(process="supervisor")
    environment = dict(os.environ)
    settings = read_settings(directory, environment)
    if isinstance(settings, list):
        report_problems(settings)
        return
    make_development_files(settings)
    configuration = read_configuration(directory, environment)
    store = BundleStore(data_directory(settings))
    if isinstance(configuration, list):
        report_problems(configuration, stop=store.read_current() is None)
        click.echo("The last good configuration is in force until these are mended.", err=True)
    else:
        _check_signing(configuration)
    try:
        plan = _plan(directory, settings)
        token = (
            development_token(configuration, settings) if isinstance(configuration, Configuration) else None
        )
        _greet(settings, token)
        status = asyncio.run(supervise(plan))
    except (ListenError, DataDirectoryError, ValkeyError, StartError) as error:
        raise click.ClickException(str(error)) from error
    finally:
        telemetry.flush_logs()
    sys.exit(status)


def _check_signing(configuration: Configuration) -> None:
    """A key that does not belong to its certificate stops the start, not the first call."""
    key_file = configuration.settings.signing.key_file
    signing = configuration.generation.signing
    if signing is not None and key_file is not None:
        try:
            load_signer(signing, Path(key_file))
        except SigningSetupError as error:
            raise click.ClickException(str(error)) from error


def _plan(directory: Path, settings: Settings) -> NodePlan:
    data = data_directory(settings)
    metrics = metrics_directory(settings)
    metrics.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in metrics.glob("*.db"):
        old.unlink()
    listen = settings.listen
    control = [Listen("[listen] control", (parse_address(listen.control),))]
    if listen.repository:
        on_loopback = parse_listen_address(listen.repository).is_loopback
        # In development a taken port costs only the publishing of throw-away certificates.
        control.append(
            Listen("[listen] repository", (parse_address(listen.repository),), required=not on_loopback)
        )
    return NodePlan(
        data_directory=data,
        worker_count=listen.workers or os.cpu_count() or 1,
        worker_argv=(sys.executable, "-m", "gateway.calls.worker"),
        control_argv=(sys.executable, "-m", "gateway.control.main"),
        call_listener=Listen("[listen] calls", (parse_address(listen.calls),)),
        control_listeners=tuple(control),
        valkey=ValkeyPlan(data / "valkey") if settings.redis.url == "embedded" else None,
        environment=_children(directory, settings, metrics),
    )


def _children(directory: Path, settings: Settings, metrics: Path) -> Mapping[str, str]:
    return {
        **settings_to_environment(settings),
        CONFIGURATION_VARIABLE: str(directory),
        telemetry.METRICS_VARIABLE: str(metrics),
        telemetry.REDACTION_VARIABLE: os.urandom(16).hex(),
    }


def _greet(settings: Settings, token: str | None) -> None:
    listen = settings.listen
    click.echo(
        _TRY.format(
            version=__version__, calls=listen.calls, control=listen.control, data=settings.data.directory
        )
    )
    if token is not None:
        click.echo(
            _FIRST_CALL.format(
                calls=listen.calls, token=token, token_file=Path(settings.data.directory) / "token"
            )
        )
