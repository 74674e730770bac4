"""From what a switch or a token wrote to the one form in which numbers are compared, and back.

RFC 8224 section 8.3 (canonical numbers: digits, `*`, `#`), RFC 3966 section 3 (visual separators and
the parameters that follow a number), ITU-T E.164 section 6 (at most 15 digits, no leading zero).

Dialling prefixes are taken off and country codes put on by configured rules only. Whether a number can
exist in its country is not decided here: that is `plans/`.

The steps of `canonical`, the first that fits:

1. parameters (`;tgrp=...`) are cut off, `+ - . ( )` dropped; any other character is an error;
2. with `*` or `#`: kept as it is;
3. `+`: an international number;
4. exactly a service number: kept as dialled;
5. international prefix: an international number;
6. a portability prefix before a number of our own: dropped, the rest read on;
7. trunk prefix: the country code takes its place;
8. bare, of a national length: the country code is put before it;
9. bare, six digits or fewer: a short code, kept as dialled;
10. bare: an international number without its `+`, as in the samples of ATIS-1000082.

An international number of our own country loses a portability prefix, and is the service number when
that is all that follows the country code (`+44999`, `+999`: a call for help is not to fail on a `+`).

Only `to_e164` gives text that reads back to the same number under any rules. A canonical number is not
itself such text: where bare ten digits are national (NANP), `4930123456` would become a number of ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NewType

TelephoneNumber = NewType("TelephoneNumber", str)
"""Canonical digits with country code, no `+` ("442079460123"); service numbers as dialled ("999")."""

MAX_DIGITS = 15
"""E.164 section 6.2.1."""
SHORTEST_INTERNATIONAL = 7
"""Shorter is a service number. The shortest real ones (Niue, Tokelau) have a country code and four."""
MAX_TEXT = 512
"""Characters, parameters included: a domain name in `trunk-context` alone may have 253."""
MAX_DIALLED = 32
"""Characters of a code with `*` or `#`; the longest are call forwarding with a number inside."""

_PARAMETER = r";[A-Za-z0-9-]+(?:=(?:[A-Za-z0-9\-_.!~*'()\[\]/:&+$]|%[0-9A-Fa-f]{2})+)?"
_PARAMETERS = re.compile(f"(?:{_PARAMETER})*")
_FORBIDDEN = re.compile(r"[^0-9*#+.()-]")
_SEPARATORS = str.maketrans("", "", "+-.()")
_DIGITS = re.compile(r"[0-9]*")
_INTERNATIONAL = re.compile(rf"[1-9][0-9]{{{SHORTEST_INTERNATIONAL - 1},{MAX_DIGITS - 1}}}")
_COUNTRY_CODE = re.compile(r"[1-9][0-9]{0,2}")


class NumberError(ValueError):
    """The text is not a telephone number; `problem` says why in a sentence, without the number."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class DiallingRules:
    """How numbers are written where a trunk comes from; raises `ValueError` for rules that contradict."""

    country_code: str = "44"
    international_prefix: str = "00"
    """Empty where there is none."""
    trunk_prefix: str = "0"
    """Empty where there is none; one equal to the country code (NANP) changes nothing."""
    national_lengths: frozenset[int] = frozenset()
    """A bare number of so many digits is national (`{10}` in the NANP)."""
    service_numbers: frozenset[str] = frozenset()
    """Kept as dialled; at most six digits each."""
    portability_prefixes: tuple[str, ...] = ()
    """Digits that a ported number carries after the country code. No real number may begin with one."""
    _plain: re.Pattern[str] = field(init=False, repr=False, compare=False)
    _bracketed_trunk: re.Pattern[str] | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not _COUNTRY_CODE.fullmatch(self.country_code):
            raise ValueError("country_code is one to three digits and does not begin with 0")
        for name, digits in (("international", self.international_prefix), ("trunk", self.trunk_prefix)):
            if not _DIGITS.fullmatch(digits):
                raise ValueError(f"{name}_prefix consists of digits")
        if any(not re.fullmatch(r"[0-9]{1,6}", number) for number in self.service_numbers):
            raise ValueError("service_numbers have one to six digits each")
        if any(not re.fullmatch(r"[0-9]+", prefix) for prefix in self.portability_prefixes):
            raise ValueError("portability_prefixes consist of digits")
        if any(not 1 <= length < MAX_DIGITS for length in self.national_lengths):
            raise ValueError(f"national_lengths lie between 1 and {MAX_DIGITS - 1}")
        if self.trunk_prefix == self.country_code:
            # Dropping the 1 of 1 215 555 0123 and putting the country code 1 before it are no steps.
            object.__setattr__(self, "trunk_prefix", "")
        object.__setattr__(self, "_plain", _plain_numbers(self))
        # E.123's "+44 (0)20": dropped by its brackets. Without them nobody says which 0 is meant, so
        # "+440207…" keeps its digits and the plan calls it invalid.
        # Differs from RFC 8224 section 8.3: read by the letter it would drop the brackets alone.
        bracketed = (
            re.compile(
                rf"(\+?(?:{self.international_prefix})?{self.country_code}[-.]*)\({self.trunk_prefix}\)"
            )
            if self.trunk_prefix
            else None
        )
        object.__setattr__(self, "_bracketed_trunk", bracketed)

    def read_plain(self, text: str) -> TelephoneNumber | None:
        """Read `text` if it is international digits that no rule touches: nearly every call's numbers."""
        if self._plain.fullmatch(text) is None:
            return None
        return TelephoneNumber(text[1:] if text[0] == "+" else text)

    def without_bracketed_trunk(self, text: str) -> str:
        """`+44(0)20…` as `+4420…`."""
        if self._bracketed_trunk is None or "(" not in text:
            return text
        found = self._bracketed_trunk.match(text)
        return text if found is None else found[1] + text[found.end() :]


