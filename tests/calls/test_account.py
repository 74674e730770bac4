"""The facts of a chain are put together once, and anew for a call of which something else is to be said.

Headers are kept so that they can be judged again.
"""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from gateway.calls.account import _credential, _kept
from gateway.journal import Credential
from gateway.passport.identity import MAX_IDENTITY_CHARACTERS, IdentityError, parse_identity
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


@given(
    st.text(max_size=20) | st.just("a.b.c;ppt=shaken"), st.integers(1, 40_000), st.sampled_from("A\u3042\\; ")
)
def test_a_header_that_is_read_is_kept_as_it_came_and_another_as_far_as_it_takes_to_refuse_it(
    beginning: str, length: int, character: str
):
    filled = beginning.ljust(length, character)
    kept = _kept((beginning, filled))
    assert kept[0] == beginning
    assert filled.startswith(kept[1])
    assert len(kept[1]) <= MAX_IDENTITY_CHARACTERS + 1
    try:
        parse_identity(filled)
    except IdentityError:
        return
    assert kept[1] == filled
