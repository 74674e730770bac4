"""What a certificate lets its holder claim: RFC 8226 section 8 and RFC 9118.

Two extensions, never both in one certificate (RFC 9118 section 4): JWTClaimConstraints says which claims a
PASSporT must have and which values a claim may take; EnhancedJWTClaimConstraints adds which claims it must
not have. Both are non-critical and for end entities only; `gateway.certificates.profile` refuses what
departs from that.

Values. `permittedValues` are UTF8Strings to be matched exactly. A claim that is a string equals a listed
text or does not. For any other claim the RFCs give no form; RFC 9795 lists the JSON of `rcd` and `rcdi`, so
a listed text that is JSON is compared with the claim, both in the canonical form of RFC 8225 section 9
(order of members and white space mean nothing; everything else does). A claim that has no canonical form,
a float for one, is never permitted.

iat, orig and dest belong to every PASSporT. Where `mustExclude` names one of them, the certificate "MUST be
treated as if the extension was not present" (RFC 9118 section 3): all of it, not that name alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from cryptography import x509
from cryptography.hazmat import asn1

from gateway.passport.canonical_json import CanonicalJsonError, render_json
from gateway.passport.strict import StrictJsonError, read_json
from gateway.reasons import CONSTRAINTS_BROKEN, Finding

CONSTRAINTS_OID: Final = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.27")
ENHANCED_CONSTRAINTS_OID: Final = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.33")
BASELINE_CLAIMS: Final = frozenset({"iat", "orig", "dest"})

# IA5String by the RFCs; names are repeated in answers that a switch may copy, so what could end a quoted
# string or a line there is not part of one.
_NAME: Final = re.compile(r"[!#-\[\]-~]{1,256}")


class ConstraintsError(ValueError):
    """The bytes are no claim constraints; `args[0]` says in one sentence why."""


@dataclass(frozen=True, slots=True)
class PermittedValues:
    """The values one claim may take."""

    claim: str
    texts: frozenset[str]
    """For a claim that is a string."""
    documents: frozenset[bytes]
    """For any other: canonical JSON of those texts that are JSON."""

    def permit(self, value: object) -> bool:
        """Say whether the claim may have this value, as `gateway.passport.strict.read_json` gave it."""
        if isinstance(value, str):
            return value in self.texts
        try:
            return render_json(value) in self.documents
        except CanonicalJsonError:
            return False


@dataclass(frozen=True, slots=True)
class Constraints:
    """Either extension, as it stood; at least one of the three is not empty."""

    must_include: tuple[str, ...] = ()
    permitted_values: tuple[PermittedValues, ...] = ()
    must_exclude: tuple[str, ...] = ()

    @property
    def is_void(self) -> bool:
        """Whether it excludes what every PASSporT has, and so counts as not present."""
        return not BASELINE_CLAIMS.isdisjoint(self.must_exclude)


@asn1.sequence
class _Values:
    claim: asn1.IA5String
    values: list[str]


@asn1.sequence
class _Constraints:
    must_include: Annotated[list[asn1.IA5String] | None, asn1.Explicit(0)]
    permitted_values: Annotated[list[_Values] | None, asn1.Explicit(1)]


@asn1.sequence
class _EnhancedConstraints:
    must_include: Annotated[list[asn1.IA5String] | None, asn1.Explicit(0)]
    permitted_values: Annotated[list[_Values] | None, asn1.Explicit(1)]
    must_exclude: Annotated[list[asn1.IA5String] | None, asn1.Explicit(2)]


def parse_constraints(der: bytes) -> Constraints:
    """Read the value of JWTClaimConstraints. Raises ConstraintsError, and nothing else."""
    try:
        read = asn1.decode_der(_Constraints, der)
    except ValueError as error:
        raise ConstraintsError(
            "the claim constraints are not DER of the form in RFC 8226 section 8"
        ) from error
    return _checked(read.must_include, read.permitted_values, None)


def parse_enhanced_constraints(der: bytes) -> Constraints:
    """Read the value of EnhancedJWTClaimConstraints. Raises ConstraintsError, and nothing else."""
    try:
        read = asn1.decode_der(_EnhancedConstraints, der)
    except ValueError as error:
        raise ConstraintsError(
            "the claim constraints are not DER of the form in RFC 9118 section 3"
        ) from error
    return _checked(read.must_include, read.permitted_values, read.must_exclude)


def find_constraints(
    extensions: Mapping[x509.ObjectIdentifier, x509.Extension[x509.ExtensionType]],
) -> Constraints | ConstraintsError | None:
    """Give the constraints among a certificate's extensions, why they cannot be used, or None."""
    plain, enhanced = extensions.get(CONSTRAINTS_OID), extensions.get(ENHANCED_CONSTRAINTS_OID)
    if plain is not None and enhanced is not None:
        return ConstraintsError("both kinds of claim constraints are present")
    found = plain or enhanced
    if found is None or not isinstance(found.value, x509.UnrecognizedExtension):
        return None
    parse = parse_constraints if found is plain else parse_enhanced_constraints
    try:
        return parse(found.value.value)
    except ConstraintsError as error:
        return error


def check_constraints(constraints: Constraints | None, claims: Mapping[str, object]) -> Finding | None:
    """Hold the payload of a PASSporT against its certificate: CONSTRAINTS_BROKEN, or None when it fits."""
    if constraints is None or constraints.is_void:
        return None
    for claim in constraints.must_include:
        if claim not in claims:
            return Finding(CONSTRAINTS_BROKEN, f"the certificate asks for the claim {claim}", claim)
    for permitted in constraints.permitted_values:
        if permitted.claim in claims and not permitted.permit(claims[permitted.claim]):
            return Finding(
                CONSTRAINTS_BROKEN,
                f"the claim {permitted.claim} has a value the certificate does not permit",
                permitted.claim,
            )
    for claim in constraints.must_exclude:
        if claim in claims:
            return Finding(CONSTRAINTS_BROKEN, f"the certificate forbids the claim {claim}", claim)
    return None


def _checked(
    must_include: list[asn1.IA5String] | None,
    permitted_values: list[_Values] | None,
    must_exclude: list[asn1.IA5String] | None,
) -> Constraints:
    parts = [part for part in (must_include, permitted_values, must_exclude) if part is not None]
    # SIZE (1..MAX) at every level, and one of the parts at least.
    if not parts or not all(parts) or not all(entry.values for entry in permitted_values or ()):
        raise ConstraintsError("the claim constraints constrain nothing, or by nothing")
    return Constraints(
        must_include=tuple(_name(name) for name in must_include or ()),
        permitted_values=tuple(_permitted(entry) for entry in permitted_values or ()),
        must_exclude=tuple(_name(name) for name in must_exclude or ()),
    )


def _name(name: asn1.IA5String) -> str:
    text = name.as_str()
    if _NAME.fullmatch(text) is None:
        raise ConstraintsError("the claim constraints name a claim of impossible form")
    return text


def _permitted(entry: _Values) -> PermittedValues:
    documents = {document for text in entry.values if (document := _document(text)) is not None}
    return PermittedValues(_name(entry.claim), frozenset(entry.values), frozenset(documents))


def _document(text: str) -> bytes | None:
    """Render a listed text that is JSON, but no JSON string, canonically; None for any other text."""
    try:
        value = read_json(text.encode())
        return None if isinstance(value, str) else render_json(value)
    except (StrictJsonError, CanonicalJsonError):
        return None
