"""Revocation lists written field by field, as `tests.hostile.certificates` writes certificates."""

from __future__ import annotations

from collections.abc import Iterable

from tests.hostile.certificates import (
    DAY,
    ECDSA_SHA256,
    NOW,
    Extension,
    Key,
    Made,
    authority_key,
    directory,
    extension,
    key_id,
    sign,
)  # fmt: skip
from tests.hostile.der import (
    bits,
    explicit,
    generalized_time,
    implicit,
    integer,
    seq,
    tlv,
    utc_time,
)  # fmt: skip

ENUMERATED = 0x0A


def scope(
    *names: bytes,
    relative: bytes | None = None,
    users: bool = False,
    authorities: bool = False,
    attributes: bool = False,
    reasons: bytes | None = None,
    indirect: bool = False,
    critical: bool = True,
) -> Extension:
    """The issuing distribution point; `names` are GeneralNames."""
    where = explicit(0, *names) if names else b"" if relative is None else explicit(1, relative)
    flags = ((1, users), (2, authorities), (4, indirect), (5, attributes))
    parts = {number: implicit(number, b"\xff") for number, given in flags if given}
    if where:
        parts[0] = explicit(0, where)
    if reasons is not None:
        parts[3] = implicit(3, reasons)
    return extension("2.5.29.28", seq(*(parts[number] for number in sorted(parts))), critical=critical)


def reason(number: int) -> Extension:
    return extension("2.5.29.21", tlv(ENUMERATED, bytes([number])))


def entry(
    serial: int, *, of: bytes | None = None, more: Iterable[Extension] = (), at: int = NOW - DAY
) -> bytes:
    """An entry; `of` is the certificate's issuer, without which the last entry's holds."""
    named = [] if of is None else [extension("2.5.29.29", seq(directory(of)), critical=True)]
    extensions = [*named, *more]
    return seq(integer(serial), utc_time(at), seq(*extensions) if extensions else b"")


def revocation_list(
    issuer: Made,
    *entries: bytes,
    more: Iterable[Extension] = (),
    number: bool = True,
    this_update: int = NOW - 3_600,
    next_update: int | None = NOW + DAY,
    next_as_generalized: bool = False,
    key: Key | None = None,
    algorithm: bytes = ECDSA_SHA256,
    outer_algorithm: bytes | None = None,
    version: bytes | None = None,
    flip: bool = False,
) -> bytes:
    """Sign a list. DER."""
    own = key or issuer.key
    numbered = [authority_key(key_id(own)), extension("2.5.29.20", integer(7))] if number else []
    extensions = [*numbered, *more]
    end = (
        b"" if next_update is None
        else generalized_time(next_update) if next_as_generalized
        else utc_time(next_update)
    )  # fmt: skip
    tbs = seq(
        integer(1) if version is None else version,
        algorithm, issuer.subject, utc_time(this_update), end,
        seq(*entries) if entries else b"",
        explicit(0, seq(*extensions)) if extensions else b"",
    )  # fmt: skip
    signature = sign(tbs, own)
    if flip:
        signature = signature[:-1] + bytes([signature[-1] ^ 1])
    return seq(tbs, outer_algorithm or algorithm, bits(signature))
