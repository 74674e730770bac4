"""Whether the digests of `rcdi` are those of what `rcd` holds (RFC 9795 sections 6.1 and 9.2).

Content by value is checked here and now. Content by address (`icn`, `jcl`, what lies below `jcl`, and the
URIs of a jCard) is checked against what the caller of this file has fetched, and is named as unchecked
otherwise; this file fetches nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.passport.canonical_json import CanonicalJsonError, render_json
from gateway.passport.json_pointer import PointerError, resolve
from gateway.passport.rich_call_data import Digest, RichCallData


@dataclass(frozen=True, slots=True)
class Integrity:
    """What became of the digests."""

    problem: str | None
    """Why the data must not be believed: one sentence, or None."""
    unchecked: tuple[str, ...] = ()
    """JSON pointers to content by address that no digest was held against: not to be shown."""


def check_integrity(
    rcd: object, data: RichCallData, contents: Mapping[str, bytes] | None = None
) -> Integrity:
    """Hold every digest against its content; `rcd` is the claim as received, `data` as read.

    `contents` are fetched bytes by JSON pointer. Never raises.
    """
    fetched = contents or {}
    addresses = set(data.references())
    checked: set[str] = set()
    for digest in data.rcdi:
        if digest.pointer in addresses or digest.steps[0] == "jcl":
            if digest.steps[0] == "jcl" and data.jcl is None:
                return Integrity("rcdi names a jcl, and rcd has none")
            content = fetched.get(digest.pointer)
            if content is None:
                continue
            if not _is_of(digest, content):
                return Integrity(f"the content of {digest.pointer} is not what was signed")
            checked.add(digest.pointer)
        else:
            problem = _problem_by_value(rcd, digest)
            if problem is not None:
                return Integrity(problem)
    unchecked = (addresses | {digest.pointer for digest in data.rcdi if digest.steps[0] == "jcl"}) - checked
    return Integrity(None, tuple(sorted(unchecked)))


def _problem_by_value(rcd: object, digest: Digest) -> str | None:
    try:
        value = resolve(rcd, digest.steps)
        forms = [render_json(value)]
    except (PointerError, CanonicalJsonError) as error:
        return f"rcdi: {error}"
    # RFC 9795 section 6.1.1 leaves it open whether the quotes of a string belong to what is digested. The
    # string itself is signed, so either reading is as good.
    if isinstance(value, str):
        forms.append(value.encode())
    if not any(_is_of(digest, form) for form in forms):
        return "a digest of rcdi is not that of the value it names"
    return None


def _is_of(digest: Digest, content: bytes) -> bool:
    return hmac.compare_digest(hashlib.new(digest.algorithm, content).digest(), digest.value)
