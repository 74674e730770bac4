"""`callmark verify`: what an Identity header proves, and what the gateway would say of it, step by step."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Final

import click

from gateway.certificates.x5u import X5uPolicy
from gateway.cli.config import configuration_option, report_problems
from gateway.cli.explanation import document, explain
from gateway.cli.inspection import (
    Credential,
    Examination,
    Inspection,
    Parts,
    conclude,
    examine_on,
    judge_chain,
    own_numbers,
    read_parts,
)
from gateway.cli.trunk_option import find_trunk, trunk_option
from gateway.cli.wording import show
from gateway.control.files import Configuration, read_configuration
from gateway.fetch.fetcher import CertificateFetcher, CertificateUnobtainableError, FetchedPem, FetchPolicy
from gateway.generation.settings import Settings
from gateway.generation.trunks import Trunk
from gateway.numbers.canonical import DiallingRules, NumberError, TelephoneNumber, canonical, to_e164
from gateway.passport.claims import MAX_IAT
from gateway.reasons import Finding
from gateway.verification.examine import VerificationPolicy, VerificationRequest

_MOST_INPUT: Final = 65_536
_LEAVE_SECONDS: Final = 0.1
# `y` is the compact form of the header's name (RFC 8224 section 4).
_NAME: Final = re.compile(r"(?:identity|y)[ \t]*:", re.IGNORECASE)
_FOLD: Final = re.compile(r"\r?\n[ \t]+")


@click.command()
@click.argument("identity", required=False)
@click.option("--from", "from_", metavar="TN", help="The calling number; without it, the claims' own.")
@click.option(
    "--to", metavar="TN", multiple=True, help="A called number; may be repeated. Without it, the claims' own."
)
@click.option(
    "--time",
    "time_",
    metavar="EPOCH",
    type=click.IntRange(1, MAX_IAT),
    help="When the call was, in seconds since 1970: the header is judged as of then. Without it, now.",
)
@click.option(
    "--certificate",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The certificate chain (PEM), instead of fetching it from the header's info address.",
)
@trunk_option
@configuration_option
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for programs.")
def verify(
    *,
    identity: str | None,
    from_: str | None,
    to: tuple[str, ...],
    time_: int | None,
    certificate: Path | None,
    trunk_name: str | None,
    directory: Path,
    as_json: bool,
) -> None:
    """Explain an Identity header: what is in it, whether it holds, and what the gateway answers.

    IDENTITY is the header's value, with or without "Identity:" before it; without it, or with "-", it is
    read from standard input. No node has to run. The trust anchors, the freshness window and the rules
    for certificate addresses are those of the configuration.

    \b
        callmark verify 'eyJhbGciOi...;info=<https://cert.example.org/a.pem>;alg=ES256;ppt=shaken'
        callmark verify --from +442079460123 --to +441614960000 --time 1795386712 - < header.txt
        callmark verify --certificate a.pem - < header.txt           (nothing is fetched)
        callmark sign --orig +442079460123 --dest +441614960000 | callmark verify

    A header is refused when it is older than the freshness window, so one from yesterday's trace needs
    --time, the time of its call.

    Exit status: 0 passed, 1 not passed, 2 nothing was judged (wrong usage or configuration).
    """  # noqa: D301 - click wants the character \b itself, not its two letters
    value = read_value(identity)
    configuration = read_configuration(directory, os.environ)
    if isinstance(configuration, list):
        report_problems(configuration, stop=False)
        raise click.exceptions.Exit(2)
    trunk = find_trunk(configuration, trunk_name)
    parts = read_parts(value)
    now = int(time.time()) if time_ is None else time_
    request, assumed = _request(value, parts, from_=from_, to=to, now=now, dialling=trunk.dialling)
    if time_ is None:
        assumed = (*assumed, "The call's time was not given: it is taken to be now.")
    inspection = _inspect(configuration, value, parts, request, trunk=trunk, now=now, file=certificate)
    if as_json:
        click.echo(json.dumps(document(inspection, assumed=assumed), indent=2))
    else:
        show("\n".join(explain(inspection, assumed=assumed)))
    raise click.exceptions.Exit(0 if inspection.outcome.passport is not None else 1)


def read_value(argument: str | None) -> str:
    """The header's value as it was pasted: without its name, its folding and what surrounds it."""
    if argument is None or argument == "-":
        if argument is None and sys.stdin.isatty():
            raise click.UsageError("Give an Identity header's value, or '-' to paste it and end with Ctrl-D.")
        argument = sys.stdin.buffer.read(_MOST_INPUT).decode("utf-8", "backslashreplace")
    value = _FOLD.sub(" ", argument.strip())
    named = _NAME.match(value)
    if named is not None:
        value = value[named.end() :].strip()
    if not value:
        raise click.UsageError("There is no Identity header: what was given is empty.")
    return value


