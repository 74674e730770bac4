from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.knowledge import keys


@given(st.text(max_size=40))
def test_a_key_is_made_of_digits_or_not_at_all(text):
    try:
        exchange = keys.exchange_of(text)  # type: ignore[arg-type]
    except ValueError:
        return
    key = keys.reputation_key(exchange, keys.partition_of(exchange))
    assert set(key.removeprefix("cm:rep:{p")) <= set("0123456789abcdef*#}:")


@given(st.text(max_size=50), st.text(max_size=50))
def test_replay_and_chain_keys_hold_hashes_of_fixed_length(a, b):
    assert len(keys.replay_key(7, (a, b))) == len("cm:replay:{p07}:") + 32
    assert len(keys.chain_key(a)[0]) == len("cm:chain:{p3f}:") + 64
    assert 0 <= keys.call_member(a) < 2**63


@pytest.mark.parametrize("parts", [("a", "bc"), ("abc",), ("a", "b", "c"), ("1:a", "bc"), ("", "abc")])
def test_parts_of_a_replay_key_do_not_run_into_each_other(parts):
    assert keys.replay_key(0, ("ab", "c")) != keys.replay_key(0, parts)


def test_numbers_of_one_exchange_share_a_partition_and_partitions_are_spread():
    assert keys.exchange_of("442079460123") == keys.exchange_of("442079469999") == "44207946"  # type: ignore[arg-type]
    used = {keys.partition_of(f"1202{number:03d}") for number in range(1000)}
    assert len(used) > 240
