"""The PASSporT: a token decoded, and the type that says its signature has been checked.

RFC 8225 sections 4 to 6 over RFC 7515 section 7.1, full form only. `decode` proves nothing: it gives an
UnverifiedPassport, whose contents are a stranger's words. A VerifiedPassport comes from
`gateway.passport.signature.verify` alone, so a function that asks for one cannot be handed the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import InitVar, dataclass
from enum import Enum
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import msgspec

from gateway.passport.claims import Claims, read_plain_shaken
from gateway.passport.fields import ClaimProblem
from gateway.passport.ppt import Ppt, ppt_of_header, read_claims
from gateway.passport.strict import (
    Base64UrlError,
    StrictJsonError,
    read_base64url,
    read_json,
    without_strings,
)

_UNKNOWN: Final = ClaimProblem("ppt", "its type is not known, so neither are its claims", missing=False)


class PassportError(ValueError):
    """A token that is not decoded, in a sentence for whoever sent it."""

    def __init__(self, problem: str, *, place: str, unread: StrictJsonError | None = None) -> None:
        """`unread` says why a header or payload is not JSON."""
        super().__init__(problem)
        self.problem = problem
        self._part = place
        self._unread = unread

    @property
    def place(self) -> str:
        """`token`, `header` or `payload`; with a JSON pointer behind it where one is known: `payload/iat`."""
        pointer = None if self._unread is None else self._unread.pointer
        return self._part + (pointer or "")


class UnverifiedPassport(msgspec.Struct, frozen=True, gc=False):
    """A decoded token about which nothing has been proved."""

    header: Mapping[str, object]
    payload: Mapping[str, object]
    ppt: Ppt | None
    """The type its header names; None when it is not known here."""
    claims: Claims | ClaimProblem
    """The payload's claims by that type, or which is missing or wrong."""
    signing_input: bytes
    """What the signature is over: the bytes that came, never a second rendering of what was read."""
    signature: bytes | None
    """As decoded, of any length, empty included; None when it is not base64url or longer than any. Neither
    verifies (E18)."""
    token: str


class SignatureProof(Enum):
    """What a VerifiedPassport asks for when it is made. Only `signature.verify` hands it over."""

    CHECKED = "checked"


@dataclass(frozen=True, slots=True)
class VerifiedPassport:
    """A PASSporT whose signature was made with the key it was checked against.

    Whether that key may speak for the number, and whether the claims fit the call, is not said here.
    """

    claims: Claims
    """Of the class that belongs to the header's `ppt`."""
    header: Mapping[str, object]
    payload: Mapping[str, object]
    token: str
    proof: InitVar[SignatureProof]

    def __post_init__(self, proof: SignatureProof) -> None:
        """Refuse to exist without the proof, also where no type checker looks."""
        if proof is not SignatureProof.CHECKED:
            raise TypeError("a VerifiedPassport is made by gateway.passport.signature.verify alone")


HEADERS_KEPT: Final = 4096
MOST_STRINGS: Final = 300
"""Names and values in one part. The fullest real one, a jCard in `rcd`, has some dozens; the thousands that a
header of 16 kB has room for cost nine times the signature that refusing the token spares."""
MOST_BRACKETS: Final = 300
"""Arrays and objects in one part, brackets within texts counted too. A jCard has two for each property; to
find out how deep thousands of them nest costs a fifth more than that signature."""
MOST_COMMAS: Final = 300
"""Between members and items of one part, those of texts not counted. Strings and brackets are bounded above;
what is left are numbers and literals, of which a claim has one: thousands cost a dozen signatures to read."""
LONGEST_KEPT: Final = 1024
"""Characters; a stranger's longer ones are read each time instead of taking memory."""
LONGEST_SIGNATURE: Final = 1024
"""Characters. ES256 has 86; one of RSA that got here by mistake is still read, so that its length is told."""

_UNCOUNTED: Final = bytes(set(range(256)).difference(b'"[{,'))
_NEVER_TOO_MANY: Final = min(2 * MOST_STRINGS, MOST_BRACKETS, MOST_COMMAS)


def decode(token: str) -> UnverifiedPassport:
    """Decode `header.payload.signature`. Raises PassportError, and never anything else.

    Header and payload must be JSON objects by the strict readers. A signature that cannot be read is no
    error here but None: ATIS-1000082 answers it as a bad signature (E18), not as a malformed token.
    """
    parts = token.split(".", 3)
    if len(parts) != 3:
        raise PassportError("a PASSporT has three parts with '.' between them", place="token")
    header_part, payload_part, signature_part = parts
    if len(header_part) <= LONGEST_KEPT:
        header = _read_header(header_part)
    else:
        header = _read_object(header_part, "header")
    ppt = ppt_of_header(header)
    # Read once: examining the claims and proving them by the signature must not be able to differ.
    payload, claims = _read_payload(payload_part, ppt)
    return UnverifiedPassport(
        header=header,
        payload=payload,
        ppt=ppt,
        claims=claims,
        signing_input=f"{header_part}.{payload_part}".encode("ascii"),
        signature=_read_signature(signature_part),
        token=token,
    )


@lru_cache(maxsize=HEADERS_KEPT)
def _read_header(part: str) -> Mapping[str, object]:
    """Read a header; it is the same for every call signed under one certificate, hence remembered."""
    return MappingProxyType(_read_object(part, "header"))


def _read_payload(part: str, ppt: Ppt | None) -> tuple[Mapping[str, object], Claims | ClaimProblem]:
    data = _read_bytes(part, "payload")
    if ppt is Ppt.SHAKEN:
        plain = read_plain_shaken(data)
        if plain is not None:
            return plain
    payload = _as_object(data, "payload")
    return payload, _UNKNOWN if ppt is None else read_claims(ppt, payload)


def _read_object(part: str, place: str) -> Mapping[str, object]:
    return _as_object(_read_bytes(part, place), place)


def _read_bytes(part: str, place: str) -> bytes:
    if not part:
        raise PassportError(f"the {place} is empty", place=place)
    try:
        data = read_base64url(part)
    except Base64UrlError as error:
        raise PassportError(f"the {place} is not base64url: {error.problem}", place=place) from None
    counted = data.translate(None, _UNCOUNTED)
    if len(counted) > _NEVER_TOO_MANY:
        too_many = _too_many(data, counted)
        if too_many is not None:
            raise PassportError(f"the {place} holds more than {too_many}", place=place)
    return data


def _too_many(data: bytes, counted: bytes) -> str | None:
    if counted.count(b'"') > 2 * MOST_STRINGS:
        return f"{MOST_STRINGS} strings"
    if counted.count(b"[") + counted.count(b"{") > MOST_BRACKETS:
        return f"{MOST_BRACKETS} arrays and objects"
    # Those of a text, which may be prose, are no items.
    if counted.count(b",") > MOST_COMMAS and without_strings(data).count(b",") > MOST_COMMAS:
        return f"{MOST_COMMAS} commas between its values"
    return None


def _read_signature(part: str) -> bytes | None:
    if len(part) > LONGEST_SIGNATURE:
        return None
    try:
        return read_base64url(part)
    except Base64UrlError:
        return None


def _as_object(data: bytes, place: str) -> Mapping[str, object]:
    try:
        value = read_json(data)
    except StrictJsonError as error:
        raise PassportError(
            f"the {place} is not read as JSON: {error.problem}", place=place, unread=error
        ) from None
    if not isinstance(value, dict):
        raise PassportError(f"the {place} is not a JSON object", place=place)
    return value
