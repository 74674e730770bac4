"""`callmark verify`: what Identity headers prove, and what the gateway would say of them, step by step."""

from __future__ import annotations

import asyncio
import json
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

import click

from gateway.certificates.use import believed_among
from gateway.certificates.x5u import X5uPolicy
from gateway.cli.call_inspection import CallGiven, inspect_call
from gateway.cli.call_words import answer_alone, document, explain_call
from gateway.cli.config import configuration_option, report_problems, verification_policy
from gateway.cli.inspection import Credential, judge_chain
from gateway.cli.pasted import read_values
from gateway.cli.trunk_option import find_trunk, trunk_option
from gateway.cli.wording import show
from gateway.control.reloading.files import Configuration, read_configuration, read_settings
from gateway.control.trust.trust_task import kept_files
from gateway.fetch.fetcher import CertificateFetcher, CertificateUnobtainableError, Fetched, FetchPolicy
from gateway.generation.settings import Settings
from gateway.generation.trunks import Trunk
from gateway.numbers.canonical import DiallingRules, NumberError, TelephoneNumber, canonical
from gateway.passport.claims import MAX_IAT
from gateway.reasons import Finding
from gateway.verification.profile import PROFILES

_MOST_PEM: Final = 65_536
_LEAVE_SECONDS: Final = 0.1


@click.command()
@click.argument("identity", nargs=-1)
@click.option("--from", "from_", metavar="TN", help="The calling number; without it, the claims' own.")
@click.option(
    "--to", metavar="TN", multiple=True, help="A called number; may be repeated. Without it, the claims' own."
)
@click.option(
    "--request-uri",
    metavar="TN",
    help="The number in the Request-URI; without it, where the last diversion leads, if there is one.",
)
@click.option(
    "--resource-priority",
    metavar="R-VALUE",
    multiple=True,
    help="A value of the Resource-Priority header; may be repeated. Without it, what is signed.",
)
@click.option("--priority", metavar="TEXT", help="The value of the Priority header.")
@click.option(
    "--time",
    "time_",
    metavar="EPOCH",
    type=click.IntRange(1, MAX_IAT),
    help="When the call was, in seconds since 1970: the headers are judged as of then. Without it, now.",
)
@click.option(
    "--certificate",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The certificate chain (PEM), instead of fetching it from the header's info address.",
)
@trunk_option
@configuration_option
@click.option(
    "--explain/--brief",
    "in_full",
    default=True,
    help="Explain each header step by step (what is done without either), or give the answer alone.",
)
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for programs.")
def verify(
    *,
    identity: tuple[str, ...],
    from_: str | None,
    to: tuple[str, ...],
    request_uri: str | None,
    resource_priority: tuple[str, ...],
    priority: str | None,
    time_: int | None,
    certificate: Path | None,
    trunk_name: str | None,
    directory: Path,
    in_full: bool,
    as_json: bool,
) -> None:
    """Explain a call's Identity headers: what is in them, whether they hold, what the gateway answers.

    IDENTITY is a header's value, with or without "Identity:" before it; several headers of one call are
    judged together, as a chain of diversions has to be. Without any, or with "-", they are read from standard
    input, one a line; a whole SIP message will do. No node has to run. The trust anchors, the freshness
    window and the rules for certificate addresses are those of the configuration.

    \b
        callmark verify 'eyJhbGciOi...;info=<https://cert.example.org/a.pem>;alg=ES256;ppt=shaken'
        callmark verify --from +442079460123 --to +441614960000 --time 1795386712 - < invite.txt
        callmark verify --certificate a.pem - < header.txt           (nothing is fetched)
        callmark sign --orig +442079460123 --dest +441614960000 | callmark verify --brief

    A header is refused when it is older than the freshness window, so one from yesterday's trace needs
    --time, the time of its call.

    Exit status: 0 every header holds, 1 one does not, 2 nothing was judged (wrong usage or configuration).
    """  # noqa: D301 - click wants the character \b itself, not its two letters
    values = read_values(identity)
    settings = read_settings(directory, os.environ)
    obtained = {} if isinstance(settings, list) else kept_files(settings, now=time.time())
    configuration = read_configuration(directory, os.environ, obtained=obtained)
    if isinstance(configuration, list):
        report_problems(configuration, stop=False)
        raise click.exceptions.Exit(2)
    trunk = find_trunk(configuration, trunk_name)
    dialling, policy = trunk.dialling, verification_policy(configuration.settings)
    given = CallGiven(
        time=time_,
        orig=None if from_ is None else _number(from_, "--from", dialling),
        dests=frozenset(_number(tn, "--to", dialling) for tn in to),
        request_uri=None if request_uri is None else _number(request_uri, "--request-uri", dialling),
        resource_priority=frozenset(resource_priority) if resource_priority else None,
        priority=None if priority is None else priority.lower(),
    )
    now = int(time.time()) if time_ is None else time_
    call = inspect_call(
        values,
        given,
        now=now,
        policy=policy,
        dialling=dialling,
        profile=PROFILES[trunk.profile],
        credentials=_Credentials(configuration, trunk, file=certificate, x5u=policy.x5u, now=now),
    )
    if as_json:
        click.echo(json.dumps(document(call), indent=2))
    else:
        show("\n".join(explain_call(call) if in_full else answer_alone(call)))
    raise click.exceptions.Exit(0 if call.passed else 1)


