"""Extensions of delegates and constrained certificates for tests, and chains of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

from gateway.certificates.chain import Refusal, ValidatedChain, parse_chain, validate
from gateway.certificates.constraints import CONSTRAINTS_OID, ENHANCED_CONSTRAINTS_OID
from gateway.certificates.tn_reference import STIR_TN_LIST_OID
from gateway.certificates.tnauthlist import TnAuthList
from gateway.certificates.trust import Trust, build_trust
from gateway.certificates.use import judge_use
from gateway.numbers.canonical import TelephoneNumber
from gateway.numbers.ranges import NumberRange
from gateway.reasons import SipCause, Verstat
from tests import pki

LIST_URL = "https://numbers.example.org/list"
ROOT = pki.make_root()


def trust_in(*roots: pki.Issued, **how) -> Trust:
    trust = build_trust(anchors=[("root.pem", b"".join(root.pem for root in roots))], **how)
    assert isinstance(trust, Trust), trust
    return trust


TRUST = trust_in(ROOT)


def outcome(*certificates: pki.Issued, trust: Trust = TRUST, **how) -> ValidatedChain | Refusal:
    return validate(parse_chain(b"".join(one.pem for one in certificates)), trust, pki.NOW, **how)


def believed(*certificates: pki.Issued, **how) -> ValidatedChain:
    result = outcome(*certificates, **how)
    assert isinstance(result, ValidatedChain), result
    return result


def reason_of(result: ValidatedChain | Refusal):
    assert isinstance(result, Refusal)
    assert result.findings
    return result.findings[0].reason


def listed(*entries: str) -> TnAuthList:
    """`818H` is a code, `12155550100` a number, `12155550100+10` a range of ten."""
    spcs = tuple(one for one in entries if one[:3].isdigit() and not one.isdigit() and "+" not in one)
    ranges = tuple(
        NumberRange(TelephoneNumber(start), int(count))
        for start, plus, count in (one.partition("+") for one in entries)
        if plus
    )
    ones = tuple(TelephoneNumber(one) for one in entries if one.isdigit() or one[:1] in "*#")
    assert len(spcs) + len(ranges) + len(ones) == len(entries)
    return TnAuthList(spcs, ranges, ones)


def authority(issuer: pki.Issued, *entries: str, **how) -> pki.Issued:
    """An authority below `issuer`, with a list of these entries or none."""
    extra = [(pki.tn_extension(listed(*entries)), False)] if entries else []
    return pki.make_intermediate(issuer, how.pop("common_name", "SHAKEN Delegating CA"), extra=extra, **how)


def delegate(issuer: pki.Issued, *entries: str, **how) -> pki.Issued:
    return pki.make_leaf(issuer, tn_auth_list=listed(*entries), common_name="Example Bank", **how)


UNSUPPORTED = (SipCause.UNSUPPORTED_CREDENTIAL, Verstat.TN_VALIDATION_FAILED)
UNOBTAINED = (SipCause.BAD_IDENTITY_INFO, Verstat.NO_TN_VALIDATION)


def answer(*certificates: pki.Issued, trust: Trust = TRUST, now: int = pki.NOW, **call):
    """What a switch hears of a call under this chain: None when the chain may stand behind it."""
    result = outcome(*certificates, trust=trust)
    if isinstance(result, Refusal):
        finding = result.findings[0]
    else:
        tn = TelephoneNumber("12155550100")
        use = {"ppt": "shaken", "tn": tn, "claims": {}, "x5u": "https://certs.example.org/a.pem", **call}
        finding = judge_use(result, now=now, **use)
    return None if finding is None else (finding.reason.cause, finding.reason.verstat)


PROVIDER = authority(ROOT, "818H")
"""A provider's own authority, which delegates numbers (ATIS-1000092)."""


def tn_list_at(*urls: str, method: x509.ObjectIdentifier = STIR_TN_LIST_OID) -> pki.Extension:
    return (
        x509.AuthorityInformationAccess(
            [x509.AccessDescription(method, x509.UniformResourceIdentifier(url)) for url in urls]
            + [
                x509.AccessDescription(
                    AuthorityInformationAccessOID.CA_ISSUERS,
                    x509.UniformResourceIdentifier("https://ca.example.org/issuer"),
                ),
                x509.AccessDescription(STIR_TN_LIST_OID, x509.DNSName("numbers.example.org")),
            ]
        ),
        False,
    )


# --- claim constraints, written by hand so that the reader is not tested with itself -------------


def tlv(tag: int, *contents: bytes) -> bytes:
    content = b"".join(contents)
    size = len(content)
    length = bytes([size]) if size < 0x80 else bytes([0x82, *size.to_bytes(2, "big")])
    if 0x80 <= size < 0x100:
        length = bytes([0x81, size])
    return bytes([tag]) + length + content


def claim_names(names: Iterable[str]) -> bytes:
    return tlv(0x30, *(tlv(0x16, name.encode("latin-1")) for name in names))


def constraints_der(
    *,
    must_include: Sequence[str] | None = None,
    permitted: Mapping[str, Sequence[str]] | Sequence[tuple[str, Sequence[str]]] | None = None,
    must_exclude: Sequence[str] | None = None,
) -> bytes:
    parts: list[bytes] = []
    if must_include is not None:
        parts.append(tlv(0xA0, claim_names(must_include)))
    if permitted is not None:
        pairs = permitted.items() if isinstance(permitted, Mapping) else permitted
        entries = (
            tlv(
                0x30,
                tlv(0x16, claim.encode("latin-1")),
                tlv(0x30, *(tlv(0x0C, value.encode()) for value in values)),
            )
            for claim, values in pairs
        )
        parts.append(tlv(0xA1, tlv(0x30, *entries)))
    if must_exclude is not None:
        parts.append(tlv(0xA2, claim_names(must_exclude)))
    return tlv(0x30, *parts)


def constraints(der: bytes, *, enhanced: bool = False) -> pki.Extension:
    oid = ENHANCED_CONSTRAINTS_OID if enhanced else CONSTRAINTS_OID
    return x509.UnrecognizedExtension(oid, der), False
