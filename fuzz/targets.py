"""One function a parser: a value, or the parser's own error with a sentence, and nothing else.

What a function here lets through as another exception is a finding. Where a value must have more properties
than to exist (it is read back as itself, another reader agrees), that is asserted here too.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

from fuzz import material
from gateway.calls.dialects import atis, call_events, signatures, verdicts
from gateway.calls.dialects.problem import RequestProblem
from gateway.certificates.chain import ChainError, parse_chain, validate
from gateway.certificates.constraints import ConstraintsError, parse_constraints, parse_enhanced_constraints
from gateway.certificates.reading import CertificateError, read_certificates
from gateway.certificates.revocation_list import RevocationListError, read_revocation_lists
from gateway.certificates.tnauthlist import TnAuthListError, parse_tn_auth_list, render_tn_auth_list
from gateway.certificates.trust_list import TrustListError, read_trust_list, trust_list_x5u
from gateway.certificates.x5u import X5uPolicy, check_x5u
from gateway.generation.brands_file import read_brands
from gateway.generation.bundle import BundleError, parse_bundle
from gateway.generation.dno_file import read_dno
from gateway.generation.inventory_file import read_inventory
from gateway.generation.policy_file import read_policy
from gateway.generation.settings import build_settings
from gateway.generation.trunks_file import read_trunks
from gateway.numbers.canonical import DiallingRules, NumberError, canonical, to_e164
from gateway.numbers.ranges import NumberRange
from gateway.passport.fields import ClaimProblem
from gateway.passport.identity import IdentityError, parse_identity
from gateway.passport.integrity import check_integrity
from gateway.passport.passport import PassportError, decode
from gateway.passport.ppt import Ppt, read_claims
from gateway.passport.rich_call_data import read_rich_call_data
from gateway.passport.strict import (
    Base64UrlError,
    StrictJsonError,
    read_base64url,
    read_json,
    render_base64url,
)
from gateway.verification.call import VerificationRequest
from gateway.verification.examine import EVERY_TYPE, VerificationPolicy, examine_each
from gateway.web.problems import Problem
from gateway.web.shape import ShapeError

Target = Callable[[bytes], None]


def _text(data: bytes) -> str:
    """Any string, lone surrogates included."""
    return data.decode("utf-8", "surrogateescape")


def _is_sentence(problem: str) -> None:
    assert isinstance(problem, str)
    assert problem


def identity(data: bytes) -> None:
    """An Identity header's value."""
    try:
        header = parse_identity(_text(data))
    except IdentityError as error:
        _is_sentence(error.problem)
        return
    assert header.token
    for text in (header.token, header.info or "", header.alg or "", header.ppt or ""):
        assert all(" " <= character <= "~" for character in text)


def token(data: bytes) -> None:
    """A PASSporT in compact serialization."""
    text = _text(data)
    try:
        passport = decode(text)
    except PassportError as error:
        _is_sentence(error.problem)
        assert error.place.split("/")[0] in {"token", "header", "payload"}
        return
    assert text.startswith(passport.signing_input.decode() + ".")


def base64url(data: bytes) -> None:
    """Base64url: one spelling for each value."""
    text = _text(data)
    try:
        value = read_base64url(text)
    except Base64UrlError as error:
        _is_sentence(error.problem)
        return
    assert render_base64url(value).decode() == text


def strict_json(data: bytes) -> None:
    """JSON: what is taken, the standard library reads the same."""
    try:
        value = read_json(data)
    except StrictJsonError as error:
        _is_sentence(error.problem)
        error.problem.encode()
        return
    assert value == json.loads(data)


def claims(data: bytes) -> None:
    """The claims of every type of PASSporT, and digests over rich call data."""
    try:
        payload = read_json(data)
    except StrictJsonError:
        return
    if not isinstance(payload, dict):
        return
    for ppt in Ppt:
        found = read_claims(ppt, payload)
        if isinstance(found, ClaimProblem):
            _is_sentence(found.problem)
    rich = read_rich_call_data(payload)
    if not isinstance(rich, ClaimProblem):
        problem = check_integrity(payload.get("rcd"), rich).problem
        assert problem is None or problem


_RULES: Final = (
    DiallingRules(),
    DiallingRules(
        country_code="1", international_prefix="011", trunk_prefix="1", national_lengths=frozenset({10})
    ),
    DiallingRules(service_numbers=frozenset({"999", "112"}), portability_prefixes=("600", "60")),
)


