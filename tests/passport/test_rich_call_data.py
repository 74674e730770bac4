import copy

import pytest

from gateway.passport.fields import ClaimProblem
from gateway.passport.rich_call_data import (
    MAX_DIGESTS,
    MAX_NAME_CHARACTERS,
    MAX_PROPERTIES,
    MAX_URI_CHARACTERS,
    RcdClaims,
    RichCallData,
    read_rcd_claims,
    read_rich_call_data,
)
from tests.passport.payloads import CARD, RCD, digest

NAM = {"nam": "Example Bank"}


def data(rcd=NAM, **claims) -> RichCallData:
    found = read_rcd_claims({**RCD, "rcd": rcd, **claims})
    assert isinstance(found, RcdClaims)
    return found.rcd


def problem(rcd=NAM, **claims) -> str:
    found = read_rcd_claims({**RCD, "rcd": rcd, **claims})
    assert isinstance(found, ClaimProblem)
    assert found.problem
    return found.claim


def test_everything_a_caller_may_say_is_read():
    found = data(
        {"nam": "Example Bank", "apn": "+441614960000", "icn": "https://example.org/logo.png", "jcd": CARD},
        crn="Your card",
        iss="https://names.example.org",
        rcdi={"/jcd": digest(b"x")},
    )
    assert (found.nam, found.apn, found.icn) == (
        "Example Bank",
        "+441614960000",
        "https://example.org/logo.png",
    )
    assert (found.jcd, found.jcl, found.crn, found.iss) == (
        CARD,
        None,
        "Your card",
        "https://names.example.org",
    )
    assert [each.pointer for each in found.rcdi] == ["/jcd"]


def test_the_same_claims_are_read_beside_those_of_another_type():
    assert read_rich_call_data({"rcd": NAM, "attest": "A"}) == RichCallData(nam="Example Bank")
    found = read_rich_call_data({"attest": "A"})
    assert isinstance(found, ClaimProblem)
    assert (found.claim, found.missing) == ("rcd", True)


def test_a_reason_for_calling_may_stand_alone():
    """RFC 9795 section 9: an `rcd` PASSporT has `rcd` or `crn`, and either may stand beside other claims."""
    alone = {name: value for name, value in RCD.items() if name != "rcd"}
    found = read_rcd_claims({**alone, "crn": "Your card", "iss": "Somebody"})
    assert isinstance(found, RcdClaims)
    assert found.rcd == RichCallData(nam=None, crn="Your card", iss="Somebody")
    assert found.rcd.references() == ()
    assert read_rich_call_data({"attest": "A", "crn": "Your card"}) == RichCallData(nam=None, crn="Your card")


@pytest.mark.parametrize(
    ("claims", "claim", "missing"),
    [
        ({}, "rcd", True),
        ({"iss": "Somebody"}, "rcd", True),
        ({"crn": ""}, "crn", False),
        ({"crn": "Your card", "rcdi": {"/nam": digest(b"x")}}, "rcdi", False),
    ],
)
def test_without_rcd_there_is_a_reason_and_nothing_that_digests_it(claims, claim, missing):
    alone = {name: value for name, value in RCD.items() if name != "rcd"}
    found = read_rcd_claims({**alone, **claims})
    assert isinstance(found, ClaimProblem)
    assert (found.claim, found.missing) == (claim, missing)


@pytest.mark.parametrize("rcd", [None, [], "Example Bank", {}, {"apn": "1"}])
def test_there_is_no_data_without_a_name(rcd):
    assert problem(rcd) == "rcd"


@pytest.mark.parametrize("nam", [None, 1, "", ["a"], "a\r\nb", "a\u202eb", "x" * (MAX_NAME_CHARACTERS + 1)])
def test_a_name_is_text_that_can_be_shown(nam):
    assert problem({"nam": nam}) == "rcd.nam"
    assert problem(crn=nam) == "crn"
    assert problem(iss=nam) == "iss"


