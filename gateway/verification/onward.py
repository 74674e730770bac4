"""Whether a call that came to a number can be sent on with one diversion more (RFC 8946 section 4.1).

Asked before a `div` PASSporT is signed. The call is read as it was when it came to the number it is diverted
from: its Identity headers must lead there, by the chain a verifier there would have followed (section 4.2).

Their certificates are not looked at. Each link stands for itself: whoever verifies the call checks every
signature of its chain, and a genuine link behind a forged one makes nothing genuine. So nothing has to be
fetched before a call can be sent on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.numbers.canonical import DiallingRules, TelephoneNumber
from gateway.passport.ppt import Ppt
from gateway.reasons import DIV_LENGTH, DIV_LOOP, SIGN_DIV_ORIGIN, Finding
from gateway.verification.call import VerificationRequest
from gateway.verification.diversion import MAX_DIVERSIONS
from gateway.verification.examine import examine_each
from gateway.verification.policy import EVERY_TYPE, VerificationPolicy
from gateway.verification.profile import Profile

_VOUCHING: Final = frozenset({Ppt.BASE, Ppt.SHAKEN, Ppt.RCD})
"""The types that say who called, behind which a diversion can stand."""


def retained_iat(
    came: Sequence[VerificationRequest],
    target: TelephoneNumber,
    *,
    policy: VerificationPolicy,
    dialling: DiallingRules,
    now: int,
    profile: Profile,
) -> int | Finding:
    """Give the `iat` of the PASSporT that led here, which the diversion retains; or why none does.

    `came` are the call's headers, with the number diverted from as their Request-URI; `target` is where the
    call goes on to; `now` in epoch seconds.
    """
    examined = examine_each(
        came, policy=policy, dialling=dialling, now=now, accepted=EVERY_TYPE, profile=profile
    )
    chain = examined.diversion
    if isinstance(chain, Finding):
        return chain
    vouching = [header.links[0] for header in examined.headers if header.links and header.ppt in _VOUCHING]
    if not vouching:
        refused = next((header.finding for header in examined.headers if header.finding is not None), None)
        return Finding(SIGN_DIV_ORIGIN, "" if refused is None else refused.reason.code)
    diverted, places = ((), ()) if chain is None else (chain.diverted, chain.places)
    if target == came[0].request_uri or target in diverted:
        return Finding(DIV_LOOP, "the call would go back to where it was", "div")
    if len(places) == MAX_DIVERSIONS:
        return Finding(DIV_LENGTH, "one more would be signed")
    last = examined.headers[places[-1]].links[0] if places else vouching[0]
    return last.claims.iat