def _request(
    value: str, parts: Parts, *, from_: str | None, to: tuple[str, ...], now: int, dialling: DiallingRules
) -> tuple[VerificationRequest, tuple[str, ...]]:
    """The call the header is held against, and what of it was assumed."""
    orig, dests = own_numbers(parts.claims, dialling)
    assumed: list[str] = []
    if from_ is not None:
        orig = _number(from_, "--from", dialling)
    elif parts.claims is not None:
        assumed.append(f"The calling number was not given: it is taken to be the one signed, {_shown(orig)}.")
    if to:
        dests = frozenset(_number(tn, "--to", dialling) for tn in to)
    elif parts.claims is not None:
        signed = ", ".join(sorted(map(_shown, dests))) or _shown(TelephoneNumber(""))
        assumed.append(f"The called number was not given: it is taken to be what was signed, {signed}.")
    return VerificationRequest(orig=orig, dests=dests, time=now, identity=value), tuple(assumed)


def _inspect(
    configuration: Configuration,
    value: str,
    parts: Parts,
    request: VerificationRequest,
    *,
    trunk: Trunk,
    now: int,
    file: Path | None,
) -> Inspection:
    settings = configuration.settings
    policy = VerificationPolicy(
        freshness_seconds=settings.verification.freshness_seconds,
        x5u=X5uPolicy(
            allowed_ports=settings.x5u.allowed_ports,
            allow_private_addresses=settings.x5u.allow_private_addresses,
        ),
    )
    examination = examine_on(request, parts.claims, policy=policy, dialling=trunk.dialling, now=now)
    credential = _credential(configuration, parts, examination, file=file, x5u=policy.x5u)
    return conclude(value, parts, examination, credential)


def _credential(
    configuration: Configuration,
    parts: Parts,
    examination: Examination,
    *,
    file: Path | None,
    x5u: X5uPolicy,
) -> Credential | None:
    """The chain: of the file, of this gateway's own certificate, or fetched where a call would fetch it."""
    trust, signing = configuration.generation.trust, configuration.generation.signing
    now = examination.now
    if file is not None:
        return judge_chain(
            _file(file), trust=trust, now=now, source=f"Read from {file}, nothing was fetched."
        )
    info = None if parts.identity is None else parts.identity.info
    if signing is not None and info == signing.x5u:
        source = "This gateway's own, from [signing] certificate_file; nothing was fetched."
        return judge_chain(signing.chain_pem, trust=trust, now=now, source=source)
    if examination.examined is None:
        return None
    fetched = asyncio.run(_fetch(examination.examined.x5u, configuration.settings, x5u))
    if isinstance(fetched, Finding):
        return Credential(f"Not obtained: {fetched.detail}.", fetched)
    source = f"Fetched from {examination.examined.x5u}"
    return judge_chain(fetched.body, trust=trust, now=now, source=source, warnings=fetched.warnings)


async def _fetch(url: str, settings: Settings, x5u: X5uPolicy) -> FetchedPem | Finding:
    tls_ca_file = settings.x5u.tls_ca_file
    policy = FetchPolicy(
        x5u=x5u,
        tls_ca_file=None if tls_ca_file is None else Path(tls_ca_file),
        fetch_timeout_ms=settings.x5u.fetch_timeout_ms,
    )
    try:
        fetcher = CertificateFetcher(policy)
    except ValueError as error:
        raise click.UsageError(f"[x5u] tls_ca_file: {error}") from error
    try:
        return await fetcher.fetch(url)
    except CertificateUnobtainableError as error:
        return Finding(error.reason, error.problem, "info")
    finally:
        await fetcher.close()
        # TLS takes its leave behind `close`, which does not wait for it; the loop ends right after this.
        await asyncio.sleep(_LEAVE_SECONDS)


def _file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_INPUT)
    except OSError as error:
        raise click.BadParameter(
            f"{path} cannot be read: {error.strerror}.", param_hint="--certificate"
        ) from error


def _number(text: str, option: str, dialling: DiallingRules) -> TelephoneNumber:
    try:
        return canonical(text, dialling)
    except NumberError as error:
        raise click.BadParameter(f"{text!r}: {error.problem}.", param_hint=option) from error


def _shown(tn: TelephoneNumber) -> str:
    return to_e164(tn) if tn else "(not a telephone number)"
