"""A generation as one immutable file, named by the SHA-256 of its bytes.

The control process writes it, workers read it: from the same bytes all of them build the same rules.
The form: one line with name and version, one line with the length of the index, the index as JSON, then
the files one after another in the order of the index. The same texts always give the same bytes.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from hashlib import sha256
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.generation.texts import DomainRules, Texts

_FORM: Final = b"callmark bundle 2\n"
_LENGTH: Final = re.compile(rb"[1-9][0-9]{0,8}")


class BundleError(ValueError):
    """The bytes are not a bundle; the message says why."""


class _Index(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    files: list[tuple[str, Annotated[int, Field(ge=0)], str]]
    """Name, length in bytes, SHA-256."""
    domains: list[DomainRules]
    x5u: str | None
    variables: dict[str, str]


def render_bundle(texts: Texts) -> bytes:
    """The bundle's bytes; names and variables are text that UTF-8 can hold."""
    files = sorted(texts.files.items())
    index = {
        "files": [[name, len(data), sha256(data).hexdigest()] for name, data in files],
        "domains": [asdict(domain) for domain in texts.domains],
        "x5u": texts.x5u,
        "variables": dict(texts.variables),
    }
    rendered = json.dumps(index, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return b"".join([_FORM, b"%d\n" % len(rendered), rendered, *(data for _, data in files)])


def parse_bundle(bundle: bytes) -> Texts:
    """Read a bundle. Raises BundleError, and nothing else, for bytes that are not a whole one."""
    if not bundle.startswith(_FORM):
        raise BundleError("does not begin as a bundle of this version does")
    end = bundle.find(b"\n", len(_FORM), len(_FORM) + 10)
    length = bundle[len(_FORM) : end]
    if end < 0 or _LENGTH.fullmatch(length) is None:
        raise BundleError("does not say how long its index is")
    at = end + 1 + int(length)
    try:
        index = _Index.model_validate_json(bundle[end + 1 : at])
    except ValidationError as error:
        raise BundleError(f"has an index that cannot be read: {error.errors()[0]['msg']}") from None
    files: dict[str, bytes] = {}
    for name, size, digest in index.files:
        data = bundle[at : at + size]
        at += size
        if sha256(data).hexdigest() != digest:
            raise BundleError(
                f"holds other bytes for {name!r} than its index says; it was cut off or altered"
            )
        if name in files:
            raise BundleError(f"holds {name!r} twice")
        files[name] = data
    if at != len(bundle):
        raise BundleError("is longer than its index says")
    return Texts(files=files, domains=tuple(index.domains), x5u=index.x5u, variables=dict(index.variables))


def bundle_digest(bundle: bytes) -> str:
    """The name of a bundle: the SHA-256 of its bytes in hex."""
    return sha256(bundle).hexdigest()
