"""Which certificates may sign calls: the profile of ATIS-1000080, rule by rule.

A rule refuses or warns. What refuses is what a forger would need to leave out or bend: key, key usage,
CA flag, TNAuthList, policy. The rest (names, identifiers, pointers) warns, because certificates of the
older profile versions (v003, v004) are in use without it. Of 7,964 real certificates the refusals hit
eight: four without a policy that ended in 2024, two with an untagged TNAuthList, one of a test
authority, one made at home without any of it. Citations are to ATIS-1000080.v005 section 6.4.1 unless
they say otherwise. A delegate's certificate (RFC 9060, ATIS-1000092) departs from it in its TNAuthList
alone, which names numbers; what it may sign is asked for each call (`gateway.certificates.use`).

What this does not do: path, dates, delegation and revocation (`gateway.certificates.chain`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID, SignatureAlgorithmOID

from gateway.certificates.constraints import (
    CONSTRAINTS_OID,
    ENHANCED_CONSTRAINTS_OID,
    Constraints,
    ConstraintsError,
    find_constraints,
)
from gateway.certificates.leaf import Leaf
from gateway.certificates.reading import show
from gateway.certificates.tn_reference import FetchedLists, ListElsewhere, find_tn_auth_list
from gateway.certificates.tnauthlist import TN_AUTH_LIST_OID, TnAuthList, TnAuthListError
from gateway.reasons import CERTIFICATE_PROFILE, PROFILE_WARNING, TNAUTHLIST_INVALID, Finding, Reason

DEFAULT_POLICY_OIDS: Final = frozenset(
    {
        "2.16.840.1.114569.1.1.1",  # United States, before certificate policy 1.3
        "2.16.840.1.114569.1.1.3",
        "2.16.840.1.114569.1.1.4",
        "1.3.6.1.4.1.56223.1",  # Canada: every certificate of its authority carries it
    }
)

_ANY_USAGE: Final = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE
_UPPER_CASE_SPC: Final = re.compile(r"[0-9A-Z]+")


class Severity(Enum):
    """What a broken rule does to the certificate."""

    REFUSE = "refuse"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Rule:
    """One sentence of the profile: `broken` says how a leaf breaks it, or None."""

    id: str
    severity: Severity
    citation: str
    broken: Callable[[Leaf], str | None]
    reason: Reason


@dataclass(frozen=True, slots=True)
class Profile:
    """What the rules make of one leaf; without refusals, key and list are there."""

    public_key: EllipticCurvePublicKey | None
    tn_auth_list: TnAuthList | ListElsewhere | None
    constraints: Constraints | None
    refusals: tuple[Finding, ...]
    warnings: tuple[Finding, ...]


def judge_profile(
    certificate: x509.Certificate, accepted_policies: frozenset[str], fetched: FetchedLists
) -> Profile:
    """Apply every rule to a certificate that `gateway.certificates.reading` has read.

    A TNAuthList that stands elsewhere and is not among the fetched ones breaks no rule yet.
    """
    extensions = {extension.oid: extension for extension in certificate.extensions}
    leaf = Leaf(
        certificate,
        extensions,
        find_tn_auth_list(extensions.values(), fetched),
        find_constraints(extensions),
        accepted_policies,
    )
    refusals: list[Finding] = []
    warnings: list[Finding] = []
    for rule in RULES:
        words = rule.broken(leaf)
        if words is not None:
            finding = Finding(rule.reason, f"{rule.id}: {words} ({rule.citation})")
            (refusals if rule.severity is Severity.REFUSE else warnings).append(finding)
    key = certificate.public_key()
    return Profile(
        public_key=key if isinstance(key, EllipticCurvePublicKey) else None,
        tn_auth_list=None if isinstance(leaf.tn_auth_list, TnAuthListError) else leaf.tn_auth_list,
        constraints=leaf.constraints if isinstance(leaf.constraints, Constraints) else None,
        refusals=tuple(refusals),
        warnings=tuple(warnings),
    )


def _key(leaf: Leaf) -> str | None:
    key = leaf.certificate.public_key()
    on_p256 = isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)
    return None if on_p256 else "the key is not on P-256"


def _digital_signature(leaf: Leaf) -> str | None:
    usage = leaf.key_usage
    return None if usage and usage.digital_signature else "the key is not for digital signatures"


def _no_ca_usage(leaf: Leaf) -> str | None:
    usage = leaf.key_usage
    ca_usage = usage is not None and (usage.key_cert_sign or usage.crl_sign)
    return "the key may sign certificates or revocation lists" if ca_usage else None


def _not_ca(leaf: Leaf) -> str | None:
    constraints = leaf.basic_constraints
    return "the certificate is an authority's" if constraints is not None and constraints.ca else None


def _accepted_policy(leaf: Leaf) -> str | None:
    if not leaf.policies:
        return "no certificate policy"
    if len(set(leaf.policies)) < len(leaf.policies):
        return "a certificate policy stands twice"
    if leaf.accepted_policies.isdisjoint(leaf.policies):
        return f"the policy {show(', '.join(leaf.policies))} is not one that is accepted"
    return None


def _usage_not_elsewhere(leaf: Leaf) -> str | None:
    extension = leaf.extensions.get(ExtensionOID.EXTENDED_KEY_USAGE)
    if extension is None or not isinstance(extension.value, x509.ExtendedKeyUsage):
        return None
    return None if _ANY_USAGE in extension.value else "the extended key usage is for something else"


def _no_subject(leaf: Leaf) -> str | None:
    names = leaf.extensions.get(ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
    named = bool(leaf.certificate.subject.rdns) or (names is not None and names.critical)
    return None if named else "neither a subject nor a critical alternative name says whose it is"


def _tn_auth_list(leaf: Leaf) -> str | None:
    match leaf.tn_auth_list:
        case None:
            return "no TNAuthList"
        case TnAuthListError() as error:
            return str(error)
        case _:
            return None


def _tn_auth_list_not_critical(leaf: Leaf) -> str | None:
    extension = leaf.extensions.get(TN_AUTH_LIST_OID)
    return "the TNAuthList is critical" if extension is not None and extension.critical else None


def _one_spc(leaf: Leaf) -> str | None:
    found = leaf.tn_auth_list
    if not isinstance(found, TnAuthList) or found.lists_numbers:
        return None
    return None if len(found.spcs) == 1 else "the TNAuthList is more than one provider code"


def _constraints_readable(leaf: Leaf) -> str | None:
    return str(leaf.constraints) if isinstance(leaf.constraints, ConstraintsError) else None


def _constraints_not_critical(leaf: Leaf) -> str | None:
    found = (leaf.extensions.get(oid) for oid in (CONSTRAINTS_OID, ENHANCED_CONSTRAINTS_OID))
    critical = any(extension is not None and extension.critical for extension in found)
    return "the claim constraints are critical" if critical else None


def _constraints_not_void(leaf: Leaf) -> str | None:
    void = isinstance(leaf.constraints, Constraints) and leaf.constraints.is_void
    return "the claim constraints forbid iat, orig or dest, and count as not present" if void else None


def _constraints_present(leaf: Leaf) -> str | None:
    return "no basic constraints" if leaf.basic_constraints is None else None


def _usage_alone(leaf: Leaf) -> str | None:
    usage = leaf.key_usage
    if usage is None:
        return None
    more = (
        usage.content_commitment or usage.key_encipherment or usage.data_encipherment or usage.key_agreement
    )
    return "the key is for more than digital signatures" if more else None


def _usage_critical(leaf: Leaf) -> str | None:
    extension = leaf.extensions.get(ExtensionOID.KEY_USAGE)
    return "the key usage is not critical" if extension is not None and not extension.critical else None


def _one_policy(leaf: Leaf) -> str | None:
    return "more than one certificate policy" if len(leaf.policies) > 1 else None


def _common_name(leaf: Leaf) -> str | None:
    names = [str(name.value) for name in leaf.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    # A delegate is no provider, and ATIS-1000092 gives it no such name.
    if not leaf.spcs or names in [[f"SHAKEN {spc}"] for spc in leaf.spcs]:
        return None
    return "the common name is not 'SHAKEN' and the provider code"


def _spc_form(leaf: Leaf) -> str | None:
    unusual = [spc for spc in leaf.spcs if _UPPER_CASE_SPC.fullmatch(spc) is None]
    return "the provider code is not of digits and upper-case letters" if unusual else None


def _signature_algorithm(leaf: Leaf) -> str | None:
    usual = leaf.certificate.signature_algorithm_oid == SignatureAlgorithmOID.ECDSA_WITH_SHA256
    return None if usual else "not signed with ECDSA and SHA-256"


def _crl_issuer(leaf: Leaf) -> str | None:
    extension = leaf.extensions.get(ExtensionOID.CRL_DISTRIBUTION_POINTS)
    if extension is None or not isinstance(extension.value, x509.CRLDistributionPoints):
        return None
    without = all(not point.crl_issuer for point in extension.value)
    return "the pointer to the revocation list does not name its issuer" if without else None


def _lacks(oid: x509.ObjectIdentifier, words: str) -> Callable[[Leaf], str | None]:
    return lambda leaf: f"no {words}" if oid not in leaf.extensions else None


def _has(oid: x509.ObjectIdentifier, words: str) -> Callable[[Leaf], str | None]:
    return lambda leaf: f"an {words} is present" if oid in leaf.extensions else None


_PROFILE: Final = "ATIS-1000080 6.4.1"
_LIST: Final = "RFC 8226 9"
_CLAIMS: Final = "RFC 8226 8, RFC 9118 3"


def _refuse(
    rule_id: str, broken: Callable[[Leaf], str | None], citation: str = _PROFILE, *, reason: Reason
) -> Rule:
    return Rule(rule_id, Severity.REFUSE, citation, broken, reason)


def _warn(rule_id: str, broken: Callable[[Leaf], str | None], citation: str = _PROFILE) -> Rule:
    return Rule(rule_id, Severity.WARN, citation, broken, PROFILE_WARNING)


RULES: Final[tuple[Rule, ...]] = (
    _refuse("key.p256", _key, "RFC 8588 3, RFC 8225 4.2", reason=CERTIFICATE_PROFILE),
    _refuse("key_usage.digital_signature", _digital_signature, reason=CERTIFICATE_PROFILE),
    _refuse("key_usage.no_authority", _no_ca_usage, reason=CERTIFICATE_PROFILE),
    # Absence (one leaf of T-Mobile, expired 2023) means FALSE by RFC 5280 section 4.2.1.9: a warning below.
    _refuse("basic_constraints.no_authority", _not_ca, reason=CERTIFICATE_PROFILE),
    # No purpose is registered for signing calls; critical or not, those that are named exclude it.
    _refuse("extended_key_usage.open", _usage_not_elsewhere, "RFC 5280 4.2.1.12", reason=CERTIFICATE_PROFILE),
    _refuse("subject.present", _no_subject, "RFC 5280 4.1.2.6", reason=CERTIFICATE_PROFILE),
    # Every version of the profile demands a policy; the leaves without one ended in 2024.
    _refuse("policy.accepted", _accepted_policy, reason=CERTIFICATE_PROFILE),
    _refuse("tn_auth_list.readable", _tn_auth_list, _LIST, reason=TNAUTHLIST_INVALID),
    _refuse("tn_auth_list.not_critical", _tn_auth_list_not_critical, _LIST, reason=TNAUTHLIST_INVALID),
    _refuse("tn_auth_list.one_spc", _one_spc, reason=TNAUTHLIST_INVALID),
    _refuse("constraints.readable", _constraints_readable, _CLAIMS, reason=CERTIFICATE_PROFILE),
    _refuse("constraints.not_critical", _constraints_not_critical, _CLAIMS, reason=CERTIFICATE_PROFILE),
    _warn("constraints.not_void", _constraints_not_void, "RFC 9118 3"),
    _warn("basic_constraints.present", _constraints_present),
    _warn("key_usage.alone", _usage_alone),
    _warn("key_usage.critical", _usage_critical),
    _warn("policy.one", _one_policy),
    _warn("subject.common_name", _common_name),
    _warn("tn_auth_list.spc_form", _spc_form),
    _warn("signature.algorithm", _signature_algorithm),
    _warn("subject_key_identifier", _lacks(ExtensionOID.SUBJECT_KEY_IDENTIFIER, "subject key identifier")),
    _warn(
        "authority_key_identifier", _lacks(ExtensionOID.AUTHORITY_KEY_IDENTIFIER, "authority key identifier")
    ),
    _warn("crl_pointer.present", _lacks(ExtensionOID.CRL_DISTRIBUTION_POINTS, "CRL distribution point")),
    _warn("crl_pointer.issuer", _crl_issuer),
    _warn("extended_key_usage.absent", _has(ExtensionOID.EXTENDED_KEY_USAGE, "extended key usage")),
)
"""Refusals first, in the order in which they are reported."""
