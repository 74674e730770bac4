import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.passport.identity import (
    MAX_IDENTITY_CHARACTERS,
    MAX_PARAMETERS,
    MAX_PARAMETERS_CHARACTERS,
    MOST_BLANKS,
    IdentityError,
    IdentityHeader,
    parse_identity,
    refusable_part,
)

TOKEN = "eyJh.eyJi.c2ln-_"
INFO = "https://certificates.example.org/shaken.pem"
PLAIN = IdentityHeader(
    token=TOKEN,
    info=INFO,
    info_is_bracketed=True,
    alg="ES256",
    ppt="shaken",
    other_parameters=(),
    parameter_count=3,
)
NEARLY = st.text(st.sampled_from(list("aA.=-_; \t,<>\"\\'info=<>;alg=;ppt\r\n\x00é")), max_size=80)
PRINTABLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20)


def refusal(value: str) -> str:
    with pytest.raises(IdentityError) as caught:
        parse_identity(value)
    return caught.value.problem


@given(st.text() | NEARLY | NEARLY.map(lambda text: f"{TOKEN};info=<{INFO}>;{text}"))
def test_any_text_gives_printable_ascii_parts_or_the_declared_error(value):
    try:
        identity = parse_identity(value)
    except IdentityError as error:
        parts = [error.problem]
        identity = PLAIN
    else:
        parts = []
    parts += [identity.token, identity.info or "", identity.alg or "", identity.ppt or ""]
    parts += [text for pair in identity.other_parameters for text in pair]
    assert all(part.isascii() and part.isprintable() for part in parts)
    named = sum(part is not None for part in (identity.info, identity.alg, identity.ppt))
    assert identity.parameter_count == named + len(identity.other_parameters)


@pytest.mark.parametrize(
    "value",
    [
        f"{TOKEN};info=<{INFO}>;alg=ES256;ppt=shaken",
        f"{TOKEN};ppt=shaken;alg=ES256;info=<{INFO}>",
        f'{TOKEN};info=<{INFO}>;alg="ES256";ppt="shaken"',
        f"{TOKEN};INFO=<{INFO}>;Alg=ES256;pPt=shaken",
        f"  {TOKEN} ;\tinfo = <{INFO}> ; alg= ES256 ;ppt =\tshaken \t",
        f'{TOKEN};info=<{INFO}>;alg="ES\\256";ppt="\\shaken"',
    ],
)
def test_every_legal_spelling_gives_the_same_parts(value):
    assert parse_identity(value) == PLAIN


@given(st.permutations([f"info=<{INFO}>", "alg=ES256", 'ppt="shaken"']), st.sampled_from([";", " ; ", ";\t"]))
def test_parameters_stand_in_any_order(parameters, separator):
    assert parse_identity(separator.join([TOKEN, *parameters])) == PLAIN


@given(PRINTABLE)
def test_a_quoted_value_comes_back_whole(text):
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    identity = parse_identity(f'{TOKEN};ppt="{quoted}";alg=ES256')
    assert (identity.ppt, identity.alg) == (text, "ES256")


@given(PRINTABLE, st.data())
def test_any_character_of_a_quoted_value_may_be_escaped(text, data):
    escaped = [character in '"\\' or data.draw(st.booleans()) for character in text]
    quoted = "".join("\\" * is_pair + character for is_pair, character in zip(escaped, text, strict=True))
    assert parse_identity(f'{TOKEN};ppt="{quoted}"').ppt == text


@given(NEARLY, st.text(st.sampled_from(" \t"), max_size=MOST_BLANKS))
def test_the_token_ends_where_a_parameter_begins(text, blanks):
    try:
        identity = parse_identity(blanks + text + blanks)
    except IdentityError:
        return
    text = text.strip(" \t")
    assert re.fullmatch(r"[A-Za-z0-9._=+/-]+", identity.token)
    assert re.match(r"[ \t]*(;|\Z)", text.removeprefix(identity.token))
    assert text.startswith(identity.token)


