"""The one JSON reader and the one base64url reader: everything a stranger sends passes through here.

RFC 7515 section 4 leaves a parser the choice between refusing duplicate member names and taking the last;
here they are refused, as is everything on which two parsers could disagree (RFC 7493, I-JSON; RFC 8259).
base64url is that of RFC 7515 section 2: no padding, no white space, and one spelling for each value.

Invariants: `read_json` gives a value or raises StrictJsonError, `read_base64url` gives bytes or raises
Base64UrlError; neither raises anything else. Both run in time linear in the input. The length of the input
is bounded by whoever received it.
"""

from __future__ import annotations

import binascii
import json
import math
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

import msgspec

MAX_DEPTH: Final = 32
"""Levels of arrays and objects. A PASSporT needs six (a jCard in `rcd`); the scanner recurses by level."""
MAX_INTEGER_CHARACTERS: Final = 20
"""Any 64-bit integer fits. Longer ones are no count, time or id of any claim, and are slow to convert."""
MAX_FLOAT_CHARACTERS: Final = 128
"""Far more digits than a double has."""
_MAX_NAME_CHARACTERS: Final = 64
"""How much of a stranger's member name an error repeats."""

_WHITESPACE: Final = b" \t\n\r"
_NO_BRACKETS: Final = bytes(set(range(256)).difference(b"[]{}"))
_ONE_KIND: Final = bytes.maketrans(b"{}", b"[]")
_TOO_DEEP: Final = b"[" * (MAX_DEPTH + 1)

_TO_BASE64URL: Final = bytes.maketrans(b"+/", b"-_")
_PADDING: Final = ("", "", "==", "=")
_LAST_CHARACTERS: Final = ("", "", "AQgw", "AEIMQUYcgkosw048")
"""By length modulo 4: the characters whose unused low bits are zero."""


class StrictJsonError(ValueError):
    """JSON that is not read, in a sentence for whoever sent it."""

    def __init__(
        self,
        problem: str,
        *,
        position: int | None = None,
        find: Callable[[], str | None] | None = None,
    ) -> None:
        """`find` gives the pointer."""
        super().__init__(problem)
        self.problem = problem
        self.position = position
        """Offset in characters (in bytes when the text is not UTF-8), where it is known."""
        self._find = find

    @property
    def pointer(self) -> str | None:
        """JSON pointer (RFC 6901) to the value concerned; None where the text could not be followed.

        Looked for when it is asked for: that takes longer than the reading, and a call does not ask.
        """
        return None if self._find is None else self._find()


class Base64UrlError(ValueError):
    """Text that is not base64url, in a sentence for whoever sent it."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def read_json(data: bytes) -> object:
    """Read one JSON value from UTF-8 text: dict, list, str, int, float, bool or None.

    Refused: duplicate names, NaN and infinities, numbers that overflow or are over-long, more than MAX_DEPTH
    levels, invalid UTF-8, a byte order mark, lone surrogates, anything after the value. Raises
    StrictJsonError.
    """
    trimmed = data.strip(_WHITESPACE)
    try:
        document = trimmed.decode()
    except UnicodeDecodeError as error:
        position = _begin(data) + error.start
        raise StrictJsonError("the text is not valid UTF-8", position=position) from None
    if _is_too_deep(trimmed):
        raise StrictJsonError(f"arrays and objects nest deeper than {MAX_DEPTH} levels or do not match")
    try:
        value, end = _DECODER.raw_decode(document)
    except json.JSONDecodeError as error:
        raise _syntax_error(error, offset=_begin(data)) from None
    except _RefusedError as refused:
        raise StrictJsonError(refused.problem, find=partial(_find, document, refused.problem)) from None
    # A surrogate can only come from an escape: UTF-8 decoding refuses it in plain. To look for the backslash
    # alone first is a hundred times as fast where there is none.
    if "\\" in document and "\\u" in document:
        first = next(_refusals(value, ""), None)
        if first is not None:
            pointer, problem = first
            raise StrictJsonError(problem, find=lambda: pointer)
    if end != len(document):
        rest = document[end:].encode()
        position = _begin(data) + end + _begin(rest)
        raise StrictJsonError(
            f"not JSON: something follows the value (character {position})", position=position
        )
    return value


def read_base64url(text: str) -> bytes:
    """Decode base64url (RFC 7515 section 2); empty text is empty bytes. Raises Base64UrlError.

    Non-zero unused bits in the last character are refused: with them one signature would have several
    spellings, and a token could be altered without its meaning changing.
    """
    remainder = len(text) % 4
    if remainder == 1:
        raise Base64UrlError("base64url text cannot have this length: its last character stands alone")
    data = _decode_base64url(text, _PADDING[remainder])
    if data is None:
        raise Base64UrlError("only A-Z, a-z, 0-9, '-' and '_' may stand in base64url text")
    if remainder and text[-1] not in _LAST_CHARACTERS[remainder]:
        raise Base64UrlError("the last base64url character carries bits that belong to no byte")
    return data


def render_base64url(data: bytes) -> bytes:
    """Encode as base64url without padding (RFC 7515 section 2)."""
    return binascii.b2a_base64(data, newline=False).translate(_TO_BASE64URL).rstrip(b"=")


class _RefusedError(Exception):
    """A value that is JSON but is not taken; in the second reading it stands in the tree as its own mark."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        [(name, _)] = Counter([name for name, _ in pairs]).most_common(1)
        raise _RefusedError(f"the member name '{_readable(name)}' stands twice in one object")
    return members