def _plain_numbers(rules: DiallingRules) -> re.Pattern[str]:
    """Match what `canonical` leaves as it is but for the `+`: its steps 3 to 10, told negatively."""
    own = [f"{rules.country_code}{prefix}" for prefix in rules.portability_prefixes]
    own += [rf"{rules.country_code}{number}(?![0-9])" for number in rules.service_numbers]
    bare = [*rules.portability_prefixes, *filter(None, (rules.international_prefix, rules.trunk_prefix))]
    bare += [rf"[0-9]{{{length}}}(?![0-9])" for length in rules.national_lengths]
    not_own = f"(?!{'|'.join(own)})" if own else ""
    not_bare = f"(?!{'|'.join(bare)})" if bare else ""
    return re.compile(rf"(?:\+|{not_bare}){not_own}{_INTERNATIONAL.pattern}")


def canonical(text: str, rules: DiallingRules) -> TelephoneNumber:
    """Give the canonical form of a number, or raise `NumberError`; never another exception.

    `text` is the number alone, without `tel:` or `sip:`; user parameters may follow it.
    """
    plain = rules.read_plain(text)
    if plain is not None:
        return plain
    written = rules.without_bracketed_trunk(_number_part(text))
    dialled = written.translate(_SEPARATORS)
    if not dialled:
        raise NumberError("the number is empty")
    if "*" in dialled or "#" in dialled:
        if len(dialled) > MAX_DIALLED:
            raise NumberError(f"a number with * or # has at most {MAX_DIALLED} characters")
        return TelephoneNumber(dialled)
    if written[0] == "+":
        return _international(dialled, rules)
    return _dialled(dialled, rules)


def to_e164(tn: TelephoneNumber) -> str:
    """Write a number so that it reads back: `+44…`; service numbers and codes with `*` `#` unchanged."""
    return f"+{tn}" if is_international(tn) else tn


def is_international(tn: TelephoneNumber) -> bool:
    """Tell an international number from a service number or a dialled code, neither having a country."""
    return len(tn) >= SHORTEST_INTERNATIONAL and tn.isdigit()


