from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fetch.freshness import SHORTEST_SECONDS, fresh_seconds, max_age_seconds

HEADER = st.text(st.characters(min_codepoint=32, max_codepoint=255)) | st.from_regex(
    r"(max-age|age|Mon, 01 Jan)[ =:0-9\",-]*(GMT|[+-][0-9]{4})?", fullmatch=True
)


@pytest.mark.parametrize(
    ("cache_control", "age", "expires", "expected"),
    [
        ("", "", "", None),
        ("no-store", "", "", None),
        ("max-age=100", "", "", 100),
        ('public, Max-Age="100" , immutable', "40", "", 60),
        ("max-age=100", "140", "", 0),
        ("max-age=99999999999999999999", "", "", 2**31),
        ("s-maxage=7", "", "", None),
        ("max-age=-1", "", "", None),
        ("max-age=5", "", "Sun, 22 Nov 2026 11:00:00 GMT", 5),
        ("", "", "Sun, 22 Nov 2026 11:00:00 GMT", 3_600),
        ("", "", "0", None),
    ],
)
def test_lifetime_is_read_as_rfc_9111_says(
    cache_control: str, age: str, expires: str, expected: int | None
) -> None:
    date = "Sun, 22 Nov 2026 10:00:00 GMT"
    assert max_age_seconds(cache_control=cache_control, age=age, expires=expires, date=date) == expected


@given(HEADER, HEADER, HEADER, HEADER)
def test_any_header_gives_a_bounded_lifetime_or_none(cache: str, age: str, expires: str, date: str) -> None:
    lifetime = max_age_seconds(cache_control=cache, age=age, expires=expires, date=date)
    assert lifetime is None or 0 <= lifetime <= 2**31


def test_long_digits_are_no_trap() -> None:
    many = "9" * 5_000
    assert max_age_seconds(cache_control=f"max-age={many}", age=many, expires="", date="") == 0


@given(st.none() | st.integers(0, 2**31), st.integers(0, 2**33), st.integers(0, 2**33))
def test_nothing_stays_fresh_past_the_end_of_its_certificates(
    max_age: int | None, now: int, not_after: int
) -> None:
    assert 0 <= fresh_seconds(max_age, now=now, not_after=not_after) <= max(not_after - now, 0)


def test_short_and_absent_lifetimes_count_as_a_day_and_longer_ones_hold() -> None:
    far = 10**9
    assert fresh_seconds(None, now=0, not_after=far) == SHORTEST_SECONDS
    assert fresh_seconds(60, now=0, not_after=far) == SHORTEST_SECONDS
    assert fresh_seconds(172_800, now=0, not_after=far) == 172_800


def test_a_certificate_about_to_end_is_looked_for_before_it_does() -> None:
    assert fresh_seconds(172_800, now=0, not_after=3_600) == 2_400
