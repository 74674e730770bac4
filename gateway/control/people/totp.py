"""Codes of authenticator apps (TOTP, RFC 6238): six digits, 30 seconds, one step of drift either way."""

from __future__ import annotations

import hmac
from typing import Final

import pyotp
import segno

from gateway.registry.codes import read_code

STEP_SECONDS: Final = 30
DRIFT_STEPS: Final = 1
"""RFC 6238 section 5.2: one step for the network's delay."""
ISSUER: Final = "Callmark"


def new_secret() -> str:
    """160 random bits (RFC 4226 section 4), base32."""
    return pyotp.random_base32()


def matching_step(typed: str, *, secret: str, after: int, now: int) -> int | None:
    """The time step that this is the code of, later than `after`; None for a wrong or used code."""
    code = read_code(typed)
    if code is None:
        return None
    present, codes = now // STEP_SECONDS, pyotp.TOTP(secret)
    found = None
    for step in range(present - DRIFT_STEPS, present + DRIFT_STEPS + 1):
        if hmac.compare_digest(codes.generate_otp(step), code) and step > after:
            found = step
    return found


def spelled_secret(secret: str) -> str:
    """The secret as a person copies it: groups of four."""
    return " ".join(secret[place : place + 4] for place in range(0, len(secret), 4))


def secret_picture(secret: str, *, email: str) -> str:
    """The QR code that apps read (otpauth://), as SVG without any style of its own."""
    address = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)
    picture: str = segno.make(address, error="m").svg_inline(
        scale=5, border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None, omitsize=False
    )
    return picture
