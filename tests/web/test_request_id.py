"""A request id can go into a header and a log line, whatever the client sent."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from gateway.web.request_id import request_id


def test_a_usable_id_is_echoed_letter_by_letter() -> None:
    assert request_id("AA97B177-9383-4934-8543-0F91A7A02836") == "AA97B177-9383-4934-8543-0F91A7A02836"


def test_an_absent_id_is_made() -> None:
    assert UUID(request_id(None))


def test_what_would_break_a_header_or_a_log_line_is_cut_out() -> None:
    assert request_id("abc\r\nX-Evil: 1\x1b[31m") == "abcX-Evil:131m"


@given(st.text(max_size=400))
def test_any_text_gives_a_short_printable_id(received: str) -> None:
    made = request_id(received)
    assert 1 <= len(made) <= 128
    assert made.isascii()
    assert made.isprintable()
    assert " " not in made
