import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.passport.strict import (
    MAX_DEPTH,
    MAX_FLOAT_CHARACTERS,
    MAX_INTEGER_CHARACTERS,
    Base64UrlError,
    StrictJsonError,
    read_base64url,
    read_json,
    render_base64url,
    without_strings,
)

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=15,
)
JSON_LIKE = st.text(st.sampled_from(list('[]{}",:\\ud8e0 1-.aNI')), max_size=60)


def refusal(data: bytes) -> StrictJsonError:
    with pytest.raises(StrictJsonError) as caught:
        read_json(data)
    return caught.value


@given(st.binary())
def test_any_bytes_give_a_value_or_the_declared_error(data):
    try:
        read_json(data)
    except StrictJsonError as error:
        error.problem.encode()
        (error.pointer or "").encode()


@given(JSON_LIKE)
def test_text_that_nearly_is_json_gives_what_the_stdlib_reads_or_the_declared_error(text):
    try:
        value = read_json(text.encode())
    except StrictJsonError:
        return
    assert value == json.loads(text)


@given(JSON_VALUES, st.booleans())
def test_what_json_writes_is_read_back_escaped_or_not(value, escaped):
    assert read_json(json.dumps(value, ensure_ascii=escaped).encode()) == value


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ('{"a":1,"a":1}', ""),
        ('{"a":1,"\\u0061":2}', ""),
        ('{"x":[0,{"b/~":{"k":1,"k":2}}]}', "/x/1/b~1~0"),
        ('{"a":[{"k":1,"k":2}],"b":{"k":1,"k":2}}', "/a/0"),
        ('{"a":{"k":1,"k":2},"a":3}', None),
    ],
)
def test_a_name_standing_twice_is_refused_with_its_place(document, pointer):
    error = refusal(document.encode())
    assert "stands twice" in error.problem
    assert error.pointer == pointer


def test_of_a_duplicate_and_a_syntax_error_behind_it_the_first_is_told_and_no_path_leads_there():
    error = refusal(b'[{"a":1,"a":2},')
    assert "stands twice" in error.problem
    assert (error.pointer, error.position) == (None, None)


REFUSED = {
    '{"k":1,"k":2}': "'k' stands twice",
    "NaN": "not a JSON number",
    "1e400": "too large",
    "9" * 5000: "longer than 20",
    "0." + "1" * 200: "longer than 128",
    '"\\ud800"': "surrogate",
}
STEPS = st.lists(
    st.integers(0, 3) | st.text(st.sampled_from(list("ab~/ 0é")), min_size=1, max_size=3), max_size=8
)


@given(STEPS, st.sampled_from(sorted(REFUSED)), JSON_VALUES)
def test_the_pointer_leads_to_the_refused_value(steps, refused, beside):
    document, others = refused, json.dumps(beside)
    for step in reversed(steps):
        if isinstance(step, int):
            document = f"[{''.join(f'{others},' for _ in range(step))}{document},{others}]"
        else:
            document = f'{{"{step}z":{others},{json.dumps(step)}:{document}}}'
    error = refusal(document.encode())
    assert REFUSED[refused] in error.problem
    found = json.loads(re.sub(r"[0-9]{5000}|1e400|NaN", "0", document))
    for step in (error.pointer or "").split("/")[1:]:
        found = found[int(step) if isinstance(found, list) else step.replace("~1", "/").replace("~0", "~")]
    assert (error.pointer or "").count("/") == len(steps)
    assert found == json.loads(re.sub(r"[0-9]{5000}|1e400|NaN", "0", refused))


@given(JSON_VALUES, st.booleans())
def test_without_its_strings_a_text_keeps_all_else(value, escaped):
    text = json.dumps(value, ensure_ascii=escaped)
    assert without_strings(text.encode()).decode() == re.sub(r'"(?:[^"\\]|\\.)*"', "", text)


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity"])
def test_numbers_json_does_not_have_are_refused_with_their_place(literal):
    error = refusal(f'{{"iat":{literal}}}'.encode())
    assert (error.pointer, error.problem) == ("/iat", f"{literal} is not a JSON number")


@pytest.mark.parametrize("literal", ["1e400", "-1e400", "1e99999999999"])
def test_a_float_that_overflows_is_refused(literal):
    assert refusal(f"[0,{literal}]".encode()).pointer == "/1"


def test_a_float_is_read_to_its_longest_length_and_not_beyond():
    longest = "0." + "1" * (MAX_FLOAT_CHARACTERS - 2)
    assert read_json(longest.encode()) == float(longest)
    assert refusal(f"{longest}1".encode()).pointer == ""


def test_an_integer_is_read_to_its_longest_length_and_not_beyond():
    longest = "9" * MAX_INTEGER_CHARACTERS
    assert read_json(longest.encode()) == int(longest)
    assert refusal(f'{{"iat":{longest}9}}'.encode()).pointer == "/iat"


def test_five_thousand_digits_are_refused():
    assert "integer" in refusal(b"9" * 5000).problem


@pytest.mark.parametrize(
    ("opening", "closing", "levels"),
    [("[", "]", 1), ('{"a":', "}", 1), ('[{"[":', "}]", 2), ('{"a}":[', "]}", 2), ('[1,"\\"[",', "]", 1)],
)
def test_depth_is_bounded(opening, closing, levels):
    times = MAX_DEPTH // levels
    deepest = opening * times + "1" + closing * times
    assert read_json(deepest.encode()) is not None
    assert "deeper" in refusal(f"[{deepest}]".encode()).problem
    assert "deeper" in refusal(f'{{"a":{deepest}}}'.encode()).problem