class _Credentials:
    """Chains from a file, this gateway's own certificate, or from where a call would fetch them."""

    def __init__(
        self, configuration: Configuration, trunk: Trunk, *, file: Path | None, x5u: X5uPolicy, now: int
    ) -> None:
        self._configuration = configuration
        self._trunk = trunk
        self._file = file
        self._x5u = x5u
        self._now = now
        self._fetched: dict[str, Credential] = {}

    def at_hand(self, x5u: str) -> Credential | None:
        """The chain, if nothing has to be fetched for it."""
        known = self._at_hand(x5u)
        return None if known is None else self._on_trunk(known)

    def get(self, x5u: str) -> Credential:
        """The chain, or why there is none."""
        known = self._at_hand(x5u)
        if known is None:
            known = self._fetched[x5u] = self._fetch(x5u)
        return self._on_trunk(known)

    def _on_trunk(self, known: Credential) -> Credential:
        return replace(known, judged=believed_among(self._trunk.trust_domains, known.judged))

    def _at_hand(self, x5u: str) -> Credential | None:
        trust, signing = self._configuration.generation.trust, self._configuration.generation.signing
        if self._file is not None:
            source = f"Read from {self._file}, nothing was fetched."
            return judge_chain(_file(self._file), trust=trust, now=self._now, source=source)
        if signing is not None and x5u == signing.x5u:
            source = "This gateway's own, from [signing] certificate_file; nothing was fetched."
            return judge_chain(signing.chain_pem, trust=trust, now=self._now, source=source)
        return self._fetched.get(x5u)

    def _fetch(self, x5u: str) -> Credential:
        fetched = asyncio.run(_fetch(x5u, self._configuration.settings, self._x5u))
        if isinstance(fetched, Finding):
            return Credential(f"Not obtained: {fetched.detail}.", fetched)
        return judge_chain(
            fetched.body,
            trust=self._configuration.generation.trust,
            now=self._now,
            source=f"Fetched from {x5u}",
            warnings=fetched.warnings,
        )


async def _fetch(url: str, settings: Settings, x5u: X5uPolicy) -> Fetched | Finding:
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
            return file.read(_MOST_PEM)
    except OSError as error:
        raise click.BadParameter(
            f"{path} cannot be read: {error.strerror}.", param_hint="--certificate"
        ) from error


def _number(text: str, option: str, dialling: DiallingRules) -> TelephoneNumber:
    try:
        return canonical(text, dialling)
    except NumberError as error:
        raise click.BadParameter(f"{text!r}: {error.problem}.", param_hint=option) from error
