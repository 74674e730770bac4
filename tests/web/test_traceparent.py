"""A traceparent header is taken whole, by W3C Trace Context's version 00, or not at all."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.web.traceparent import Parent, parse_traceparent, traceparent

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SENT = f"00-{TRACE}-{SPAN}-01"


def test_a_header_is_kept_as_it_was_sent():
    assert traceparent({"traceparent": SENT}) == SENT
    assert traceparent({}) is None


def test_its_parts_are_the_trace_the_span_and_whether_that_is_kept():
    assert parse_traceparent(SENT) == Parent(int(TRACE, 16), int(SPAN, 16), is_sampled=True)
    assert parse_traceparent(f"00-{TRACE}-{SPAN}-fe") == Parent(
        int(TRACE, 16), int(SPAN, 16), is_sampled=False
    )


@pytest.mark.parametrize(
    "sent",
    [
        "",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"ff-{TRACE}-{SPAN}-01",
        f"{SENT}-more",
        f"{SENT}\n",
        f" {SENT}",
        f"00-{'٣' * 32}-{SPAN}-01",
        f"00-{'a' * 1_000_000}-{SPAN}-01",
    ],
)
def test_what_is_none_is_as_if_nothing_was_sent(sent):
    assert traceparent({"traceparent": sent}) is None
    assert parse_traceparent(sent) is None


@given(st.text() | st.from_regex(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", fullmatch=True))
@example(SENT)
def test_what_is_kept_can_be_read_again(sent):
    kept = traceparent({"traceparent": sent})
    assert (kept is None) == (parse_traceparent(sent) is None)
    assert kept in (None, sent)
