"""Call-backs after a call for help: whose number is remembered, and for which calls that is asked.

RFC 7090: a control room that calls back somebody who was cut off must get through, and nothing in its call
says that it is one. What a gateway can know is that the called person dialled an emergency number within
the last half hour; such calls are let through (`rules.emergency`). The remembering is done in Redis.

Two limits keep this from being a way around the rules. Only calls of this carrier's own customers (trunks
of kind access and customer) are remembered: anybody could otherwise send a call that shows another's number
to 999 and so open that line to every caller. And calls by an international trunk do not profit: whoever
was remembered called for help here, so the control room is here too, and its call comes from within the
country. A customer's own switch can still name a number that is not its own; what it gains is half an
hour in which one line is less protected, at the price of a false emergency call in the carrier's name.
Rejected: remembering only numbers of the trunk's inventory, because a number missing there would cost
a person in danger the call back.

While Redis does not answer, nobody is taken for a recent caller: otherwise whoever brought Redis down
would have opened every line. Only the rules that need no Redis block then, and a verdict that might have
been another one names `emergency` among what was missing (`decide`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gateway.attestation.decide import TrunkKind
from gateway.numbers.canonical import TelephoneNumber, is_international
from gateway.verdicts.call import Call
from gateway.verdicts.policy import EmergencyPolicy
from gateway.verdicts.rules import CALLS_FOR_HELP

MOST_CALLED_BACK: Final = 10
"""Called numbers asked about for one call: real calls have one, and each costs a look-up."""
_OWN_CUSTOMERS: Final = frozenset({TrunkKind.ACCESS, TrunkKind.CUSTOMER})


def callers_to_remember(
    shown: Iterable[TelephoneNumber],
    called: Iterable[TelephoneNumber],
    *,
    trunk_kind: TrunkKind,
    policy: EmergencyPolicy,
) -> tuple[TelephoneNumber, ...]:
    """The calling numbers, where this is a call for help by a customer of this carrier's; else ().

    `shown` are presentation and network number: a control room may have been given either. `called` are the
    numbers the call is routed to (`Call.called`).
    """
    if trunk_kind not in _OWN_CUSTOMERS:
        return ()
    for tn in called:
        if tn in policy.numbers or tn in CALLS_FOR_HELP:
            return tuple([tn for tn in dict.fromkeys(shown) if is_international(tn)])
    return ()


def numbers_called_back(call: Call) -> tuple[TelephoneNumber, ...]:
    """The called numbers for which a recent call for help would let this call through."""
    if call.trunk_kind == TrunkKind.INTERNATIONAL:
        return ()
    return tuple([tn for tn in call.called[:MOST_CALLED_BACK] if is_international(tn)])
