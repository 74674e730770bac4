"""The facts of a chain are put together once, and anew for a call of which something else is to be said.

Headers are kept so that they can be judged again.
"""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.calls.account import _credential, _kept
from gateway.journal import Credential
from gateway.passport.identity import (
    MAX_IDENTITY_CHARACTERS,
    MAX_PARAMETERS_CHARACTERS,
    IdentityError,
    parse_identity,
)
from gateway.reasons import IDENTITY_MALFORMED, REVOCATION_OVERDUE, Finding
from gateway.verification.conclude import HeaderResult
from gateway.verification.outcome import Outcome
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


def why_not(identity: str) -> str:
    with pytest.raises(IdentityError) as raised:
        parse_identity(identity)
    return raised.value.problem


@given(
    st.text(max_size=20) | st.just("a.b.c;ppt=shaken"), st.integers(1, 40_000), st.sampled_from("A\u3042\\; ")
)
def test_a_header_that_is_read_is_kept_as_it_came_and_another_as_far_as_it_takes_to_refuse_it(
    beginning: str, length: int, character: str
):
    filled = beginning.ljust(length, character)
    try:
        token = parse_identity(filled).token
    except IdentityError:
        token = ""
    result = HeaderResult(token, None, Outcome.refused(Finding(IDENTITY_MALFORMED)))
    (kept,) = _kept((filled,), (result,))
    assert filled.startswith(kept)
    assert len(kept) <= MAX_IDENTITY_CHARACTERS + 1
    if token or len(filled) <= MAX_PARAMETERS_CHARACTERS:
        assert kept == filled
    else:
        assert why_not(kept) == why_not(filled)
