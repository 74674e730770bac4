"""Recorded calls, as the journal has them."""

from __future__ import annotations

from gateway.attestation.decide import TrunkKind
from gateway.journal import Grounds, Record
from gateway.verdicts.call import Known

NOON = 1_795_348_800.0
"""A whole hour, in epoch seconds."""


def a_call(at: float = NOON, **how) -> Record:
    """A verified call from abroad without a signature, let through in 1.5 ms."""
    kind = how.pop("kind", TrunkKind.INTERNATIONAL)
    missing = how.pop("missing", ())
    usual = {
        "time": at,
        "operation": "verdict",
        "call_id": f"call-{at}",
        "trunk": "international-1",
        "orig": "442079460123",
        "network_tn": None,
        "dests": ("441614960000",),
        "verstat": "No-TN-Validation",
        "reason": "stir.identity.missing",
        "action": "allow",
        "grounds": Grounds(known=Known(degraded=missing), trunk_kind=kind),
        "generation": 1,
        "elapsed_ms": 1.5,
    }
    return Record(**(usual | how))
