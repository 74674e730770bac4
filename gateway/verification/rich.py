"""What may be believed of a call's rich call data (RFC 9795 sections 9, 11.1 and 14).

An `rcd` PASSporT is valid by itself: it has `orig`, `dest` and `iat`, and is verified like any other, by a
certificate that may speak for the calling number (RFC 9795 section 9.1 over RFC 8224 section 6.2). One that
names another speaker, by `iss`, proves no number (section 11.1): it counts only beside a PASSporT that
does. The claim may also stand in a `shaken` or a base PASSporT (section 14), and is then as good as that.

Whether any of it is shown to someone is the verdict's to say.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.passport.fields import ClaimProblem
from gateway.passport.integrity import check_integrity
from gateway.passport.passport import VerifiedPassport
from gateway.passport.rich_call_data import RichCallData, read_rich_call_data
from gateway.reasons import CLAIM_INVALID, RCD_INTEGRITY, Finding


@dataclass(frozen=True, slots=True)
class ProvenData:
    """Rich call data whose signature, numbers and digests hold."""

    data: RichCallData
    unchecked: tuple[str, ...]
    """JSON pointers to content by address that no digest was held against: not to be shown as it is."""


def prove(passport: VerifiedPassport) -> ProvenData | Finding | None:
    """Read the rich call data of a verified PASSporT of any type; None when it has none.

    A Finding says why the data is not believed; the PASSporT is no worse for it (RFC 8225 section 8.3).
    """
    payload = passport.payload
    if "rcd" not in payload and "crn" not in payload:
        return None
    data = read_rich_call_data(payload)
    if isinstance(data, ClaimProblem):
        return Finding(CLAIM_INVALID, data.problem, data.claim)
    integrity = check_integrity(payload.get("rcd"), data)
    if integrity.problem is not None:
        return Finding(RCD_INTEGRITY, integrity.problem, "rcdi")
    return ProvenData(data, integrity.unchecked)
