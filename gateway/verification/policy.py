"""What the operator may set for verification, and which types of PASSporT a resource takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from gateway.certificates.x5u import X5uPolicy
from gateway.passport.ppt import Ppt

SHAKEN_ONLY: Final = frozenset({Ppt.SHAKEN})
"""The ATIS-1000082 resources: every other type is its error case E5."""
EVERY_TYPE: Final = frozenset(Ppt)
"""`/v1/verdicts`."""


@dataclass(frozen=True, slots=True)
class VerificationPolicy:
    """What the operator may set."""

    freshness_seconds: int = 60
    """How far `time` may be from the clock, and `iat` from `time`, either way (RFC 8224 section 6.2)."""
    x5u: X5uPolicy = field(default_factory=X5uPolicy)