def _integer(text: str) -> int:
    if len(text) > MAX_INTEGER_CHARACTERS:
        raise _RefusedError(f"an integer is longer than {MAX_INTEGER_CHARACTERS} characters")
    return int(text)


def _float(text: str) -> float:
    if len(text) > MAX_FLOAT_CHARACTERS:
        raise _RefusedError(f"a number is longer than {MAX_FLOAT_CHARACTERS} characters")
    value = float(text)
    if math.isinf(value):
        raise _RefusedError("a number is too large")
    return value


def _constant(name: str) -> object:
    raise _RefusedError(f"{name} is not a JSON number")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_members, parse_int=_integer, parse_float=_float, parse_constant=_constant
)


_BASE64: Final = msgspec.json.Decoder(bytes)


def _decode_base64url(text: str, padding: str) -> bytes | None:
    if "+" in text or "/" in text or "=" in text or "\\" in text:
        return None
    plain = text.replace("-", "+").replace("_", "/")
    try:
        # msgspec takes the alphabet of RFC 4648 section 4 and nothing else, as binascii does when it is
        # strict, in a fifth of the time. As JSON, whose escapes were ruled out: a decoder is made once, where
        # `convert` looks at what it is to make each time.
        return _BASE64.decode(f'"{plain}{padding}"')
    except ValueError:
        return None


def _is_too_deep(data: bytes) -> bool:
    # Without its strings the text is brackets, and each round removes the innermost level. Kinds are made
    # one, or a round could remove two. All of it runs in C: a loop over a megabyte of `[]` takes 0.3 s, and a
    # regular expression for what is no bracket costs a token of brackets twenty signatures.
    # Looking at all of them first spares nearly every document the search for its depth.
    if len(data.translate(None, _NO_BRACKETS)) <= 2 * MAX_DEPTH:
        return False
    brackets = without_strings(data).translate(_ONE_KIND, _NO_BRACKETS)
    for _ in range(MAX_DEPTH):
        if _TOO_DEEP in brackets:
            return True
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)


def without_strings(data: bytes) -> bytes:
    """Leave out the strings of JSON text, quotation marks and all; of other text, something not longer."""
    # Escapes go first, from the left as a reader takes them; then each second piece between quotation marks
    # was a string. An expression that steps over escapes one by one costs a signature for thousands of them.
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b"".join(data.split(b'"')[::2])


def _begin(data: bytes) -> int:
    """How much white space stands before the text; as many characters as bytes."""
    return len(data) - len(data.lstrip(_WHITESPACE))


def _find(document: str, problem: str) -> str | None:
    """Find where the first refused value stands, of which `problem` is said.

    The hooks do not know where they are. So the text is read a second time, the refusal being left in the
    tree in place of its value, where a path leads to it; what comes after it is not judged again. Where an
    outer duplicate drops that place, or the text is broken further on, there is no path.
    """
    found = False

    def marking(hook: Callable[..., object], otherwise: Callable[..., object]) -> Callable[..., object]:
        def mark(argument: object) -> object:
            nonlocal found
            if found:
                return otherwise(argument)
            try:
                return hook(argument)
            except _RefusedError as refused:
                found = True
                return refused

        return mark

    locator = json.JSONDecoder(
        object_pairs_hook=marking(_members, dict),
        parse_int=marking(_integer, str),
        parse_float=marking(_float, str),
        parse_constant=marking(_constant, str),
    )
    try:
        value, _ = locator.raw_decode(document)
    except json.JSONDecodeError:
        return None
    return next((pointer for pointer, said in _refusals(value, "") if said == problem), None)


def _refusals(value: object, pointer: str) -> Iterator[tuple[str, str]]:
    """Every refused value with its pointer, in the order of the text; the depth is bounded before."""
    if isinstance(value, _RefusedError):
        yield pointer, value.problem
    elif isinstance(value, str):
        if _has_surrogate(value):
            yield pointer, "a string holds half of a surrogate pair"
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _refusals(item, f"{pointer}/{index}")
    elif isinstance(value, dict):
        for name, member in value.items():
            if _has_surrogate(name):
                yield pointer, "a member name holds half of a surrogate pair"
            escaped = _readable(name).replace("~", "~0").replace("/", "~1")
            yield from _refusals(member, f"{pointer}/{escaped}")


def _has_surrogate(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _readable(name: str) -> str:
    """Give a stranger's member name so that an error may repeat it: short, printable, encodable."""
    cut = name if len(name) <= _MAX_NAME_CHARACTERS else f"{name[:_MAX_NAME_CHARACTERS]}..."
    return cut if cut.isprintable() else ascii(cut)[1:-1]


def _syntax_error(error: json.JSONDecodeError, *, offset: int) -> StrictJsonError:
    if error.doc.startswith("\ufeff"):
        return StrictJsonError("the text begins with a byte order mark", position=offset)
    words = error.msg[0].lower() + error.msg[1:].removesuffix(" at")
    position = offset + error.pos
    return StrictJsonError(f"not JSON: {words} (character {position})", position=position)
