"""ES256 and nothing else: signing a PASSporT, and checking the signature of one.

RFC 8225 section 6 over RFC 7515: ECDSA on P-256 with SHA-256, the signature r followed by s, 32 bytes each
(RFC 7518 section 3.4), over the bytes as they stand in the token. The algorithm is chosen here, before a key
is touched, and never read from a token. PyJWT's ES256 does the work; its `jwt.decode` is not used, because it
reads the clock and knows nothing of PASSporT's rules.

A high s is accepted: (r, n-s) is as valid as (r, s) to ECDSA and RFC 7518 does not forbid it. A token has
therefore two valid spellings, and nothing may be remembered by its text or its signature.

Differs from RFC 8225 section 4.2: the nonce is random, not that of RFC 6979 (a SHOULD). PyJWT does not offer
it; the randomness is OpenSSL's, which reseeds after a fork.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from jwt.algorithms import ECAlgorithm
from jwt.utils import der_to_raw_signature, raw_to_der_signature

from gateway.passport.canonical_json import render_json
from gateway.passport.claims import Claims
from gateway.passport.passport import SignatureProof, UnverifiedPassport, VerifiedPassport
from gateway.passport.strict import render_base64url

_ECDSA: Final = ECDSA(SHA256())


class _Es256(ECAlgorithm):
    """PyJWT's ES256, with one description of ECDSA for all signatures instead of another for each.

    `cryptography` imports its backend anew whenever one is made: a hundredth of what a verification costs.
    """

    def sign(self, msg: bytes, key: EllipticCurvePrivateKey) -> bytes:
        return der_to_raw_signature(key.sign(msg, _ECDSA), key.curve)

    def verify(self, msg: bytes, key: EllipticCurvePublicKey, sig: bytes) -> bool:  # type: ignore[override]
        try:
            key.verify(raw_to_der_signature(sig, key.curve), msg, _ECDSA)
        except (ValueError, InvalidSignature):
            return False
        return True


_ES256: Final = _Es256(ECAlgorithm.SHA256, SECP256R1)
_INTEGER_BYTES: Final = 32
_ZERO: Final = bytes(_INTEGER_BYTES)
_ORDER: Final = SECP256R1().group_order.to_bytes(_INTEGER_BYTES, "big")


def verify(passport: UnverifiedPassport, public_key: PublicKeyTypes) -> VerifiedPassport | None:
    """Check the signature of a PASSporT; None when it does not verify, for whatever reason.

    None also for a key that is not on P-256, for a type that is not known, and for a payload that does not
    hold the claims of its type: these are found, with words for them, before a signature is checked. Nothing
    in token or key raises.
    """
    claims = passport.claims
    if not isinstance(claims, Claims) or not _is_signed(passport, public_key):
        return None
    return VerifiedPassport(
        claims=claims,
        header=passport.header,
        payload=passport.payload,
        token=passport.token,
        proof=SignatureProof.CHECKED,
    )


def encode_header(header: Mapping[str, object]) -> bytes:
    """Encode a PASSporT header; it is the same for every call signed under one certificate.

    alg `ES256`, ppt the type's, typ `passport` and x5u (RFC 8225 section 4, RFC 8588 section 3).
    """
    return render_base64url(render_json(header))


def sign(*, header: bytes, payload: bytes, key: EllipticCurvePrivateKey) -> str:
    """Sign canonical payload bytes under an encoded header; gives the compact string of the full form.

    The key must be on P-256, which is established when it is loaded.
    """
    signing_input = header + b"." + render_base64url(payload)
    signature = _ES256.sign(signing_input, key)
    return (signing_input + b"." + render_base64url(signature)).decode("ascii")


def render_identity(token: str, x5u: str, ppt: str = "shaken") -> str:
    """Render the Identity header value of a PASSporT with extension, alg and ppt bare as ATIS-1000082 shows.

    `x5u` comes from the gateway's own settings, where the rules for such addresses have been applied.
    """
    return f"{token};info=<{x5u}>;alg=ES256;ppt={ppt}"


def _is_signed(passport: UnverifiedPassport, public_key: PublicKeyTypes) -> bool:
    # PyJWT looks at the curve only when it loads a key from text; a P-384 key handed to its ES256 would be
    # used, and any other kind of key would raise.
    if not isinstance(public_key, EllipticCurvePublicKey) or not isinstance(public_key.curve, SECP256R1):
        return False
    signature = passport.signature
    if signature is None or len(signature) != 2 * _INTEGER_BYTES:
        return False
    # Big-endian bytes of one length are in the order of their numbers.
    r, s = signature[:_INTEGER_BYTES], signature[_INTEGER_BYTES:]
    if not (_ZERO < r < _ORDER and _ZERO < s < _ORDER):
        return False
    return _ES256.verify(passport.signing_input, public_key, signature)
