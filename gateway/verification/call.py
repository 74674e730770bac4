"""The call as the switch signalled it, against which a PASSporT's claims are held."""

from __future__ import annotations

import msgspec

from gateway.numbers.canonical import TelephoneNumber


class VerificationRequest(msgspec.Struct, frozen=True, gc=False):
    """One Identity header and the call it came with, numbers in canonical form."""

    orig: TelephoneNumber
    dests: frozenset[TelephoneNumber]
    """The numbers of the To header."""
    time: int
    """The SIP Date of the call, epoch seconds."""
    identity: str
    """The Identity header's value as received."""
    request_uri: TelephoneNumber | None = None
    """The number in the Request-URI; None when the switch did not say."""
    resource_priority: frozenset[str] | None = None
    """The r-values of the Resource-Priority header (RFC 4412); None when the switch did not say."""
    priority: str | None = None
    """The value of the SIP Priority header; None when there is none or the switch did not say."""