def test_what_is_missing_is_none():
    identity = parse_identity(TOKEN)
    assert (identity.info, identity.alg, identity.ppt) == (None, None, None)
    assert (identity.info_is_bracketed, identity.parameter_count) == (False, 0)


def test_what_has_no_value_is_empty_and_not_missing():
    identity = parse_identity(f'{TOKEN};info;alg=;ppt="";x')
    assert (identity.info, identity.alg, identity.ppt) == ("", "", "")
    assert identity.other_parameters == (("x", ""),)


@pytest.mark.parametrize("value", [f"info={INFO}?a=b", f'info="{INFO}?a=b"', f"info = {INFO}?a=b"])
def test_info_without_brackets_is_reported_as_such(value):
    identity = parse_identity(f"{TOKEN};{value};alg=ES256")
    assert (identity.info, identity.info_is_bracketed) == (f"{INFO}?a=b", False)


def test_brackets_within_quotes_are_no_brackets():
    identity = parse_identity(f'{TOKEN};info="<{INFO}>"')
    assert (identity.info, identity.info_is_bracketed) == (f"<{INFO}>", False)


def test_separators_within_brackets_and_quotes_belong_to_the_value():
    identity = parse_identity(f'{TOKEN};info=<https://example.org/a;b,c="d">;ppt="a;b,c"')
    assert identity.info == 'https://example.org/a;b,c="d"'
    assert identity.ppt == "a;b,c"


def test_white_space_within_brackets_is_kept_for_the_rules_on_addresses():
    assert parse_identity(f"{TOKEN};info=< {INFO}>").info == f" {INFO}"


def test_further_parameters_are_given_in_order_with_names_in_lower_case():
    identity = parse_identity(f'{TOKEN};B=1;info=<{INFO}>;a="2"')
    assert identity.other_parameters == (("b", "1"), ("a", "2"))
    assert identity.parameter_count == 3


@pytest.mark.parametrize(
    ("token", "compact"),
    [
        ("..c2ln", True),
        ("..", True),
        ("...c2ln", False),
        ("a..c2ln", False),
        (".a.c2ln", False),
        ("a.b.c", False),
    ],
)
def test_the_compact_form_is_two_empty_parts_before_the_signature(token, compact):
    assert parse_identity(f"{token};info=<{INFO}>").is_compact is compact


def test_the_compact_example_of_rfc_8224_is_recognised():
    identity = parse_identity(
        "..rq3pjT1hoRwakEGjHCnWSwUnshd0-zJ6F1VOgFWSjHBr8Qjpjlk-cpFYpFYsojNCpTzO3QfPOlckGaS6hEck7w"
        ";info=<https://biloxi.example.org/biloxi.cert>"
    )
    assert identity.is_compact
    assert identity.info == "https://biloxi.example.org/biloxi.cert"


@pytest.mark.parametrize("name", ["info=<a>;INFO=<b>", "alg=ES256;alg=ES256", "ppt=shaken;ppt=div", "x;x"])
def test_a_parameter_named_twice_is_refused(name):
    assert "twice" in refusal(f"{TOKEN};{name}")


@pytest.mark.parametrize("separator", [",", ", ", " ,"])
def test_two_identity_values_are_refused(separator):
    one = f"{TOKEN};info=<{INFO}>"
    assert "second Identity value" in refusal(f"{one}{separator}{one}")


@pytest.mark.parametrize(
    "character", ["\r", "\n", "\x00", "\x0b", "\x7f", "\x85", "é", "\u2028", "\u017f", "\ud800"]
)
@pytest.mark.parametrize(
    "value",
    ["{}" + TOKEN, TOKEN + "{}", TOKEN + ";{}alg=ES256", TOKEN + ";al{}g=ES256", TOKEN + ";alg={}",
     TOKEN + ';alg="{}"', TOKEN + ';alg="\\{}"', TOKEN + ";info=<https://example.org/{}>",
     TOKEN + ";alg=ES256{}"],
)  # fmt: skip
def test_no_character_that_could_break_a_header_gets_through(value, character):
    assert f"U+{ord(character):04X}" in refusal(value.format(character))


