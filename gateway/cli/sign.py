"""`callmark sign`: one Identity header, signed offline with the attestation the node would give."""

from __future__ import annotations

import json
import os
import time
import uuid
from pathlib import Path
from typing import Final

import click

from gateway.attestation.decide import Decision, decide
from gateway.calls.dialects.atis import parse_signing
from gateway.calls.dialects.problem import RequestProblem
from gateway.calls.signer import Signer, SigningSetupError, load_signer
from gateway.calls.signing import SigningRequest, shaken_claims
from gateway.cli.config import configuration_option, report_problems
from gateway.cli.trunk_option import find_trunk, trunk_option
from gateway.cli.wording import age, finding_words, moment, show
from gateway.control.files import Configuration, read_configuration
from gateway.generation.trunks import Trunk
from gateway.passport.claims import MAX_IAT
from gateway.passport.ppt import Ppt

_OPTIONS: Final = {"orig": "--orig", "dest": "--dest", "iat": "--iat", "origid": "--origid"}


@click.command()
@click.option("--orig", metavar="TN", required=True, help="The calling number.")
@click.option("--dest", metavar="TN", required=True, multiple=True, help="A called number; may be repeated.")
@click.option(
    "--attest",
    type=click.Choice(["A", "B", "C"]),
    default="A",
    show_default=True,
    help="The attestation wished for; what is given is never more than the right to the number allows.",
)
@click.option("--origid", metavar="UUID", help="The origination id; without it, a new one.")
@click.option(
    "--iat",
    metavar="EPOCH",
    type=click.IntRange(1, MAX_IAT),
    help="When the call is made, in seconds since 1970; without it, now.",
)
@trunk_option
@configuration_option
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for programs.")
def sign(
    *,
    orig: str,
    dest: tuple[str, ...],
    attest: str,
    origid: str | None,
    iat: int | None,
    trunk_name: str | None,
    directory: Path,
    as_json: bool,
) -> None:
    """Sign a call's numbers and print the Identity header's value.

    The key is that of [signing] in the configuration; no node has to run. The attestation is decided as
    the node decides it: A only for numbers that inventory.csv assigns to the trunk, less otherwise. The
    header goes to standard output, the sentence on the attestation to standard error.

    \b
        callmark sign --orig +442079460123 --dest +441614960000
        callmark sign --orig 020-7946-0123 --dest 0161-496-0000 --attest B
        callmark sign --orig +447700900123 --dest +441614960000 --trunk international-1
        callmark sign --orig +442079460123 --dest +441614960000 | callmark verify

    Exit status: 0 signed, 1 not signed (the message says why), 2 wrong usage.
    """  # noqa: D301 - click wants the character \b itself, not its two letters
    configuration = read_configuration(directory, os.environ)
    if isinstance(configuration, list):
        report_problems(configuration)
        return
    trunk = find_trunk(configuration, trunk_name)
    signer = _signer(configuration)
    now = int(time.time())
    request = _request(trunk, orig=orig, dest=dest, attest=attest, origid=origid, iat=iat or now)
    _check_validity(signer, iat=request.iat, now=now)
    decision = _decide(configuration, request, trunk)
    if decision.attest is None:
        row = decision.finding
        raise click.ClickException(f"not signed. {finding_words(row)} {row.reason.remedy}")
    identity = signer.sign(Ppt.SHAKEN, shaken_claims(request, decision.attest))
    if as_json:
        show(json.dumps(_document(identity, decision, request, trunk), indent=2))
        return
    show(identity)
    click.echo(_sentence(decision, request, trunk), err=True)
    freshness = configuration.settings.verification.freshness_seconds
    if abs(request.iat - now) > freshness:
        click.echo(
            f"Mind the time: iat is {moment(request.iat)}, {age(now - request.iat)}. A node signs nothing "
            f"more than {freshness} seconds from its clock, and verifiers will call this stale.",
            err=True,
        )


def _signer(configuration: Configuration) -> Signer:
    signing, key_file = configuration.generation.signing, configuration.settings.signing.key_file
    if signing is None or key_file is None:
        raise click.ClickException(
            "this configuration signs nothing: gateway.toml has no [signing]. Set its key_file, "
            "certificate_file and x5u; to try it out, `callmark pki dev` makes the first two."
        )
    try:
        return load_signer(signing, Path(key_file))
    except SigningSetupError as error:
        raise click.ClickException(str(error)) from error


def _request(
    trunk: Trunk, *, orig: str, dest: tuple[str, ...], attest: str, origid: str | None, iat: int
) -> SigningRequest:
    """Read the options as the node reads a switch's request, so that nothing is signed it would refuse."""
    body = {
        "attest": attest,
        "orig": {"tn": orig},
        "dest": {"tn": list(dest)},
        "iat": iat,
        "origid": origid or str(uuid.uuid4()),
    }
    try:
        return parse_signing(json.dumps({"signingRequest": body}).encode(), trunk.dialling)
    except RequestProblem as problem:
        name, why = (*problem.variables, "", "")[:2]
        option = _OPTIONS.get(name.partition(".")[0], "")
        raise click.BadParameter(f"{why or name}.", param_hint=option or None) from problem


def _check_validity(signer: Signer, *, iat: int, now: int) -> None:
    """As the node: nothing is signed that nobody could verify (RFC 8224 section 6.1 steps 3 and 4)."""
    for seconds, words in ((now, "now"), (iat, f"at iat, {moment(iat)}")):
        if not signer.covers_time(seconds):
            raise click.ClickException(
                f"the signing certificate is not valid {words}; it is from {moment(signer.not_before)} to "
                f"{moment(signer.not_after)}. Give another --iat, or renew [signing] certificate_file."
            )


def _decide(configuration: Configuration, request: SigningRequest, trunk: Trunk) -> Decision:
    policy = configuration.generation.policy
    return decide(
        wish=request.wish,
        orig=request.orig,
        trunk_name=trunk.name,
        trunk_kind=trunk.kind,
        right=policy.inventory.right_to_use(request.orig, trunk.name),
        policy=policy.attestation,
    )


def _sentence(decision: Decision, request: SigningRequest, trunk: Trunk) -> str:
    asked = "" if decision.attest is request.wish else f" ({request.wish} was asked for)"
    words = finding_words(decision.finding)
    return f"Signed with attestation {decision.attest}{asked} on trunk {trunk.name}. {words}"


def _document(identity: str, decision: Decision, request: SigningRequest, trunk: Trunk) -> dict[str, object]:
    return {
        "identity": identity,
        "attest": decision.attest,
        "asked": request.wish,
        "trunk": trunk.name,
        "code": decision.finding.reason.code,
        "words": decision.finding.reason.words,
        "detail": decision.finding.detail,
        "orig": request.orig,
        "dest": list(request.dests),
        "iat": request.iat,
        "origid": request.origid,
    }
