"""What a first start on a developer's machine makes by itself: throw-away certificates, a token, an operator.

Only where the configuration is the development one: certificates where `[signing]` points into
`certs/dev` and nothing is there yet, token and operator where every listener is on loopback and `trunks.toml`
names a token called `development`. An operator's own configuration does neither, so nothing is made for it.
"""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import click

from gateway.cli.administration import facts_follower
from gateway.cli.development_pki import DevelopmentPki, make_development_pki
from gateway.control.commands import TokenRequest, create_token, list_tokens, revoke_token
from gateway.control.people.accounts import create_person, find_by_email
from gateway.control.people.passwords import is_password
from gateway.control.reloading.files import Configuration
from gateway.facts.tokens import Scope, hash_token
from gateway.generation.settings import Settings, parse_listen_address
from gateway.generation.trunks import TokenCredential
from gateway.node_settings import data_directory, development_sign_in_path, development_token_path
from gateway.record import Record, RecordBusyError, RecordError, RecordLock, open_record, record_location

DEVELOPMENT_PKI: Final = Path("certs/dev")
DEVELOPMENT_ANCHORS: Final = Path("certs/trust")
DEVELOPMENT_ROOT: Final = "development-root.pem"
TOKEN_NAME: Final = "development"  # noqa: S105 - a name, not a token
_ACTOR: Final = "first-start"
OPERATOR_EMAIL: Final = "operator@example.org"
_SCOPES: Final = (Scope.CALL_SIGN, Scope.CALL_VERIFY, Scope.REPORT_WRITE, Scope.OPERATOR)


@dataclass(frozen=True, slots=True)
class DevelopmentAccess:
    """What opens a development node."""

    token: str | None = field(repr=False)
    """None where another node of the record made it: it is in that one's data directory."""
    password: str | None = field(repr=False)
    """Of `OPERATOR_EMAIL`; None once it was changed."""


def make_development_files(settings: Settings) -> None:
    """Make the development PKI where the settings point to it and it is not there."""
    key_file = settings.signing.key_file
    if key_file is None or Path(key_file).parent != DEVELOPMENT_PKI:
        return
    paths = make_pki(DEVELOPMENT_PKI)
    if Path(settings.trust.anchors_directory) == DEVELOPMENT_ANCHORS:
        trust_root(paths, DEVELOPMENT_ANCHORS)


def make_pki(directory: Path) -> DevelopmentPki:
    """Make the development PKI, or leave a complete one alone. Raises ClickException."""
    before = DevelopmentPki.within(directory).shaken
    was = before.stat().st_mtime_ns if before.exists() else None
    try:
        paths = make_development_pki(directory, now=int(time.time()))
    except OSError as error:
        raise click.ClickException(f"{directory} cannot be written: {error.strerror}.") from error
    if was != paths.shaken.stat().st_mtime_ns:
        click.echo(f"Made development certificates in {directory} (throw-away: trust them nowhere else).")
    return paths


def trust_root(paths: DevelopmentPki, anchors: Path) -> Path:
    """Put the development root beside the other anchors."""
    target, content = anchors / DEVELOPMENT_ROOT, paths.root.read_bytes()
    try:
        if not target.exists() or target.read_bytes() != content:
            target.write_bytes(content)
    except OSError as error:
        raise click.ClickException(f"{target} cannot be written: {error.strerror}.") from error
    return target


def development_access(configuration: Configuration, settings: Settings) -> DevelopmentAccess | None:
    """Token and operator, made where they are missing; None for an operator's own configuration."""
    listen = settings.listen
    addresses = [address for address in (listen.calls, listen.repository, listen.control) if address]
    if not all(parse_listen_address(address).is_loopback for address in addresses):
        return None
    named = (
        credential.token_name == TOKEN_NAME
        for trunk in configuration.generation.policy.trunks
        for credential in trunk.credentials
        if isinstance(credential, TokenCredential)
    )
    if not any(named):
        return None
    try:
        return asyncio.run(_access(settings))
    except RecordBusyError as error:
        raise click.ClickException(
            f"{error}. If that is another node, give this one a data directory of its own: "
            "CALLMARK_DATA__DIRECTORY"
        ) from error
    except RecordError as error:
        raise click.ClickException(str(error)) from error


async def _access(settings: Settings) -> DevelopmentAccess:
    directory = data_directory(settings)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with RecordLock(directory):
        record = await open_record(record_location(settings.database.url, directory))
        try:
            now = int(time.time())
            token = await _token(record, settings, now)
            return DevelopmentAccess(token, await _operator(record, settings, now))
        finally:
            await record.close()


async def _token(record: Record, settings: Settings, now: int) -> str | None:
    path = development_token_path(settings)
    live = {token.name: token for token in await list_tokens(record)}
    kept = path.read_text(encoding="ascii").strip() if path.exists() else ""
    if TOKEN_NAME in live:
        if hash_token(kept) == live[TOKEN_NAME].hash:
            return kept
        if record.is_shared:
            # Another node's, which goes by it; to have a new one, an operator revokes it.
            return None
        await revoke_token(record, TOKEN_NAME, actor=_ACTOR, now=now)
    request = TokenRequest(name=TOKEN_NAME, scopes=tuple(scope.value for scope in _SCOPES))
    created = await create_token(record, request, actor=_ACTOR, now=now)
    _write_private(path, created.secret)
    with facts_follower(record, data_directory(settings)) as follower:
        await follower.follow(now=now)
    return created.secret


async def _operator(record: Record, settings: Settings, now: int) -> str | None:
    """The operator's password, as long as it is the one that was made here."""
    path = development_sign_in_path(settings)
    person = await find_by_email(record, OPERATOR_EMAIL)
    if person is None:
        made = await create_person(
            record, email=OPERATOR_EMAIL, role=Scope.OPERATOR, owner_id=None, actor=_ACTOR, now=now
        )
        _write_private(path, f"{OPERATOR_EMAIL}\n{made.password}")
        return made.password
    kept = path.read_text(encoding="ascii").splitlines() if path.exists() else []
    if len(kept) == 2 and await is_password(kept[1], stored=person.password_hash):
        return kept[1]
    return None


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text + "\n")
