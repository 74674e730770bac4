"""`callmark certificates`: what this gateway signs with, shown, and put where others fetch it."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

import click
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from gateway.certificates.leaf import tn_auth_list_of
from gateway.certificates.reading import CertificateError, read_pem_certificates
from gateway.certificates.reading import show as printable
from gateway.certificates.tnauthlist import TnAuthList
from gateway.cli.administration import run
from gateway.cli.config import configuration_option, report_problems
from gateway.cli.control_client import NoNodeError, ask_control
from gateway.cli.options import data_directory_option, json_option, show_json
from gateway.control.reloading.files import read_configuration
from gateway.control.repository import CACHE_CONTROL, MEDIA_TYPE, Published

_MODE: Final = stat.S_IRUSR | stat.S_IWUSR | stat.S_IRGRP | stat.S_IROTH
"""Everybody may read it: that is what it is for."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A published chain: the path of its x5u, and its PEM, the signing certificate first."""

    path: str
    pem: bytes
    certificates: tuple[x509.Certificate, ...]


@click.group()
def certificates() -> None:
    """The certificates calls are signed with. Never a key: nothing here reads one.

    Exit status: 0 done, 1 not possible (the message says why), 2 wrong usage.
    """


@certificates.command()
@click.argument("target", metavar="DIRECTORY", type=click.Path(path_type=Path, file_okay=False))
@configuration_option
@data_directory_option
@json_option
def export(*, target: Path, directory: Path, data_directory: Path, as_json: bool) -> None:
    """Write the chains into DIRECTORY as a web server has to publish them, by the paths of their x5u.

    From a running node these are all it publishes, those of lately among them: calls signed with them may
    still be ringing. Without one, it is the chain of the configuration.
    """
    chains = run(_chains(directory, data_directory))
    written = {chain.path: _write(target, chain) for chain in chains}
    if as_json:
        show_json({"files": {path: str(file) for path, file in written.items()}})
        return
    for path, file in written.items():
        click.echo(f"{file}  is to be found at  {path}")
    click.echo(
        f"Upload what is in {target} to the web server of your x5u, as the root of its paths: https, "
        f"Content-Type {MEDIA_TYPE}, Cache-Control {CACHE_CONTROL}, no redirects (ATIS-1000074)."
    )


@certificates.command()
@configuration_option
@data_directory_option
@json_option
def show(*, directory: Path, data_directory: Path, as_json: bool) -> None:
    """Show who the certificates name, for which providers they speak, and until when they are good."""
    chains = run(_chains(directory, data_directory))
    described: list[dict[str, Any]] = [
        {"path": chain.path, "chain": [_describe(each) for each in chain.certificates]} for chain in chains
    ]
    if as_json:
        show_json({"certificates": described})
        return
    for chain in described:
        click.echo(f"{chain['path']}")
        for each in chain["chain"]:
            spc = f", provider codes {', '.join(each['spc'])}" if each["spc"] else ""
            click.echo(
                f"  {each['subject']}{spc}\n"
                f"    issued by {each['issuer']}; good from {each['not_before']} to {each['not_after']} "
                f"({_left(each['days_left'])}); SHA-256 {each['sha256'][:16]}…"
            )


async def _chains(configuration: Path, data_directory: Path) -> list[Chain]:
    """What is published. Raises ClickException where that is nothing, or nothing fit to be published."""
    try:
        answer = cast("dict[str, Any]", await ask_control(data_directory, "GET", "/admin/v1/certificates"))
        published = {each["path"]: each["pem"].encode() for each in answer["certificates"]}
    except NoNodeError:
        published = dict(_configured(configuration))
    if not published:
        raise click.ClickException(
            "there is no certificate: [signing] in gateway.toml names none, so this gateway only verifies."
        )
    return [Chain(path, pem, _read(path, pem)) for path, pem in published.items()]


def _configured(directory: Path) -> Mapping[str, bytes]:
    configuration = read_configuration(directory, os.environ)
    if isinstance(configuration, list):
        report_problems(configuration)
        return {}
    published = Published()
    published.take(configuration.generation)
    return published.chains


def _read(path: str, pem: bytes) -> tuple[x509.Certificate, ...]:
    # A private key among them is one of the errors: it stops here whatever was checked before.
    try:
        return read_pem_certificates(pem)
    except CertificateError as error:
        raise click.ClickException(f"what is published at {path} {error}; nothing was written.") from error


def _write(directory: Path, chain: Chain) -> Path:
    root = directory.resolve()
    file = (root / chain.path.lstrip("/")).resolve()
    if root not in file.parents:
        raise click.ClickException(f"the path {chain.path} of the x5u leads out of {directory}.")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # Whole or not at all: a web server may be reading it.
        temporary = file.with_name(f".{file.name}.{os.getpid()}")
        temporary.write_bytes(chain.pem)
        temporary.chmod(_MODE)
        temporary.rename(file)
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}.") from error
    return file


def _describe(certificate: x509.Certificate) -> dict[str, Any]:
    authority = tn_auth_list_of(certificate)
    end = certificate.not_valid_after_utc
    return {
        "subject": printable(certificate.subject.rfc4514_string()),
        "issuer": printable(certificate.issuer.rfc4514_string()),
        "spc": list(authority.spcs) if isinstance(authority, TnAuthList) else [],
        "not_before": f"{certificate.not_valid_before_utc:%Y-%m-%d}",
        "not_after": f"{end:%Y-%m-%d}",
        "days_left": (end - datetime.now(UTC)).days,
        "sha256": certificate.fingerprint(hashes.SHA256()).hex(),
    }


def _left(days: int) -> str:
    return f"{days} day{'s' * (days != 1)} left" if days >= 0 else "EXPIRED"