@pytest.mark.parametrize(
    "value",
    ["", " ", ";info=<a>", f"Identity: {TOKEN}", f'"{TOKEN}"', f"<{TOKEN}>", f"{TOKEN};",
     f"{TOKEN};;alg=ES256",
     f"{TOKEN};=x", f"{TOKEN} x", f"{TOKEN};info=<{INFO}", f"{TOKEN};info={INFO}>", f"{TOKEN};info=<{INFO}>x",
     f"{TOKEN};info=<<{INFO}>>", f'{TOKEN};ppt="shaken', f'{TOKEN};ppt="a"b"', f'{TOKEN};ppt="shaken\\',
     f"{TOKEN};ppt=sha ken",
     f"{TOKEN};alg=<ES256>", f"{TOKEN};info=<\t>", f"{TOKEN}:x", f"{TOKEN};a b=c"],
)  # fmt: skip
def test_what_is_not_an_identity_value_is_refused(value):
    assert refusal(value)


def test_the_length_is_bounded():
    longest = "a" * MAX_IDENTITY_CHARACTERS
    assert parse_identity(longest).token == longest
    assert "longer" in refusal(longest + "a")


def test_the_characters_of_the_parameters_are_bounded():
    longest = f"{TOKEN};x={'y' * (MAX_PARAMETERS_CHARACTERS - 3)}"
    assert parse_identity(longest).parameter_count == 1
    problem = f"the parameters have more than {MAX_PARAMETERS_CHARACTERS} characters"
    assert refusal(longest + "y") == problem
    assert refusal(longest + " ;") == problem
    assert refusal(f"{longest},{TOKEN}") == problem + ", or a second value follows them"
    assert refusal(TOKEN + "\t" * MAX_PARAMETERS_CHARACTERS + ";x") == problem


def test_white_space_around_a_value_is_none_of_it_up_to_its_bound():
    most = " \t" * (MOST_BLANKS // 2)
    assert parse_identity(f"{most}{TOKEN}{most}").token == TOKEN
    assert "does not begin" in refusal(f"{most}\t{TOKEN}")
    assert "not a parameter" in refusal(f"{TOKEN}{most}\t")
    assert "does not begin" in refusal(most)


PIECES = [TOKEN, ";", "p=1", ",", " ", "\t", '"', "\\", "\n", "é", f";info=<{INFO}>"]
LONG = st.builds(
    lambda before, piece, times, behind: "".join([*before, piece * times, *behind]),
    st.lists(st.sampled_from(PIECES), max_size=5),
    st.sampled_from([*"a.; \t,é\\", ";a", ' ";']),
    st.integers(1, MAX_IDENTITY_CHARACTERS + 100),
    st.lists(st.sampled_from(PIECES), max_size=5),
)


@given(LONG)
def test_what_is_kept_of_a_refused_value_is_refused_in_the_same_words(value):
    kept = refusable_part(value)
    assert value.startswith(kept)
    try:
        read = parse_identity(value)
    except IdentityError as error:
        problem = error.problem
    else:
        assert kept == value
        assert parse_identity(kept) == read
        return
    assert refusal(kept) == problem


def test_the_parameters_are_bounded():
    most = ";".join([TOKEN, *(f"p{number}" for number in range(MAX_PARAMETERS))])
    assert parse_identity(most).parameter_count == MAX_PARAMETERS
    assert "more than" in refusal(f"{most};last")


def test_a_long_name_is_repeated_short():
    assert len(refusal(f"{TOKEN};{'x' * 500};{'x' * 500}")) < 100
    assert len(refusal(f"{TOKEN};{'x' * 500}=<>")) < 120
