"""An evidence file, read: its form, its signature, and the members that are judged again.

Any bytes give what is asked for or NotHoldingError with a sentence. What the members mean is said by
`gateway.control.tracing.bundle`, which writes them; what becomes of them, in `bundle_check.py`.
"""

from __future__ import annotations

import base64
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import jwt
import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

from gateway.certificates.reading import read_certificates
from gateway.control.tracing.bundle import FORM
from gateway.control.tracing.evidence_key import TYPE
from gateway.passport.strict import Base64UrlError, StrictJsonError, read_base64url, read_json

MOST_BYTES: Final = 64 * 1024 * 1024
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)
"""Beyond them a time cannot be reckoned with in every place, and no call was made."""
_Time = Annotated[datetime, msgspec.Meta(tz=True)]


class SipFacts(msgspec.Struct):
    """What the switch said of the call."""

    call_id: str
    taken: _Time
    date: int
    network: str | None = None
    to: list[str] = []
    request_uri: str | None = None
    resource_priority: list[str] = []
    priority: str | None = None
    calling: str | None = msgspec.field(default=None, name="from")


class IdentityReceived(msgspec.Struct):
    """A header as received, and the names of the chains behind it."""

    value: str
    certificates: list[str]


class Claimed(msgspec.Struct):
    """What the carrier says of the headers."""

    verstat: str | None
    reason: str


class CallGivenOut(msgspec.Struct):
    """One call."""

    sip: SipFacts
    identities: list[IdentityReceived]
    verification: Claimed
    signed_here: bool


class ChainGivenOut(msgspec.Struct):
    """A chain, and where it was published."""

    x5u: str
    pem: str


class Made(msgspec.Struct):
    """When, and by whom."""

    at: _Time
    by: str


class Evidence(msgspec.Struct):
    """The part of what was signed that is judged again."""

    form: str
    made: Made
    calls: Annotated[list[CallGivenOut], msgspec.Meta(max_length=10_000)]
    certificates: dict[str, ChainGivenOut]


class NotHoldingError(Exception):
    """A step failed; the ones after it cannot be made."""


def read_form(data: bytes) -> tuple[Mapping[str, Any], bytes, str]:
    """Header, payload and the text itself: a JWS in compact form, with no byte beside it.

    Raises NotHoldingError.
    """
    parts = data.split(b".")
    if len(data) > MOST_BYTES or len(parts) != 3:
        raise NotHoldingError("It is no evidence file, or not a whole one.")
    try:
        text = data.decode("ascii")
        header, payload, _ = (read_base64url(part) for part in text.split("."))
        read = read_json(header)
    except (UnicodeDecodeError, Base64UrlError, StrictJsonError) as error:
        raise NotHoldingError("It is no evidence file, or bytes of it were altered.") from error
    if not isinstance(read, dict) or read.get("typ") != TYPE or read.get("alg") != "ES256":
        raise NotHoldingError(f"Its header does not say {TYPE} and ES256: it is something else, or altered.")
    return read, payload, text


def read_chain(header: Mapping[str, Any]) -> tuple[x509.Certificate, ...]:
    """The certificates that signed it, leaf first. Raises NotHoldingError."""
    named = header.get("x5c")
    try:
        if not isinstance(named, list) or not 1 <= len(named) <= 10:
            raise ValueError("x5c")
        ders = [base64.b64decode(str(each), validate=True) for each in named]
        with warnings.catch_warnings():
            # What `cryptography` will refuse one day is refused here today.
            warnings.simplefilter("error")
            return tuple(read_certificates(der)[0] for der in ders)
    except (ValueError, Warning) as error:
        raise NotHoldingError("The certificate that signed it cannot be read.") from error


def check_signature(text: str, certificate: x509.Certificate) -> None:
    """Raise NotHoldingError unless this certificate's key made the signature."""
    try:
        key = certificate.public_key()
    except ValueError as error:
        raise NotHoldingError("The key of the certificate that signed it cannot be read.") from error
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise NotHoldingError("The certificate that signed it has no P-256 key.")
    try:
        jwt.PyJWS().decode(text, key, algorithms=["ES256"])
    except jwt.PyJWTError as error:
        raise NotHoldingError("The signature does not fit: bytes were altered after it was made.") from error


def read_evidence(payload: bytes) -> Evidence:
    """What was signed. Raises NotHoldingError."""
    try:
        # By the strict reader: where a name stands twice, another program would see another document.
        document = msgspec.convert(read_json(payload), Evidence)
    except StrictJsonError as error:
        raise NotHoldingError(f"What was signed is no document that all read alike: {error}.") from error
    except msgspec.ValidationError as error:
        raise NotHoldingError(f"What was signed does not have the form {FORM}: {error}.") from error
    if document.form != FORM:
        raise NotHoldingError(f"What was signed has the form {document.form!r}; this command knows {FORM}.")
    for moment in (document.made.at, *(call.sip.taken for call in document.calls)):
        if not _EARLIEST <= moment <= _LATEST:
            raise NotHoldingError(f"What was signed names the time {moment}, when there was no such call.")
    return document