def number(data: bytes) -> None:
    """A telephone number, by three plans, and a range of numbers."""
    text = _text(data)
    for rules in _RULES:
        try:
            tn = canonical(text, rules)
        except NumberError as error:
            _is_sentence(error.problem)
            continue
        assert canonical(to_e164(tn), rules) == tn
    try:
        covered = NumberRange.parse(text)
    except NumberError as error:
        _is_sentence(error.problem)
        return
    assert covered.covers(covered.start)
    assert covered.covers(covered.last)


def tn_auth_list(data: bytes) -> None:
    """A TNAuthList, and the two kinds of claim constraints, in DER."""
    for parse in (parse_constraints, parse_enhanced_constraints):
        try:
            parse(data)
        except ConstraintsError as error:
            _is_sentence(str(error))
    try:
        found = parse_tn_auth_list(data)
    except TnAuthListError as error:
        _is_sentence(str(error))
        return
    assert parse_tn_auth_list(render_tn_auth_list(found)) == found


def chain(data: bytes) -> None:
    """A certificate chain, as PEM and, behind the byte 0x30, as one DER certificate in PEM."""
    pem = material.as_pem("CERTIFICATE", data) if data[:1] == b"\x30" else data
    try:
        read_certificates(data)
    except CertificateError as error:
        _is_sentence(str(error))
    try:
        certificates = parse_chain(pem)
    except ChainError as error:
        _is_sentence(str(error))
        return
    validate(certificates, material.TRUST, material.NOW)
    validate((*certificates, material.PKI.intermediate.certificate), material.TRUST, material.NOW)


def revocation_list(data: bytes) -> None:
    """Certificate revocation lists, PEM or DER."""
    try:
        lists = read_revocation_lists("list.crl", data)
    except RevocationListError as error:
        _is_sentence(str(error))
        return
    assert lists


def trust_list(data: bytes) -> None:
    """A trust list as the policy administrator signs it."""
    try:
        trust_list_x5u(data)
    except TrustListError as error:
        _is_sentence(str(error))
    try:
        read_trust_list(data, pinned=[material.PKI.leaf.certificate], now=material.NOW, previous_sequence=1)
    except TrustListError as error:
        _is_sentence(str(error))


def x5u(data: bytes) -> None:
    """The address of a certificate."""
    for policy in (X5uPolicy(), X5uPolicy(allow_private_addresses=True)):
        finding = check_x5u(_text(data), policy)
        assert finding is None or finding.detail


def verification(data: bytes) -> None:
    """All that is said of one or more Identity headers, a line each, before a certificate is looked at."""
    requests = [
        VerificationRequest(
            orig=material.FROM,
            dests=frozenset({material.TO}),
            time=material.NOW,
            identity=line,
            request_uri=material.TO,
        )
        for line in _text(data).split("\n")[:12]
    ]
    policy = VerificationPolicy()
    call = examine_each(requests, policy=policy, dialling=_RULES[0], now=material.NOW, accepted=EVERY_TYPE)
    assert len(call.headers) == len(requests)
    for header in call.headers:
        assert bool(header.links) != (header.finding is not None)


def body(data: bytes) -> None:
    """The bodies of every dialect."""
    try:
        atis.parse_verification(data, material.TRUNK, identifier="1")
    except RequestProblem as problem:
        assert problem.exception.status == 400
    try:
        atis.parse_signing(data, _RULES[0])
    except RequestProblem as problem:
        assert problem.exception.status == 400
    try:
        verdicts.parse_body(data).on(material.TRUNK)
    except Problem as problem:
        assert problem.status == 400
        _is_sentence(problem.detail)
    try:
        signatures.parse_body(data).on(material.TRUNK)
    except Problem as problem:
        assert problem.status == 400
        _is_sentence(problem.detail)
    try:
        call_events.line_reader(lambda _: material.TRUNK, now=material.NOW)(data)
    except ShapeError as error:
        _is_sentence(error.problem)


def configuration(data: bytes) -> None:
    """Every file of the configuration, and the bundle they travel in."""
    for found in (
        read_trunks(data, None),
        read_policy(data, {}),
        read_brands(data, {"access-1"}),
        read_inventory(data, {"access-1"}),
        read_dno(data),
        build_settings(data, {}),
    ):
        if isinstance(found, list):
            assert found
    try:
        parse_bundle(data)
    except BundleError as error:
        _is_sentence(str(error))


TARGETS: Final[dict[str, Target]] = {
    "identity": identity,
    "token": token,
    "base64url": base64url,
    "json": strict_json,
    "claims": claims,
    "number": number,
    "tn-auth-list": tn_auth_list,
    "chain": chain,
    "revocation-list": revocation_list,
    "trust-list": trust_list,
    "x5u": x5u,
    "verification": verification,
    "body": body,
    "configuration": configuration,
}
