"""Where the rules of trunks differ, as data: ATIS-1000074/82, and France's MAN (its rule P59, MAN v1.7).

Both answer the same faults with the same codes; what differs is what counts as a fault. MAN's further
demand, that x5u lie on its own repository, is a rule of its trust domain (`gateway.certificates.domain`).
"""

from __future__ import annotations

from typing import Final

import msgspec


class Profile(msgspec.Struct, frozen=True, gc=False):
    """The rule set of a trunk; `trunks.toml` names it."""

    name: str
    alg_parameter_required: bool = False
    """RFC 8224 section 4.1 lets `alg` be left out and means ES256; MAN answers 437."""
    max_parameters: int | None = None
    """How many parameters an Identity header may have; MAN answers 438 beyond. None: no such rule."""


ATIS: Final = Profile("atis")
FRANCE_MAN: Final = Profile("france-man", alg_parameter_required=True, max_parameters=4)

PROFILES: Final = {profile.name: profile for profile in (ATIS, FRANCE_MAN)}