@pytest.mark.parametrize("data", [b"[" * 100_000, b'{"a":' * 100_000, b"[" * 3000 + b"]" * 3000])
def test_endless_depth_is_the_declared_error(data):
    refusal(data)


def test_brackets_side_by_side_or_in_strings_are_not_depth():
    assert read_json(b"[" + b"[]," * 200 + b"{}]") == [[]] * 200 + [{}]
    text = '\\"[[{' * 100
    assert read_json(f'["{text}"]'.encode()) == [text.replace("\\", "")]


@pytest.mark.parametrize("data", [b"\xef\xbb\xbf{}", b" \xef\xbb\xbf{}"])
def test_a_byte_order_mark_is_refused_by_name(data):
    error = refusal(data)
    assert "byte order mark" in error.problem
    assert error.position == data.index(b"\xef")


@pytest.mark.parametrize(
    "data", [b'["\xff"]', b'["\xed\xa0\x80"]', b'["\xc0\x80"]', "{}".encode("utf-16-le")[1:]]
)
def test_text_that_is_not_utf8_is_refused(data):
    refusal(data)


def test_the_byte_where_utf8_ends_is_told():
    assert refusal(b'["\xff"]').position == 2


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ('"\\ud800"', ""),
        ('{"a":["b","\\udfff"]}', "/a/1"),
        ('{"a":{"\\uD8aa":1}}', "/a"),
        ('["\\ude00\\ud83d"]', "/0"),
        ('["\\ud83dx"]', "/0"),
    ],
)
def test_half_a_surrogate_pair_is_refused_with_its_place(document, pointer):
    error = refusal(document.encode())
    assert "surrogate" in error.problem
    assert error.pointer == pointer


def test_a_whole_surrogate_pair_and_an_escaped_backslash_are_read():
    assert read_json(b'["\\ud83d\\ude00","\\\\ud800","\\u00e9","\\uffff"]') == [
        "😀",
        "\\ud800",
        "é",
        "\uffff",
    ]


@pytest.mark.parametrize("data", [b"{}{}", b"1 2", b"{}x", b'{"a":1}\n\x00', b"[]]"])
def test_nothing_may_follow_the_value(data):
    assert "follows" in refusal(data).problem


def test_positions_count_the_white_space_before_the_value():
    assert refusal(b"  {} x").position == 5
    assert refusal(b"\n{?}").position == 2


@pytest.mark.parametrize(
    "data",
    [b"", b"  ", b"{", b"[1,]", b"{'a':1}", b'{"a"}', b"[01]", b"[1.]", b"[.5]", b"[+1]", b"[0x1]",
     b"tru", b"/**/1", b'["\t"]', b'["\\x41"]', b'"abc', "[\N{FULLWIDTH DIGIT ONE}]".encode(),
     b"\x0b1", b"\x0c1", "\u00a01".encode()],
)  # fmt: skip
def test_what_is_not_json_is_refused(data):
    refusal(data)


def test_white_space_around_the_value_is_read():
    assert read_json(b' \t\r\n{"a" : 1} \n') == {"a": 1}


def test_a_long_or_unprintable_name_is_repeated_short_and_printable():
    assert refusal(b'{"%b":1,"%b":2}' % (b"a" * 100, b"a" * 100)).problem.count("a" * 64 + "...") == 1
    error = refusal(b'{"\\r\\nX":1,"\\r\\nX":{"\\ud800":{"k":1,"k":1}}}')
    assert error.problem.isprintable()
    error = refusal(b'{"\\ud800\\n":NaN}')
    assert error.problem.isprintable()
    assert (error.pointer or "").isprintable()


CANONICAL_BASE64URL = re.compile(
    r"(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-][AQgw]|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048])?"
)


@given(st.binary())
def test_base64url_comes_back_and_is_what_the_stdlib_writes(data):
    text = render_base64url(data).decode()
    assert text == urlsafe_b64encode(data).decode().rstrip("=")
    assert read_base64url(text) == data


@given(st.text() | st.text(st.sampled_from(list("AQgw048-_+/=\n é")), max_size=12))
def test_base64url_is_read_exactly_where_its_grammar_says(text):
    try:
        data = read_base64url(text)
    except Base64UrlError:
        assert CANONICAL_BASE64URL.fullmatch(text) is None
    else:
        assert CANONICAL_BASE64URL.fullmatch(text)
        assert data == urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.mark.parametrize(
    "text",
    ["A", "AAAAA", "AA==", "AAA=", "AA\n", "AAA\n", " AAA", "A A A", "AAA+", "AAA/", "AAAÉ", "AAA?",
     "AB", "AAB", "\ud800AA"],
)  # fmt: skip
def test_loose_base64url_is_refused(text):
    with pytest.raises(Base64UrlError):
        read_base64url(text)


def test_each_value_has_one_last_character():
    for length, characters in ((1, "AQgw"), (2, "AEIMQUYcgkosw048")):
        accepted = ""
        for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_":
            try:
                read_base64url("A" * length + last)
            except Base64UrlError:
                continue
            accepted += last
        assert accepted == characters
