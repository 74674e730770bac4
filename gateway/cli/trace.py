"""`callmark trace`: calls found in the whole journal, handed on as signed evidence; evidence checked."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

import click
from cryptography import x509

from gateway.certificates.domain import why_no_anchor
from gateway.certificates.profile import DEFAULT_POLICY_OIDS
from gateway.certificates.reading import CertificateError, read_certificates
from gateway.certificates.trust import Trust, build_trust
from gateway.cli.bundle_check import Believed, check_bundle
from gateway.cli.bundle_words import checked_document, checked_lines
from gateway.cli.config import configuration_option
from gateway.cli.jobs import progress_bar
from gateway.cli.options import data_directory_option, json_option, show_json
from gateway.cli.trace_errand import TraceErrand, find_calls
from gateway.cli.wording import safe, show
from gateway.control.reloading.files import read_configuration
from gateway.control.tracing.search import MOST_FOUND

_SUFFIXES: Final = (".pem", ".crt", ".cer", ".der")
_TIME_HELP: Final = "such as 2026-11-23T02:00Z (UTC where it does not say), or seconds since 1970."


@click.group()
def trace() -> None:
    """Trace calls back: find them in everything the journal still holds, and hand their evidence on.

    \b
        callmark trace find --number +442079460123 --from 2026-11-23T02:00Z --output case-17.jws
        callmark trace verify case-17.jws --anchors /etc/callmark/sti-pa

    Exit status: 0 done (verify: everything holds), 1 not (the message says why), 2 wrong usage.
    """  # noqa: D301 - click wants the character \b itself, not its two letters


@trace.command()
@click.option("--number", metavar="TN", help="Calling, network or called number.")
@click.option("--from", "begins", metavar="TIME", help=f"Not before this time, {_TIME_HELP}")
@click.option("--until", "ends", metavar="TIME", help="Not after this time.")
@click.option("--origid", help="The origid of its PASSporT, as a traceback request names it.")
@click.option("--trunk", help="A trunk of trunks.toml.")
@click.option(
    "--certificate", metavar="SHA256", help="The signing certificate's fingerprint, or its beginning."
)
@click.option("--call-id", help="The switch's name for the call.")
@click.option(
    "--limit", type=click.IntRange(1, MOST_FOUND), default=100, show_default=True, help="The newest."
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the evidence into this file, signed: for another party, who checks it with `trace verify`.",
)
@click.option("--csv", "as_csv", is_flag=True, help="Rows for a traceback, on standard output.")
@data_directory_option
@json_option
def find(
    *,
    number: str | None,
    begins: str | None,
    ends: str | None,
    origid: str | None,
    trunk: str | None,
    certificate: str | None,
    call_id: str | None,
    limit: int,
    output: Path | None,
    as_csv: bool,
    data_directory: Path,
    as_json: bool,
) -> None:
    """Find calls in the journal, by anything that names them; all that is given has to fit.

    A running node searches its own journal; without one this command does. How far back the journal goes is
    said: what is older is not kept.
    """
    named = {
        "number": number,
        "from": _moment(begins, "--from"),
        "until": _moment(ends, "--until"),
        "origid": origid,
        "trunk": trunk,
        "certificate": certificate,
        "call_id": call_id,
    }
    document = {name: value for name, value in named.items() if value is not None}
    if not document:
        raise click.UsageError("Say what to find: at least one of the options from --number to --call-id.")
    errand = TraceErrand({**document, "limit": limit}, csv=as_csv, evidence=output is not None)
    with progress_bar("journal", hidden=as_json) as bar:
        found = asyncio.run(find_calls(data_directory, errand, bar))
    if output is not None:
        _write(output, found.evidence)
    if as_csv:
        click.echo(found.csv, nl=False)
    elif as_json:
        signer = {"evidence": str(output), "signer_sha256": found.signer} if output is not None else {}
        show_json({**found.document, **signer})
    else:
        show("\n".join(_lines(found.document)))
    if output is not None and not as_json:
        kept = len(found.document["calls"])
        click.echo(
            f"{output} holds the evidence of {kept} call{'s' * (kept != 1)}, numbers in full, signed by "
            f"{data_directory / 'evidence.pem'}\n(SHA-256 {found.signer}): "
            "give that to its reader by another way.",
            err=True,
        )
    if not found.document["calls"]:
        raise click.exceptions.Exit(1)


@trace.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--anchors",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Whom you believe: the STI-PA's roots, and evidence certificates that carriers gave you. Without "
    "it, the anchors of this installation's configuration.",
)
@click.option(
    "--policy-oid",
    multiple=True,
    help="With --anchors: certificate policies of which a signing certificate must carry one.",
)
@click.option("--explain", is_flag=True, help="Explain every header of every call as `callmark verify` does.")
@configuration_option
@json_option
def verify(
    *,
    file: Path,
    anchors: Path | None,
    policy_oid: tuple[str, ...],
    explain: bool,
    directory: Path,
    as_json: bool,
) -> None:
    """Check an evidence FILE offline: its signature, who signed it, and every Identity header in it.

    Nothing is fetched and no node has to run. Every header is judged again, as of its call, with the chain in
    the file and by the authorities that you believe; what only the carrier can know is marked as its word.

    Exit status: 0 everything that could be checked holds, 1 something does not, 2 wrong usage.
    """
    believed = _given(anchors, policy_oid) if anchors is not None else _configured(directory)
    checked = check_bundle(file.read_bytes(), believed)
    if as_json:
        show_json(checked_document(checked))
    else:
        show("\n".join(checked_lines(checked, explain=explain)))
    if not checked.holds:
        raise click.exceptions.Exit(1)


def _given(directory: Path, policy_oids: tuple[str, ...]) -> Believed:
    """Authorities and signers, told apart by what their certificates may do."""
    authorities: list[tuple[str, bytes]] = []
    signers: list[x509.Certificate] = []
    for path in sorted(directory.iterdir()):
        if path.suffix not in _SUFFIXES or not path.is_file():
            continue
        data = path.read_bytes()
        try:
            certificates = read_certificates(data)
        except CertificateError as error:
            raise click.BadParameter(f"{path} {error}.", param_hint="--anchors") from error
        if any(why_no_anchor(each) is None for each in certificates):
            authorities.append((path.name, data))
        else:
            signers += certificates
    built = build_trust(anchors=authorities, policy_oids=policy_oids or DEFAULT_POLICY_OIDS)
    if not isinstance(built, Trust):
        problems = "; ".join(f"{each.file} {each.message}".strip() for each in built)
        raise click.BadParameter(f"{directory}: {problems}.", param_hint="--anchors")
    return Believed(built, frozenset(signers))


def _configured(directory: Path) -> Believed:
    configuration = read_configuration(directory, os.environ)
    if isinstance(configuration, list):
        raise click.UsageError(
            f"There is no configuration in {directory} to take trust anchors from; name them with --anchors."
        )
    return Believed(configuration.generation.trust, frozenset())


def _moment(text: str | None, option: str) -> float | None:
    if text is None:
        return None
    if text.isascii() and text.isdigit() and len(text) <= 10:
        return float(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is no time; {_TIME_HELP}", param_hint=option) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _write(output: Path, data: bytes) -> None:
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                # Whoever could read the file of before must not read numbers in this one.
                os.fchmod(descriptor, 0o600)
                os.ftruncate(descriptor, 0)
            file.write(data)
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written: {error.strerror}.") from error


def _lines(found: Mapping[str, Any]) -> list[str]:
    lines = [_line(cast("Mapping[str, Any]", each)) for each in found["calls"]]
    shown, fitting = len(lines), found["fitting"]
    since = found["journal_begins"]
    lines.append(
        f"{fitting} call{'s' * (fitting != 1)} fit"
        + (f", the newest {shown} shown." if shown < fitting else ".")
    )
    lines.append(f"The journal goes back to {since}." if since else "The journal holds no calls.")
    return lines


def _line(call: Mapping[str, Any]) -> str:
    to = ", ".join(str(each) for each in call["to"])
    answer = call["action"] or (f"signed {call['attest']}" if call["attest"] else "not signed")
    why = call["deciding"] or call["reason"]
    return (
        f"{call['time']}  {call['from'] or call['network'] or '-'} → {to}  {safe(call['trunk'])}  "
        f"{answer} ({why})  {safe(call['call_id'])}"
    )
