"""What a bearer token looks like, and what may be known of it: its hash.

A token is 256 random bits, so a plain SHA-256 is all its storage needs: there is nothing to guess,
hence nothing a salt or a slow hash would slow down, and a hash look-up leaks no prefix by its time.
"""

from __future__ import annotations

import base64
import hashlib
import re
from enum import StrEnum
from typing import Final

TOKEN_BYTES: Final = 32

_PREFIX: Final = "cmk_"
# 43 characters hold 258 bits; the last one's two spare bits are zero in what `render_token` makes.
_TOKEN: Final = re.compile(r"cmk_[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")


class Scope(StrEnum):
    """What a token opens; a token has at least one, and none includes another."""

    CALL_SIGN = "call:sign"
    CALL_VERIFY = "call:verify"
    REPORT_WRITE = "report:write"
    OWNER = "owner"
    OPERATOR = "operator"
    AUDITOR = "auditor"


def render_token(secret: bytes) -> str:
    """Return the token for 32 random bytes. ValueError for any other length."""
    if len(secret) != TOKEN_BYTES:
        raise ValueError(f"a token is made of {TOKEN_BYTES} bytes, not {len(secret)}")
    return _PREFIX + base64.urlsafe_b64encode(secret).decode("ascii").rstrip("=")


def hash_token(token: str) -> str | None:
    """Return the hash a token is stored and looked up by (hex); None for what cannot be a token."""
    if _TOKEN.fullmatch(token) is None:
        return None
    return hashlib.sha256(token.encode("ascii")).hexdigest()