def test_a_card_comes_by_value_or_by_address_not_both():
    assert problem({**NAM, "jcd": CARD, "jcl": "https://example.org/card.json"}) == "rcd"
    assert data({**NAM, "jcl": "https://example.org/card.json"}).jcl == "https://example.org/card.json"


@pytest.mark.parametrize("key", ["icn", "jcl"])
@pytest.mark.parametrize(
    "url",
    [None, 1, "", "http://example.org/a", "javascript:alert(1)", "https://", "https://example.org/a b",
     "https://example.org/\r\n", 'https://example.org/"', "https://example.org/<", "https://exämple.org/",
     "https://example.org/" + "a" * MAX_URI_CHARACTERS],
)  # fmt: skip
def test_an_address_is_https_and_safe_to_copy(key, url):
    assert problem({**NAM, key: url}) == f"rcd.{key}"


@pytest.mark.parametrize("apn", [None, 442079460123, "", "Bank", "+44 20", "4420\n", "1" * 40])
def test_an_alternate_number_is_written_as_a_number(apn):
    assert problem({**NAM, "apn": apn}) == "rcd.apn"


@pytest.mark.parametrize(
    "card",
    [None, {}, [], ["vcard"], ["VCARD", []], ["vcard", {}], ["vcard", []], ["vcard", [1]],
     ["vcard", [["fn"]]],
     ["vcard", [["fn", {}, "text"]]], ["vcard", [["fn", [], "text", "a"]]], ["vcard", [[1, {}, "text", "a"]]],
     ["vcard", [["fn", {}, 1, "a"]]], ["vcard", [["fn", {}, "text", "a"]], 1],
     ["vcard", [["fn", {}, "text", "a"]] * (MAX_PROPERTIES + 1)]],
)  # fmt: skip
def test_a_card_has_the_shape_of_a_jcard(card):
    assert problem({**NAM, "jcd": card}) == "rcd.jcd"


def test_addresses_are_found_wherever_they_stand():
    assert data({**NAM, "icn": "https://example.org/a", "jcd": CARD}).references() == (
        "/icn",
        "/jcd/1/2/3",
        "/jcd/1/2/4",
    )
    assert data({**NAM, "jcl": "https://example.org/a"}).references() == ("/jcl",)
    assert data().references() == ()


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
def test_digests_are_read_in_both_alphabets_padded_or_not(algorithm):
    text = digest(b"???>>>", algorithm)
    spellings = [
        text,
        text.replace("+", "-").replace("/", "_"),
        text + "=" * (-len(text.split("-", 1)[1]) % 4),
    ]
    values = {data(rcdi={"/nam": spelling}).rcdi[0].value for spelling in spellings}
    assert len(values) == 1


@pytest.mark.parametrize(
    "rcdi",
    [None, [], {}, {"nam": digest(b"")}, {"": digest(b"")}, {"/~": digest(b"")}, {"/nam": None}, {"/nam": ""},
     {"/nam": "md5-" + "A" * 43}, {"/nam": "sha256-"}, {"/nam": "sha256-" + "A" * 42},
     {"/nam": "sha256-" + "A" * 44}, {"/nam": "sha512-" + "A" * 43}, {"/nam": "sha256-" + "A" * 45},
     {"/nam": "sha256-" + "A" * 43 + "\n"}, {"/nam": "SHA256-" + "A" * 43},
     {f"/jcl/{number}": digest(b"") for number in range(MAX_DIGESTS + 1)}],
)  # fmt: skip
def test_what_is_no_list_of_digests_is_refused(rcdi):
    assert problem(rcdi=rcdi) == "rcdi"


def test_as_many_digests_as_are_allowed_are_read():
    rcdi = {f"/jcl/{number}": digest(b"") for number in range(MAX_DIGESTS)}
    assert len(data({**NAM, "jcl": "https://example.org/a"}, rcdi=rcdi).rcdi) == MAX_DIGESTS


def test_reading_changes_nothing():
    payload = {**RCD, "rcd": {**NAM, "jcd": CARD}}
    before = copy.deepcopy(payload)
    read_rcd_claims(payload)
    assert payload == before
