import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.passport.canonical_json import render_json
from gateway.passport.integrity import Integrity, check_integrity
from gateway.passport.rich_call_data import RichCallData, read_rich_call_data
from tests.passport.payloads import CARD, VALUES, digest

LOGO = b"\x89PNG logo"


def check(rcd, rcdi=None, contents=None) -> Integrity:
    payload = {"rcd": rcd} if rcdi is None else {"rcd": rcd, "rcdi": rcdi}
    data = read_rich_call_data(payload)
    assert isinstance(data, RichCallData), data
    return check_integrity(rcd, data, contents)


def test_data_without_digests_has_no_problem():
    assert check({"nam": "a"}) == Integrity(None)


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
def test_a_card_by_value_is_digested_in_its_canonical_form(algorithm):
    rcd = {"nam": "a", "jcd": CARD}
    rcdi = {"/jcd": digest(render_json(CARD), algorithm)}
    assert check(rcd, rcdi).problem is None
    rcd["jcd"] = ["vcard", [["fn", {}, "text", "Another Bank"]]]
    assert "not that of the value" in str(check(rcd, rcdi).problem)


def test_a_part_of_a_card_may_be_digested():
    assert check({"nam": "a", "jcd": CARD}, {"/jcd/1/1": digest(render_json(CARD[1][1]))}).problem is None


@pytest.mark.parametrize("form", [b"Example Bank", b'"Example Bank"'])
def test_a_string_is_digested_with_or_without_its_quotes(form):
    assert check({"nam": "Example Bank"}, {"/nam": digest(form)}).problem is None
    assert check({"nam": "Example Bank"}, {"/nam": digest(form + b" ")}).problem is not None


@pytest.mark.parametrize("pointer", ["/apn", "/jcd", "/icn", "/jcl", "/jcl/1/2", "/jcd/1/9", "/x"])
def test_a_digest_of_nothing_is_a_problem(pointer):
    assert check({"nam": "a"}, {pointer: digest(b"")}).problem is not None


def test_content_by_address_is_held_against_what_was_fetched_and_else_unchecked():
    rcd = {"nam": "a", "icn": "https://example.org/logo.png"}
    rcdi = {"/icn": digest(LOGO)}
    assert check(rcd, rcdi) == Integrity(None, ("/icn",))
    assert check(rcd, rcdi, {"/icn": LOGO}) == Integrity(None)
    assert check(rcd, rcdi, {"/icn": b"another"}).problem == "the content of /icn is not what was signed"


def test_an_address_without_a_digest_is_unchecked_whatever_was_fetched():
    rcd = {"nam": "a", "icn": "https://example.org/logo.png", "jcd": CARD}
    assert check(rcd, None, {"/icn": LOGO}).unchecked == ("/icn", "/jcd/1/2/3", "/jcd/1/2/4")


def test_what_lies_below_a_card_by_address_is_checked_when_it_was_fetched():
    rcd = {"nam": "a", "jcl": "https://example.org/card.json"}
    card = render_json(CARD)
    rcdi = {"/jcl": digest(card), "/jcl/1/2/3": digest(LOGO)}
    assert check(rcd, rcdi).unchecked == ("/jcl", "/jcl/1/2/3")
    assert check(rcd, rcdi, {"/jcl": card}).unchecked == ("/jcl/1/2/3",)
    assert check(rcd, rcdi, {"/jcl": card, "/jcl/1/2/3": LOGO}) == Integrity(None)


def test_a_value_that_has_no_canonical_form_has_no_digest():
    rcd = {"nam": "a", "jcd": ["vcard", [["x", {}, "float", 1.5]]]}
    assert "no form" in str(check(rcd, {"/jcd": digest(b"")}).problem)


@given(
    VALUES,
    st.dictionaries(st.sampled_from(["/nam", "/jcd", "/jcd/0", "/icn", "/jcl/1"]), st.just(digest(b""))),
)
def test_whatever_was_sent_is_answered(rcd, rcdi):
    data = read_rich_call_data({"rcd": rcd, "rcdi": rcdi} if rcdi else {"rcd": rcd})
    if isinstance(data, RichCallData):
        assert isinstance(check_integrity(rcd, data), Integrity)
