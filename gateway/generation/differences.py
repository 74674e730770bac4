"""What changed from one generation's texts to the next, in words: by file and key, lists by their counts.

No telephone number is ever in these words, so that whoever may know of a change may read them.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Final

from gateway.certificates.domain import DEFAULT_DOMAIN
from gateway.generation.problem import ENVIRONMENT, quote
from gateway.generation.settings import SETTINGS_FILE
from gateway.generation.texts import Texts

MOST_LISTED: Final = 100
"""Differences told one by one; of the rest their number is told."""
_LONGEST_VALUE: Final = 80
_NUMBER: Final = re.compile(r"[0-9][0-9 ]{5,}")
_ABSENT: Final = object()
_UNTOLD: Final = "was changed in comments or spacing alone"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is other than before."""

    file: str
    key: str
    """`verdict.dno`, `trunk[access-1].kind`; empty where the file as a whole is meant."""
    words: str

    def __str__(self) -> str:
        """Render as a problem is: `file: key: words`."""
        return ": ".join(part for part in (self.file, self.key, self.words) if part)


def differences(before: Texts, after: Texts) -> tuple[Difference, ...]:
    """Everything that is other, by file; empty where nothing is."""
    found = [
        *_settings(before, after),
        *(
            Difference(ENVIRONMENT, name, _change(before.variables, after.variables, name))
            for name in _changed(before.variables, after.variables)
        ),
    ]
    for name in _changed(before.files, after.files):
        if name not in before.files:
            found.append(Difference(name, "", "is new"))
        elif name not in after.files:
            found.append(Difference(name, "", "is gone"))
        else:
            found += _in_file(name, before.files[name], after.files[name])
    rest = len(found) - MOST_LISTED
    return (*found[:MOST_LISTED], *([Difference("", "", f"and {rest} more")] if rest > 0 else []))


def _settings(before: Texts, after: Texts) -> Iterator[Difference]:
    """`gateway.toml`, as far as a generation goes by it."""
    if before.x5u != after.x5u:
        yield Difference(SETTINGS_FILE, "signing.x5u", f"{_shown(before.x5u)} -> {_shown(after.x5u)}")
    earlier = {domain.name: asdict(domain) for domain in before.domains}
    later = {domain.name: asdict(domain) for domain in after.domains}
    for name in _changed(earlier, later):
        place = "trust" if name == DEFAULT_DOMAIN else f"trust_domain[{name}]"
        if name not in earlier or name not in later:
            yield Difference(SETTINGS_FILE, place, "is new" if name in later else "is gone")
            continue
        for key in _changed(earlier[name], later[name]):
            words = _change(earlier[name], later[name], key)
            yield Difference(SETTINGS_FILE, f"{place}.{key}", words)


def _in_file(name: str, before: bytes, after: bytes) -> Iterator[Difference]:
    if name.endswith(".toml"):
        yield from _in_toml(name, before, after)
    elif name.endswith(".csv"):
        earlier, later = Counter(_entries(before)), Counter(_entries(after))
        more, fewer = (later - earlier).total(), (earlier - later).total()
        yield Difference(name, "", f"{_more_or_fewer(more, fewer)} ({later.total()} now)")
    else:
        yield Difference(name, "", "holds other bytes")


def _in_toml(name: str, before: bytes, after: bytes) -> Iterator[Difference]:
    try:
        earlier, later = (dict(_leaves("", tomllib.loads(data.decode()))) for data in (before, after))
    except ValueError:  # of a release that read it otherwise
        yield Difference(name, "", "holds other bytes")
        return
    changed = _changed(earlier, later)
    for key in changed:
        yield Difference(name, key, _change(earlier, later, key))
    if not changed:
        yield Difference(name, "", _UNTOLD)


def _leaves(place: str, value: object) -> Iterator[tuple[str, object]]:
    """Each key that holds a value, by its whole name; tables in a list by their name, if they have one."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(f"{place}.{key}" if place else key, inner)
    elif isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        for index, each in enumerate(value):
            yield from _leaves(f"{place}[{each.get('name', index)}]", each)
    else:
        yield place, value


def _entries(data: bytes) -> list[bytes]:
    """The lines of a list that say something, without the names of its columns."""
    lines = [line.strip() for line in data.splitlines()]
    return [line for line in lines if line and not line.startswith(b"#")][1:]


def _more_or_fewer(more: int, fewer: int) -> str:
    counts = ((more, "more"), (fewer, "fewer"))
    words = [f"{count} {'entry' if count == 1 else 'entries'} {what}" for count, what in counts if count]
    return ", ".join(words) or _UNTOLD


def _changed(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    names = sorted({*before, *after})
    return [name for name in names if before.get(name, _ABSENT) != after.get(name, _ABSENT)]


def _change(before: Mapping[str, object], after: Mapping[str, object], key: str) -> str:
    earlier, later = before.get(key, _ABSENT), after.get(key, _ABSENT)
    if isinstance(earlier, list | tuple) and isinstance(later, list | tuple):
        told = _shown(earlier), _shown(later)
        if _HIDDEN in told:
            old, new = Counter(map(repr, earlier)), Counter(map(repr, later))
            return _more_or_fewer((new - old).total(), (old - new).total())
        return " -> ".join(told)
    return f"{_shown(earlier)} -> {_shown(later)}"


_HIDDEN: Final = "(not shown)"


def _shown(value: object) -> str:
    if value is None or value is _ABSENT:
        return "(none)"
    text = json.dumps(value, ensure_ascii=False, default=str)
    if _NUMBER.search(text) or len(text) > _LONGEST_VALUE:
        return _HIDDEN
    return text if text.isprintable() else quote(text)
