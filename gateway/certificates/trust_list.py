"""The STI-PA's list of trusted authorities: a JWS, checked and read (ATIS-1000084, RFC 7515).

The body is the compact JWS, or the STI-PA's JSON answer with it in `caList`; the payload is
`{version, sequence, exp, trustList}`. It is believed when a pinned certificate signed it: one of those the
operator put there, or one that leads to one of those (the STI-PA's root) and was fetched from the header's
x5u. Its `exp` lies ahead and its `sequence` never falls, so that nobody serves yesterday's list.

What this does not do: fetch, remember the last good list and its sequence, or decide what to trust when a
list is refused. Keep the last good one until its own `exp`, and say so.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.verification import Store

from gateway.certificates.domain import why_no_anchor
from gateway.certificates.path import Path, build_path
from gateway.certificates.reading import CertificateError, read_certificates, show
from gateway.passport.claims import MAX_IAT
from gateway.passport.passport import PassportError, UnverifiedPassport, decode
from gateway.passport.strict import StrictJsonError, read_json

_MAX_SEQUENCE: Final = 2**63 - 1
_SIGNATURE_BYTES: Final = 64


class TrustListError(ValueError):
    """The bytes are no trust list to be believed; `args[0]` says in one sentence why."""


@dataclass(frozen=True, slots=True)
class TrustList:
    """A list that was signed, is current, and is not older than the last one."""

    certificates: tuple[x509.Certificate, ...]
    """Fit to be trust anchors, each once; at least one."""
    sequence: int
    exp: int
    """Epoch seconds; afterwards the list says nothing any more."""
    version: str
    skipped: tuple[str, ...]
    """Why entries were left out. One unreadable certificate costs its own authority's calls and no more."""


def trust_list_x5u(body: bytes) -> str | None:
    """Give the address at which the signer says its certificate is; None when it names none.

    Nothing has been checked: hold it against the rules of `gateway.certificates.x5u` before fetching. Raises
    TrustListError for a body that is no JWS.
    """
    x5u = _decoded(body).header.get("x5u")
    return x5u if isinstance(x5u, str) else None


def read_trust_list(
    body: bytes,
    *,
    pinned: Sequence[x509.Certificate],
    now: int,
    previous_sequence: int | None,
    fetched: Sequence[x509.Certificate] = (),
) -> TrustList:
    """Read a list; raises TrustListError, and nothing else.

    `pinned` are the STI-PA's certificates from the operator's file, `fetched` what the header's x5u serves,
    the signer's first; `now` in epoch seconds; `previous_sequence` is that of the last list believed.
    """
    jws = _decoded(body)
    _check_header(jws.header)
    moment = datetime.fromtimestamp(now, UTC)
    if not any(_is_signed(jws, signer) for signer in _signers(pinned, fetched, moment)):
        raise TrustListError("The trust list is not signed by a pinned certificate that is valid now.")
    sequence, exp = _whole(jws.payload, "sequence", _MAX_SEQUENCE), _whole(jws.payload, "exp", MAX_IAT)
    if exp <= now:
        raise TrustListError("The trust list has expired.")
    if previous_sequence is not None and sequence < previous_sequence:
        raise TrustListError(f"The trust list is older ({sequence}) than the last one ({previous_sequence}).")
    certificates, skipped = _certificates(jws.payload.get("trustList"))
    return TrustList(certificates, sequence, exp, _version(jws.payload.get("version")), skipped)


def _decoded(body: bytes) -> UnverifiedPassport:
    """Read the JWS by the same strict readers as a PASSporT: it has the same form (RFC 7515 section 7.1)."""
    try:
        text = body.decode("ascii").strip()
        if text.startswith("{"):
            answer = read_json(body.strip())
            text = answer["caList"] if isinstance(answer, dict) else ""
        return decode(text)
    except (KeyError, TypeError, AttributeError, UnicodeDecodeError, StrictJsonError):
        raise TrustListError(
            "The trust list is neither a JWS nor a JSON answer with one in caList."
        ) from None
    except PassportError as error:
        raise TrustListError(f"The trust list is no JWS: {error.problem}.") from None


def _check_header(header: Mapping[str, object]) -> None:
    if header.get("alg") != "ES256":
        raise TrustListError("The trust list is not signed with ES256.")
    # RFC 7515 section 4.1.11: what it names must be understood, and nothing is. The key is never taken from
    # the header, so that jwk, jku and x5c are without meaning here.
    if "crit" in header:
        raise TrustListError("The trust list's header has a crit parameter.")


def _signers(
    pinned: Sequence[x509.Certificate], fetched: Sequence[x509.Certificate], moment: datetime
) -> Iterator[x509.Certificate]:
    for certificate in pinned:
        if certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc:
            yield certificate
    if pinned and fetched:
        signer, *authorities = fetched
        anchors = tuple(pinned)
        path = build_path(signer, authorities, anchors=anchors, store=Store(list(anchors)), moment=moment)
        if isinstance(path, Path) and _may_sign(signer):
            yield signer


def _may_sign(certificate: x509.Certificate) -> bool:
    """RFC 5280 section 4.2.1.3: with a key usage extension, the digitalSignature bit must be set."""
    for extension in certificate.extensions:
        if isinstance(extension.value, x509.KeyUsage):
            return extension.value.digital_signature
    return True


def _is_signed(jws: UnverifiedPassport, signer: x509.Certificate) -> bool:
    key = signer.public_key()
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        return False
    signature = jws.signature
    if signature is None or len(signature) != _SIGNATURE_BYTES:
        return False
    half = _SIGNATURE_BYTES // 2
    r, s = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
    try:
        key.verify(encode_dss_signature(r, s), jws.signing_input, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _whole(payload: Mapping[str, object], name: str, most: int) -> int:
    value = payload.get(name)
    # bool is an int to Python.
    if type(value) is not int or not 0 <= value <= most:
        raise TrustListError(f"The trust list's {name} is missing or is no whole number of its kind.")
    return value


def _version(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TrustListError("The trust list's version is missing or is neither a number nor a text.")
    return show(str(value))


def _certificates(entries: object) -> tuple[tuple[x509.Certificate, ...], tuple[str, ...]]:
    if not isinstance(entries, list):
        raise TrustListError("The trust list's trustList is missing or is no array.")
    read: dict[x509.Certificate, None] = {}
    skipped: list[str] = []
    for position, entry in enumerate(entries, start=1):
        try:
            for certificate in _entry(entry):
                why = why_no_anchor(certificate)
                if why is None:
                    read[certificate] = None
                else:
                    skipped.append(f"certificate {position} {why}")
        except CertificateError as error:
            skipped.append(f"certificate {position} {error}")
    if not read:
        raise TrustListError("The trust list holds no certificate that could be a trust anchor.")
    return tuple(read), tuple(skipped)


def _entry(entry: object) -> tuple[x509.Certificate, ...]:
    """Read an entry: PEM, or DER in base64."""
    if not isinstance(entry, str):
        raise CertificateError("is no text")
    if "-----BEGIN " in entry:
        return read_certificates(entry.encode())
    try:
        return read_certificates(binascii.a2b_base64(entry.encode(), strict_mode=True))
    except binascii.Error:
        raise CertificateError("is neither PEM nor base64") from None
