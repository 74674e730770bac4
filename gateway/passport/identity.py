"""The Identity header's value, taken apart (RFC 8224 section 4).

    token ; info=<https://…> ; alg=ES256 ; ppt=shaken

Parameters may stand in any order, bare or quoted, their names in any case, with white space around ';' and
'='. What is missing is given as None: the order in which that is held against the call belongs to
`gateway.verification`. Nothing is said here about the token or the address being any good.

Invariant: `parse_identity` gives an IdentityHeader or raises IdentityError, in time linear in the value.
All strings it gives are printable ASCII, so none can carry a line break into a SIP message.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import msgspec

MAX_IDENTITY_CHARACTERS: Final = 16_384
"""Five nested `div-o` PASSporTs or a jCard by value fit; SIP stacks cut a message at 64 kB."""
MAX_PARAMETERS: Final = 32
"""The standards name three."""
MAX_PARAMETERS_CHARACTERS: Final = 2048
"""Of all of them together: an address has 1024 at most, the longest in use 106. Every character of them is
looked at by an expression, which makes them dearer than those of the token."""
MOST_BLANKS: Final = 64
"""White space before or after a value that is taken for none of it."""
_GLANCE: Final = 64
"""Characters of a long value that are looked at before all of it."""

_BLANKS: Final = " \t"
_BEFORE_PARAMETER: Final = " \t;"
_AROUND: Final = 2 * MOST_BLANKS
"""Characters by which a value that is refused may be longer or shorter without its white space."""

# RFC 8224 section 4 forgets '-' and '_' in the digest, which base64url cannot do without. '=' , '+' and '/'
# are let through to the base64url reader, which says what is wrong with them.
_TOKEN: Final = re.compile(r"[A-Za-z0-9._=+/-]++")
_TOKEN_CHARACTERS: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._=+/-"
# Possessive throughout: what one part has taken is never given back, so a value is read once.
_PARAMETER: Final = re.compile(
    r"""[ \t]*+;[ \t]*+ (?P<name>[A-Za-z0-9!%*_+`'~.-]++)
        (?: [ \t]*+=[ \t]*+ (?: <(?P<bracketed>[\ -;=?-~]*+)>
                              | "(?P<quoted>(?:[\ !\#-\[\]-~]++|\\[\ -~])*+)"
                              | (?P<bare>[!\#-+\--:=?-~]*+) ) )?+""",
    re.VERBOSE,
)
_FORBIDDEN: Final = re.compile(r"[^\t -~]")


PARAMETERS_KEPT: Final = 4096
LONGEST_KEPT: Final = 1024
"""Characters; a stranger's longer ones are read each time instead of taking memory."""

_Parameters = tuple[str | None, bool, str | None, str | None, tuple[tuple[str, str], ...], int]
"""info, whether it was bracketed, alg, ppt, the others, how many."""


class IdentityError(ValueError):
    """An Identity header value that is not taken apart, in a sentence for whoever sent it."""

    def __init__(self, problem: str, *, enough: int | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.enough = enough
        """With how many characters, from the first, a value is refused in the same words; None: with all."""


class IdentityHeader(msgspec.Struct, frozen=True, gc=False):
    """An Identity header's parts, unquoted; nothing about them has been verified."""

    token: str
    """The compact string before the first ';': of base64url characters, '.', '=', '+' and '/', not empty."""
    info: str | None
    """The address without its brackets; None when there is no such parameter, empty when it has no value."""
    info_is_bracketed: bool
    """Whether `info` stood in '<' and '>', as the grammar demands of a URI."""
    alg: str | None
    """None when absent: RFC 8224 section 4.1 then means ES256, France's rules refuse the call."""
    ppt: str | None
    """None when absent: a PASSporT without extension."""
    other_parameters: tuple[tuple[str, str], ...]
    """Names in lower case with their values (empty for a parameter without one), in the order received."""
    parameter_count: int

    @property
    def is_compact(self) -> bool:
        """Whether the token is a compact form, `..signature` (RFC 8225 section 7)."""
        return self.token.startswith("..") and self.token.count(".") == 2


def parse_identity(value: str) -> IdentityHeader:
    """Take one Identity header value apart, without `Identity:` before it. Raises IdentityError.

    Refused: two values with a comma between them, a parameter named twice, control characters, anything
    beyond ASCII, more than MAX_IDENTITY_CHARACTERS, MAX_PARAMETERS or MAX_PARAMETERS_CHARACTERS, and more
    white space around it than MOST_BLANKS.
    """
    if len(value) > MAX_IDENTITY_CHARACTERS:
        problem = f"the value is longer than {MAX_IDENTITY_CHARACTERS} characters"
        raise IdentityError(problem, enough=MAX_IDENTITY_CHARACTERS + 1)
    value = _trimmed(value)
    token = value.partition(";")[0]
    if not _is_token(token):
        found = _TOKEN.match(value)
        token = "" if found is None else found[0]
    rest = value[len(token) :]
    if not token or (rest and rest[0] not in _BEFORE_PARAMETER):
        problem, enough = _what_stopped(value, len(token))
        raise IdentityError(problem, enough=enough + _AROUND)
    if len(rest) > MAX_PARAMETERS_CHARACTERS:
        is_joined = "," in rest[: MAX_PARAMETERS_CHARACTERS + 1]
        raise IdentityError(
            f"the parameters have more than {MAX_PARAMETERS_CHARACTERS} characters"
            f"{', or a second value follows them' if is_joined else ''}",
            enough=len(token) + MAX_PARAMETERS_CHARACTERS + 1 + _AROUND,
        )
    read = _read_parameters if len(rest) <= LONGEST_KEPT else _read_parameters.__wrapped__
    parameters = read(rest)
    if isinstance(parameters, int):
        raise IdentityError(_what_stopped(value, len(token) + parameters)[0])
    return IdentityHeader(token, *parameters)


def refusable_part(value: str) -> str:
    """Give as much of a value as is needed to read or refuse it again, in the same words."""
    try:
        parse_identity(value)
    except IdentityError as error:
        return value[: error.enough]
    return value


def _trimmed(value: str) -> str:
    # Of a few characters only: Python's strip looks each up in the list of what to strip, and a value of
    # nothing else would cost a signature.
    if value[:1] in _BLANKS:
        value = value[:MOST_BLANKS].lstrip(_BLANKS) + value[MOST_BLANKS:]
    if value[-1:] in _BLANKS:
        value = value[:-MOST_BLANKS] + value[-MOST_BLANKS:].rstrip(_BLANKS)
    return value


def _is_token(text: str) -> bool:
    # Of one longer than nearly all the beginning first: most that are none are none from there on.
    if len(text) > MAX_PARAMETERS_CHARACTERS and not _is_token(text[:_GLANCE]):
        return False
    # In a sixth of the time of the expression, and a token is nearly all of a value.
    try:
        return bool(text) and not text.encode("ascii").translate(None, _TOKEN_CHARACTERS)
    except UnicodeEncodeError:
        return False


@lru_cache(maxsize=PARAMETERS_KEPT)
def _read_parameters(rest: str) -> _Parameters | int:
    """Read what follows the token, or say at which character reading stops.

    The same for every call signed under one certificate, hence remembered. Raises IdentityError.
    """
    parameters: dict[str, str] = {}
    info_is_bracketed = False
    position = 0
    while position < len(rest):
        parameter = _PARAMETER.match(rest, position)
        if parameter is None:
            return position
        name, bracketed, quoted, bare = parameter.groups()
        name = name.lower()
        if name in parameters:
            raise IdentityError(f"the parameter '{name[:32]}' stands twice")
        if len(parameters) == MAX_PARAMETERS:
            raise IdentityError(f"there are more than {MAX_PARAMETERS} parameters")
        if bracketed is not None:
            if name != "info":
                raise IdentityError(f"the parameter '{name[:32]}' stands in angle brackets; only info may")
            info_is_bracketed = True
            parameters[name] = bracketed
        elif quoted is not None:
            parameters[name] = _unquoted(quoted) if "\\" in quoted else quoted
        else:
            parameters[name] = bare or ""
        position = parameter.end()
    count = len(parameters)
    info, alg, ppt = (parameters.pop(name, None) for name in ("info", "alg", "ppt"))
    return info, info_is_bracketed, alg, ppt, tuple(parameters.items()), count


def _unquoted(text: str) -> str:
    """Undo quoted pairs (RFC 3261 section 25.1); `text` has no control characters."""
    return text.replace("\\\\", "\0").replace("\\", "").replace("\0", "\\")


def _what_stopped(value: str, position: int) -> tuple[str, int]:
    """Say what it was, and how many characters, from the first, are enough to say it."""
    # What stands before this place is allowed; what stopped there stands within one parameter of it.
    near = value[position : position + MAX_PARAMETERS_CHARACTERS]
    # Told without the expression of what is nothing but letters and signs.
    if near.isascii() and near.isprintable():
        forbidden = None
    else:
        forbidden = _FORBIDDEN.search(value, position, position + MAX_PARAMETERS_CHARACTERS)
    if forbidden is not None:
        found, place = f"U+{ord(forbidden[0]):04X}", forbidden.start()
        return f"character {found} at position {place} may not stand in a header", place + 1
    if position == 0:
        return "the value does not begin with a PASSporT", 1
    rest = value[position:].lstrip(_BLANKS)
    enough = len(value) - len(rest) + 1
    if rest.startswith(","):
        problem = f"a second Identity value begins after the comma at position {position}; one is expected"
        return problem, enough
    return f"what stands at position {position} is not a parameter", enough