def _number_part(text: str) -> str:
    """Cut the parameters off and refuse every character that no number has."""
    if len(text) > MAX_TEXT:
        raise NumberError(f"the number and its parameters are longer than {MAX_TEXT} characters")
    end = text.find(";")
    written = text if end < 0 else text[:end]
    forbidden = _FORBIDDEN.search(written)
    if forbidden is not None:
        raise NumberError(f"a number does not contain {forbidden[0]!a}; allowed are 0-9 * # + . - ( )")
    if "+" in written[1:]:
        raise NumberError("a + stands only at the beginning of a number")
    if end >= 0 and not _PARAMETERS.fullmatch(text, end):
        raise NumberError("what follows the number is not a list of ;name=value parameters")
    return written


def _international(digits: str, rules: DiallingRules) -> TelephoneNumber:
    """Read digits that begin with a country code."""
    if digits in rules.service_numbers:
        return TelephoneNumber(digits)
    if digits.startswith(rules.country_code):
        return _own(digits.removeprefix(rules.country_code), rules)
    return _checked(digits)


def _own(national: str, rules: DiallingRules) -> TelephoneNumber:
    """Read what follows our own country code."""
    ported = _without_portability(national, rules)
    if ported is not None:
        if _without_portability(ported, rules) is not None:
            raise NumberError("the number carries a portability prefix twice")
        national = ported
    if national in rules.service_numbers:
        return TelephoneNumber(national)
    return _checked(rules.country_code + national)


def _dialled(digits: str, rules: DiallingRules) -> TelephoneNumber:
    """Read digits without a `+`."""
    if digits in rules.service_numbers:
        return TelephoneNumber(digits)
    if rules.international_prefix and digits.startswith(rules.international_prefix):
        return _international(digits.removeprefix(rules.international_prefix), rules)
    ported = _without_portability(digits, rules)
    # Only before a number of ours: bare digits that merely begin alike are another country's.
    return _bare(digits if ported is None or not _is_ours(ported, rules) else ported, rules)


def _behind_trunk_prefix(national: str, rules: DiallingRules) -> TelephoneNumber:
    if national in rules.service_numbers:
        raise NumberError("a service number is dialled without the trunk prefix")
    return _own(national, rules)


def _bare(digits: str, rules: DiallingRules) -> TelephoneNumber:
    """Read digits without an international or portability prefix."""
    if rules.trunk_prefix and digits.startswith(rules.trunk_prefix):
        return _behind_trunk_prefix(digits.removeprefix(rules.trunk_prefix), rules)
    if len(digits) in rules.national_lengths:
        return _own(digits, rules)
    if len(digits) < SHORTEST_INTERNATIONAL:
        return TelephoneNumber(digits)
    return _international(digits, rules)


def _is_ours(digits: str, rules: DiallingRules) -> bool:
    if len(digits) in rules.national_lengths or digits.startswith(rules.country_code):
        return True
    return bool(rules.trunk_prefix) and digits.startswith(rules.trunk_prefix)


def _without_portability(digits: str, rules: DiallingRules) -> str | None:
    """Take the longest portability prefix off; None if there is none."""
    fitting = [prefix for prefix in rules.portability_prefixes if digits.startswith(prefix)]
    return digits.removeprefix(max(fitting, key=len)) if fitting else None


def _checked(digits: str) -> TelephoneNumber:
    """Hold the result to E.164's form."""
    if _INTERNATIONAL.fullmatch(digits):
        return TelephoneNumber(digits)
    if digits.startswith("0"):
        raise NumberError("no country code begins with 0")
    if len(digits) > MAX_DIGITS:
        raise NumberError(
            f"an international number has at most {MAX_DIGITS} digits, and no configured portability "
            "prefix explains more"
        )
    raise NumberError(f"an international number has at least {SHORTEST_INTERNATIONAL} digits")
