"""`callmark sign`: Identity headers signed offline, by the right the node would find."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import click

from gateway.calls.admission import Admission
from gateway.calls.dialects.signatures import parse_body
from gateway.calls.plane import Current
from gateway.calls.rights import Rights
from gateway.calls.signer import SIGNED_TYPES, Signer, SigningSetupError, load_signer
from gateway.calls.signing import ShakenWish, Signature, SignatureRequest, sign_wishes
from gateway.cli.config import configuration_option, report_problems, verification_policy
from gateway.cli.trunk_option import find_trunk, trunk_option
from gateway.cli.wording import age, finding_words, moment, show
from gateway.control.reloading.files import Configuration, read_configuration
from gateway.generation.trunks import Trunk
from gateway.passport.claims import MAX_IAT
from gateway.passport.ppt import Ppt
from gateway.web.problems import Problem

_OPTIONS: Final = {
    "/call/from": "--orig",
    "/call/to": "--dest",
    "/call/request_uri": "--sent-on-to",
    "/call/identity": "--identity",
    "/attest": "--attest",
    "/origid": "--origid",
    "/div": "--div",
    "/crn": "--crn",
    "/rph": "--rph",
    "/sph": "--sph",
}
"""Which option says what stands at this place of a request."""


@click.command()
@click.option("--orig", metavar="TN", required=True, help="The calling number.")
@click.option("--dest", metavar="TN", required=True, multiple=True, help="A called number; may be repeated.")
@click.option(
    "--ppt",
    type=click.Choice([ppt.value for ppt in SIGNED_TYPES]),
    multiple=True,
    default=[Ppt.SHAKEN.value],
    show_default=True,
    help="A type of PASSporT to sign; may be repeated.",
)
@click.option(
    "--attest",
    type=click.Choice(["A", "B", "C"]),
    show_default="A",
    help="shaken: the attestation wished for; never more is given than the right to the number allows.",
)
@click.option("--origid", metavar="UUID", help="shaken: the origination id; without it, a new one.")
@click.option("--div", metavar="TN", help="div: the number that sends the call on.")
@click.option("--sent-on-to", metavar="TN", help="div: the number it sends the call on to.")
@click.option(
    "--identity",
    metavar="VALUE",
    multiple=True,
    help="div: an Identity header the call has; may be repeated.",
)
@click.option("--crn", metavar="TEXT", help="rcd: the reason for calling, one that brands.toml grants.")
@click.option("--rph", metavar="R-VALUE", multiple=True, help="rph: a priority (ets.0); may be repeated.")
@click.option("--sph", metavar="TEXT", help="rph: psap-callback, of a call back from a control room.")
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
    ppt: tuple[str, ...],
    attest: str | None,
    origid: str | None,
    div: str | None,
    sent_on_to: str | None,
    identity: tuple[str, ...],
    crn: str | None,
    rph: tuple[str, ...],
    sph: str | None,
    iat: int | None,
    trunk_name: str | None,
    directory: Path,
    as_json: bool,
) -> None:
    """Sign a call and print the values of its Identity headers.

    The key is that of [signing] in the configuration; no node has to run. What may be signed is decided as
    the node decides it: A, a diversion and a caller's name only for numbers that inventory.csv assigns to the
    trunk, a name as brands.toml grants it, a priority as trunks.toml does. The headers go to standard output,
    one a line, the sentences on them to standard error.

    \b
        callmark sign --orig +442079460123 --dest +441614960000
        callmark sign --orig 020-7946-0123 --dest 0161-496-0000 --attest B
        callmark sign --orig +447700900123 --dest +441614960000 --trunk international-1
        callmark sign --orig +442079460123 --dest +441614960000 | callmark verify
        callmark sign --orig +442079460123 --dest +441614960000 \\
            --ppt shaken --ppt div --div +441614960000 --sent-on-to +447700900777

    Exit status: 0 all signed, 1 something not signed (the message says why), 2 wrong usage.
    """  # noqa: D301 - click wants the character \b itself, not its two letters
    configuration = read_configuration(directory, os.environ)
    if isinstance(configuration, list):
        report_problems(configuration)
        return
    trunk = find_trunk(configuration, trunk_name)
    signer = _signer(configuration)
    now = int(time.time())
    call: dict[str, object] = {
        "id": "callmark sign",
        "from": {"tn": orig},
        "to": {"tn": list(dest)},
        "time": iat or now,
        "request_uri": sent_on_to,
        "identity": list(identity),
    }
    asked: dict[str, object] = {
        "ppt": list(ppt),
        "attest": attest or ("A" if Ppt.SHAKEN in ppt else None),
        "origid": origid,
        "div": None if div is None else {"tn": div},
        "crn": crn,
        "rph": {"auth": list(rph)} if rph else None,
        "sph": sph,
    }
    request = _request(trunk, {"call": call, **asked})
    _check_validity(signer, iat=request.call.time, now=now)
    # As of the call's time: a node would sign nothing for another, this command does.
    rights = Rights(None, configuration.generation.policy, trunk.name, request.call.time)
    signatures = sign_wishes(
        _current(configuration, signer), request=request, signer=signer, trunk=trunk, rights=rights
    )
    if as_json:
        show(json.dumps(_document(signatures, request, trunk), indent=2))
    else:
        for each in signatures:
            if each.identity is not None:
                show(each.identity)
        click.echo("\n".join(_sentences(signatures, request, trunk)), err=True)
        freshness = configuration.settings.verification.freshness_seconds
        if abs(request.call.time - now) > freshness:
            click.echo(
                f"Mind the time: iat is {moment(request.call.time)}, {age(now - request.call.time)}. A node "
                f"signs nothing more than {freshness} seconds from its clock, and verifiers will call this "
                "stale.",
                err=True,
            )
    raise click.exceptions.Exit(0 if all(each.identity for each in signatures) else 1)


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


def _current(configuration: Configuration, signer: Signer) -> Current:
    """What a worker would hold of this configuration."""
    return Current(
        number=0,
        generation=configuration.generation,
        admission=Admission(configuration.generation.policy.trunks),
        signer=signer,
        verification=verification_policy(configuration.settings),
    )


def _request(trunk: Trunk, body: Mapping[str, object]) -> SignatureRequest:
    """Read the options as the node reads a switch's request, so that nothing is signed it would refuse."""
    try:
        return parse_body(json.dumps(_without_nothing(body)).encode()).on(trunk)
    except Problem as problem:
        (error,) = problem.errors
        option = next((name for at, name in _OPTIONS.items() if str(error["pointer"]).startswith(at)), None)
        raise click.BadParameter(f"{error['problem']}.", param_hint=option) from problem


