import pytest

from gateway.passport.claims import read_base_claims
from gateway.passport.fields import MAX_DESTINATIONS, ClaimError, ClaimProblem, read_text
from tests.passport.payloads import BASE


@pytest.mark.parametrize(
    "character",
    ["\r", "\n", "\x00", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\u202e", "\u2066", "\u200f",
     "\ud800", "\ufeff"],
)  # fmt: skip
def test_text_for_people_holds_nothing_that_ends_a_header_or_turns_a_name_round(character):
    with pytest.raises(ClaimError) as caught:
        read_text(f"Exam{character}ple", "crn", most=20)
    assert (caught.value.claim, character in caught.value.problem) == ("crn", False)


@pytest.mark.parametrize(
    "text", ["Bänk ✓", "銀行", 'a "quoted" \\ name', "\u0645\u06cc\u200c\u062e", "A\N{NO-BREAK SPACE}B"]
)
def test_text_in_any_script_is_kept_as_it_is(text):
    assert read_text(text, "crn", most=20) == text


@pytest.mark.parametrize("value", ["", None, 1, ["a"], "x" * 21])
def test_text_is_one_string_not_empty_and_not_long(value):
    with pytest.raises(ClaimError):
        read_text(value, "crn", most=20)


@pytest.mark.parametrize("kind", ["tn", "uri"])
def test_destinations_are_bounded(kind):
    most = ["1"] * MAX_DESTINATIONS
    assert not isinstance(read_base_claims({**BASE, "dest": {kind: most}}), ClaimProblem)
    found = read_base_claims({**BASE, "dest": {kind: [*most, "1"]}})
    assert isinstance(found, ClaimProblem)
    assert found.claim == "dest"
