from __future__ import annotations

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from gateway.generation.toml_lines import locate_keys

TEXT = '''# a comment = "with" [signs]
a = 1
"b.c" . d = [ # here
  "x]",
  { e = """
two ] lines \\""" """, f = 2 },
]
[t]
k = 'single # no comment'

[[list]]
n = 1
[list.sub]
s = 2026-01-01 10:00:00 # a date with a space
[[list]]
n = 2
[list.sub]
s = 3
'''


def test_every_key_is_found_on_its_line() -> None:
    tomllib.loads(TEXT)
    lines = locate_keys(TEXT)
    assert lines["a",] == 2
    assert lines["b.c", "d"] == 3
    assert lines["b.c", "d", 0] == 4
    assert lines["b.c", "d", 1, "e"] == 5
    assert lines["b.c", "d", 1, "f"] == 6
    assert lines["t",] == 8
    assert lines["t", "k"] == 9
    assert lines["list", 0, "n"] == 12
    assert lines["list", 0, "sub", "s"] == 14
    assert lines["list", 1] == 15
    assert lines["list", 1, "sub", "s"] == 18


KEYS = st.sampled_from(["a", "b", '"c d"', "'e.f'", "g.h", '"\\u00e9"'])
VALUES = st.recursive(
    st.sampled_from(
        ["1", '"]"', "'#'", '"""\n}"""', "'''\n'\n'''", '""', "1979-05-27 07:32:00", "true", "-1.5e3"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda parts: "[\n" + " ,\n".join(parts) + "\n]")
        | st.lists(st.tuples(KEYS, inner), max_size=2).map(
            lambda pairs: "{ " + ", ".join(f"{key} = {value}" for key, value in pairs) + " }"
        )
    ),
    max_leaves=6,
)
LINES = st.lists(
    st.tuples(KEYS, VALUES).map(" = ".join)
    | KEYS.map("[{}]".format)
    | KEYS.map("[[{}]]".format)
    | st.sampled_from(["", "# x = 1"])
).map("\n".join)


def places(value: object, place: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place, *(found for key, each in inner for found in places(each, (*place, key)))]


@given(LINES)
def test_every_place_of_a_valid_text_has_a_line(text: str) -> None:
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    lines = locate_keys(text)
    assert {place for place in places(values) if place} == set(lines)
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())
