"""What a certificate may speak for: the TNAuthList of RFC 8226 section 9.

Reads and writes the extension's DER. The ASN.1 module has EXPLICIT TAGS: the code of provider 818H is
`30 08 a0 06 16 04 38 31 38 48`; the untagged and IMPLICIT forms some issuers once made are refused.
What this does not do: decide whether a list of this shape is acceptable (`gateway.certificates.profile`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from cryptography.hazmat import asn1
from cryptography.x509 import ObjectIdentifier

from gateway.numbers.canonical import TelephoneNumber
from gateway.numbers.ranges import NumberRange

TN_AUTH_LIST_OID: Final = ObjectIdentifier("1.3.6.1.5.5.7.1.26")

_MAX_ENTRIES: Final = 10_000
"""RFC 8226 knows no maximum; this one is far above what fits into a certificate that is fetched."""
# RFC 8226 says IA5String and leaves the form to the provider's country. Values go into logs, answers and
# SIP headers, so what could end one of those is not part of a code.
_SPC: Final = re.compile(r"[0-9A-Za-z._~:-]{1,64}")
_TN: Final = re.compile(r"[0-9#*]{1,15}")
_DIGITS: Final = re.compile(r"[0-9]{1,15}")


class TnAuthListError(ValueError):
    """The bytes are no TNAuthList; `args[0]` says in one sentence why."""


@dataclass(frozen=True, slots=True)
class TnAuthList:
    """Provider codes, ranges and single numbers, each in the order in which they stood."""

    spcs: tuple[str, ...] = ()
    ranges: tuple[NumberRange, ...] = ()
    ones: tuple[TelephoneNumber, ...] = ()

    def covers(self, tn: TelephoneNumber) -> bool:
        """Say whether the number itself is listed; a provider code lists no number (RFC 8226 section 9)."""
        return tn in self.ones or any(numbers.covers(tn) for numbers in self.ranges)

    @property
    def lists_numbers(self) -> bool:
        """Whether it names numbers or ranges, not provider codes alone."""
        return bool(self.ranges or self.ones)


@asn1.sequence
class _Range:
    start: asn1.IA5String
    count: int


_Entry = (
    Annotated[asn1.Variant[asn1.IA5String, Literal["spc"]], asn1.Explicit(0)]
    | Annotated[asn1.Variant[_Range, Literal["range"]], asn1.Explicit(1)]
    | Annotated[asn1.Variant[asn1.IA5String, Literal["one"]], asn1.Explicit(2)]
)


@asn1.sequence
class _Envelope:
    """The declarative reader wants a SEQUENCE with fields at the root; the list becomes its only one."""

    entries: Annotated[list[_Entry], asn1.Size(1, _MAX_ENTRIES)]


def parse_tn_auth_list(der: bytes) -> TnAuthList:
    """Read the value of the extension: strict DER, nothing behind it.

    Raises TnAuthListError, and nothing else, for any other bytes.
    """
    try:
        envelope = asn1.decode_der(_Envelope, _sequence(der))
    except ValueError as error:
        raise TnAuthListError("The TNAuthList is not DER of the form in RFC 8226 section 9.") from error
    spcs: list[str] = []
    ranges: list[NumberRange] = []
    ones: list[TelephoneNumber] = []
    for entry in envelope.entries:
        value = entry.value
        if isinstance(value, _Range):
            ranges.append(_checked_range(value.start.as_str(), value.count))
        elif entry.tag == "spc":
            spcs.append(_matching(_SPC, value.as_str(), "provider code"))
        else:
            ones.append(TelephoneNumber(_matching(_TN, value.as_str(), "telephone number")))
    return TnAuthList(tuple(spcs), tuple(ranges), tuple(ones))


def render_tn_auth_list(tn_auth_list: TnAuthList) -> bytes:
    """Write the extension's value: codes first, then ranges, then single numbers.

    Raises TnAuthListError when the list holds what `parse_tn_auth_list` would refuse.
    """
    try:
        entries: list[_Entry] = [
            *(asn1.Variant(asn1.IA5String(spc), "spc") for spc in tn_auth_list.spcs),
            *(_range_entry(numbers) for numbers in tn_auth_list.ranges),
            *(asn1.Variant(asn1.IA5String(tn), "one") for tn in tn_auth_list.ones),
        ]
        envelope = asn1.encode_der(_Envelope(entries=entries))
    except ValueError as error:
        raise TnAuthListError("A TNAuthList has one entry at least, all of them ASCII.") from error
    header = 2 if envelope[1] < 0x80 else 2 + (envelope[1] & 0x7F)
    der = envelope[header:]
    parse_tn_auth_list(der)
    return der


def _range_entry(numbers: NumberRange) -> asn1.Variant[_Range, Literal["range"]]:
    return asn1.Variant(_Range(start=asn1.IA5String(numbers.start), count=numbers.count), "range")


def _sequence(content: bytes) -> bytes:
    """Put the bytes inside a DER SEQUENCE (X.690 section 8.1.3: length in as few octets as possible)."""
    size = len(content)
    if size < 0x80:
        return bytes((0x30, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((0x30, 0x80 | len(length))) + length + content


def _checked_range(start: str, count: int) -> NumberRange:
    if _DIGITS.fullmatch(start) is None:
        raise TnAuthListError("A range of the TNAuthList starts with something other than 1 to 15 digits.")
    if count < 2:
        raise TnAuthListError("A range of the TNAuthList counts less than two numbers.")
    # RFC 8226 section 9, to the letter: start + count MUST be less than 10^D.
    if int(start) + count >= 10 ** len(start):
        raise TnAuthListError("A range of the TNAuthList runs past the last number of its length.")
    return NumberRange(TelephoneNumber(start), count)


def _matching(form: re.Pattern[str], text: str, words: str) -> str:
    if form.fullmatch(text) is None:
        raise TnAuthListError(f"The TNAuthList holds a {words} of impossible form.")
    return text
