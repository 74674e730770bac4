"""Of a call with several faults the first in the order of ATIS-1000082 is named, and only that one."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import example, given
from hypothesis import strategies as st

from gateway.certificates.chain import Refusal, ValidatedChain, parse_chain, validate
from gateway.certificates.trust import Trust, build_trust
from gateway.numbers.plans import UK
from gateway.reasons import (
    CERTIFICATE_UNTRUSTED,
    CREDENTIAL_UNOBTAINABLE,
    IDENTITY_MALFORMED,
    SIGNATURE_INVALID,
    VERIFIED,
    Finding,
    Verstat,
)
from gateway.verification.examine import examine
from gateway.verification.judge import judge
from gateway.verification.outcome import Outcome
from tests import pki
from tests.passport.keys import PRIVATE_KEY
from tests.verification.drafts import NOW, POLICY, Draft

PKI = pki.make_pki(key=PRIVATE_KEY)
TRUST = build_trust(anchors=[("root.pem", PKI.root.pem)])
assert isinstance(TRUST, Trust)
CHAIN = validate(parse_chain(PKI.chain_pem), TRUST, NOW)
assert isinstance(CHAIN, ValidatedChain)


def drop_header(draft: Draft) -> None:
    draft.header.pop("typ", None)


def drop_claim(draft: Draft) -> None:
    draft.payload.pop("attest", None)


def forbid_address(draft: Draft) -> None:
    address = "http://certificates.example.org/shaken.pem"
    if draft.info is not None and draft.info.startswith("<https"):
        draft.info = f"<{address}>"
        if draft.header["x5u"].endswith("shaken.pem"):
            draft.header["x5u"] = address


FAULTS: tuple[tuple[str, str, Callable[[Draft], object]], ...] = (
    ("E3", "stir.time.stale", lambda draft: setattr(draft, "time", NOW + 3600)),
    ("E4", "stir.identity.compact", lambda draft: setattr(draft, "compact", True)),
    ("E6", "stir.info.missing", lambda draft: setattr(draft, "info", None)),
    ("E7", "stir.info.invalid", lambda draft: draft.info and setattr(draft, "info", "<no uri>")),
    ("E5", "stir.ppt.unsupported", lambda draft: setattr(draft, "ppt", "div")),
    ("alg", "stir.alg.unsupported", lambda draft: setattr(draft, "alg", "ES384")),
    ("E9", "stir.header.missing", drop_header),
    ("E11", "stir.typ.unsupported", lambda draft: "typ" in draft.header and draft.header.update(typ="JWT")),
    ("E12", "stir.header.alg", lambda draft: draft.header.update(alg="none")),
    ("E10", "stir.x5u.mismatch", lambda draft: draft.header.update(x5u="https://example.org/b.pem")),
    ("E13", "stir.header.ppt", lambda draft: draft.header.update(ppt="div")),
    ("crit", "stir.header.forbidden", lambda draft: draft.header.update(crit=["b64"])),
    ("E14", "stir.claim.missing", drop_claim),
    ("type", "stir.claim.invalid", lambda draft: draft.payload.update(origid=7)),
    ("E15", "stir.iat.stale", lambda draft: draft.payload.update(iat=NOW - 7200)),
    ("E19", "stir.attest.invalid", lambda d: "attest" in d.payload and d.payload.update(attest="a")),
    ("E16 orig", "stir.tn.mismatch", lambda draft: setattr(draft, "orig", "447700900000")),
    ("E16 dest", "stir.tn.mismatch", lambda draft: setattr(draft, "dests", frozenset({"447700900001"}))),
    ("E8 address", "stir.x5u.forbidden", forbid_address),
    ("E8", "stir.credential.unobtainable", lambda draft: None),
    ("E17", "stir.certificate.untrusted", lambda draft: None),
    ("E18", "stir.signature.invalid", lambda draft: setattr(draft, "spoilt_signature", True)),
)
"""In the order of ATIS-1000082 section "Order of checks"; the faults without an E are placed by `examine`."""
NAMES = tuple(name for name, _, _ in FAULTS)


def outcome(faults: frozenset[str]) -> Outcome:
    draft = Draft()
    for name, _, spoil in FAULTS:
        if name in faults:
            spoil(draft)
    result = examine(draft.request(), policy=POLICY, dialling=UK.dialling, now=NOW)
    if isinstance(result, Finding):
        return Outcome.refused(result)
    credential: ValidatedChain | Refusal | Finding = CHAIN
    if "E17" in faults:
        credential = Refusal((Finding(CERTIFICATE_UNTRUSTED),))
    if "E8" in faults:
        credential = Finding(CREDENTIAL_UNOBTAINABLE)
    return judge(result, credential, now=NOW)


def expected(faults: frozenset[str]) -> str:
    return next((code for name, code, _ in FAULTS if name in faults), VERIFIED.code)


@given(st.frozensets(st.sampled_from(NAMES), max_size=6))
@example(frozenset())
@example(frozenset(NAMES))
def test_the_first_fault_in_order_is_the_one_that_is_named(faults):
    assert outcome(faults).finding.reason.code == expected(faults)


def test_every_pair_of_faults_is_answered_with_the_earlier_one():
    for first in NAMES:
        for second in NAMES:
            faults = frozenset({first, second})
            assert outcome(faults).finding.reason.code == expected(faults), faults


def test_only_the_authority_and_the_signature_say_failed():
    for name in NAMES:
        failed = outcome(frozenset({name})).verstat is Verstat.TN_VALIDATION_FAILED
        assert failed == (name in {"E17", "E18"}), name


def test_what_cannot_be_parsed_is_named_after_the_stale_time_and_before_all_else():
    draft = Draft()
    broken = draft.identity() + ";ppt=shaken"
    now_stale = examine(draft.request(broken), policy=POLICY, dialling=UK.dialling, now=NOW + 61)
    fresh = examine(draft.request(broken), policy=POLICY, dialling=UK.dialling, now=NOW)
    assert isinstance(now_stale, Finding)
    assert now_stale.reason.case == "E3"
    assert isinstance(fresh, Finding)
    assert fresh.reason is IDENTITY_MALFORMED


def test_a_signature_is_looked_at_last():
    assert outcome(frozenset({"E18"})).finding.reason is SIGNATURE_INVALID
