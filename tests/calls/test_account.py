"""The facts of a chain are put together once, and anew for a call of which something else is to be said."""

from __future__ import annotations

import msgspec

from gateway.calls.account import _credential
from gateway.journal import Credential
from gateway.reasons import REVOCATION_OVERDUE, Finding
from tests.verification.calls import A, shaken, verified


def test_calls_of_one_chain_share_what_it_was_believed_by():
    outcome = msgspec.structs.replace(verified(shaken(A)).outcome, warnings=())
    chain = outcome.chain
    assert chain is not None
    found = _credential(outcome)
    lists_until = chain.revocation.fresh_until
    assert found == Credential(domain=chain.domain, trust_digest=chain.trust_digest, lists_until=lists_until)
    assert _credential(outcome) is found
    overdue = msgspec.structs.replace(outcome, warnings=(Finding(REVOCATION_OVERDUE, "since noon"),))
    warned = _credential(overdue)
    assert warned is not None
    assert warned.warnings == ((REVOCATION_OVERDUE.code, "since noon"),)
    assert _credential(outcome) is found
    assert found.warnings == ()
