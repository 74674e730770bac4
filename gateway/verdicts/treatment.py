"""The SIP answer a verdict stands for, by country pack.

Blocks by rule (do-not-originate, invalid numbers, an operator's decision) are answered `603 Decline`
everywhere. In the NANP a block by statistics is `603 Network Blocked` with a Reason header that says so
and names where to complain (ATIS-1000099, the FCC's rule of 25 March 2026); the policy refuses to load
such blocking without a contact. A call that France's interconnect cuts for want of a signature is told why by
RFC 8224's codes (MAN v1.7, rule P59). A challenged call is redirected to the screening URI.
"""

from __future__ import annotations

from gateway.verdicts.policy import CountryPack, Redress, TreatmentPolicy
from gateway.verdicts.verdict import Action, Hit, SipTreatment


def treat(action: Action, deciding: Hit | None, policy: TreatmentPolicy) -> SipTreatment:
    """What the switch should answer; nothing for a call that goes on."""
    if action is Action.CHALLENGE and policy.screening_uri is not None:
        return SipTreatment(302, "Moved Temporarily", {"Contact": f"<{policy.screening_uri}>"})
    if action is not Action.BLOCK:
        return SipTreatment()
    if policy.country_pack is CountryPack.NANP and deciding is not None and deciding.is_analytics:
        return SipTreatment(603, "Network Blocked", {"Reason": _network_blocked(policy.redress)})
    if deciding is not None and deciding.cause is not None:
        return SipTreatment(deciding.cause.code, deciding.cause.phrase)
    return SipTreatment(603, "Decline")


def _network_blocked(redress: Redress) -> str:
    """The Reason header of ATIS-1000099; `location=RPN` is the network of the called person."""
    contacts = [
        f"{name}={value}"
        for name, value in (("url", redress.url), ("tel", redress.tel), ("email", redress.email))
        if value is not None
    ]
    return f'SIP;cause=603;text="{";".join(["v=analytics1", *contacts])}";location=RPN'