def _without_nothing(body: Mapping[str, object]) -> dict[str, object]:
    return {
        name: _without_nothing(value) if isinstance(value, dict) else value
        for name, value in body.items()
        if value is not None
    }


def _check_validity(signer: Signer, *, iat: int, now: int) -> None:
    """As the node: nothing is signed that nobody could verify (RFC 8224 section 6.1 steps 3 and 4)."""
    for seconds, words in ((now, "now"), (iat, f"at iat, {moment(iat)}")):
        if not signer.covers_time(seconds):
            raise click.ClickException(
                f"the signing certificate is not valid {words}; it is from {moment(signer.not_before)} to "
                f"{moment(signer.not_after)}. Give another --iat, or renew [signing] certificate_file."
            )


def _sentences(signatures: tuple[Signature, ...], request: SignatureRequest, trunk: Trunk) -> Iterator[str]:
    wish = _wish(request)
    for each in signatures:
        words = finding_words(each.finding)
        if each.identity is None:
            yield f"{each.ppt}: not signed. {words} {each.finding.reason.remedy}".rstrip()
        elif each.attest is None:
            yield f"{each.ppt}: signed on trunk {trunk.name}. {words}"
        else:
            asked = "" if wish is None or each.attest is wish.attest else f" ({wish.attest} was asked for)"
            yield f"{each.ppt}: signed with attestation {each.attest}{asked} on trunk {trunk.name}. {words}"


def _wish(request: SignatureRequest) -> ShakenWish | None:
    return next((wish for wish in request.wishes if isinstance(wish, ShakenWish)), None)


def _document(
    signatures: tuple[Signature, ...], request: SignatureRequest, trunk: Trunk
) -> Mapping[str, object]:
    wish = _wish(request)
    return {
        "identity": [each.identity for each in signatures if each.identity is not None],
        "attest": next((each.attest for each in signatures if each.attest is not None), None),
        "asked": None if wish is None else wish.attest,
        "origid": None if wish is None else wish.origid,
        "trunk": trunk.name,
        "orig": request.orig,
        "dest": list(request.dests),
        "iat": request.call.time,
        "reasons": [
            {
                "ppt": each.ppt,
                "code": each.finding.reason.code,
                "words": each.finding.reason.words,
                "detail": each.finding.detail,
            }
            for each in signatures
        ],
    }
