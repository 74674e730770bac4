"""The claims that say who calls and why: `rcd`, `rcdi` and `crn` (RFC 9795 sections 5, 6 and 8).

They stand in a PASSporT of their own (`ppt` "rcd") or beside the claims of another type, most often
`shaken` (RFC 9795 section 14). Decides their form; what the digests of `rcdi` are of is checked in
`gateway.passport.integrity`. That a name may be shown follows from none of this.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.passport.claims import BASE_CLAIMS, Claims
from gateway.passport.fields import (
    ClaimError,
    ClaimProblem,
    read_dest,
    read_iat,
    read_orig,
    read_payload,
    read_text,
)
from gateway.passport.json_pointer import PointerError, parse_pointer

RCD_CLAIMS: Final = ("dest", "iat", "orig", "rcd")
"""What an `rcd` PASSporT must have; `crn` may stand in the place of `rcd` (RFC 9795 section 9)."""
MAX_NAME_CHARACTERS: Final = 128
"""Displays show 15 to 35; RFC 9796 section 6 bounds a call reason at 64."""
MAX_URI_CHARACTERS: Final = 1024
MAX_DIGESTS: Final = 64
MAX_PROPERTIES: Final = 128
"""Of a jCard."""

DIGEST_BYTES: Final = {"sha256": 32, "sha384": 48, "sha512": 64}
"""The algorithms of RFC 9795 section 6."""

_DIGEST: Final = re.compile(r"(sha256|sha384|sha512)-([A-Za-z0-9+/_-]{43,86})={0,2}")
_URL: Final = re.compile(r"https://[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
_APN: Final = re.compile(r"\+?[0-9*#().-]{1,32}")


@dataclass(frozen=True, slots=True)
class Digest:
    """One member of `rcdi`."""

    pointer: str
    """Into `rcd`; below `/jcl` into the jCard that `jcl` refers to."""
    steps: tuple[str, ...]
    algorithm: str
    value: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RichCallData:
    """What a caller says of itself."""

    nam: str | None
    """None where the PASSporT says why the call is made (`crn`) and no more."""
    apn: str | None = None
    """The number to be shown in place of the calling one, as signed."""
    icn: str | None = None
    """The https address of a picture."""
    jcd: list[object] | None = None
    """A jCard (RFC 7095), of the right shape outside and a stranger's data inside."""
    jcl: str | None = None
    """The https address of a jCard."""
    crn: str | None = None
    """Why the call is made (RFC 9795 section 8)."""
    rcdi: tuple[Digest, ...] = ()
    iss: str | None = None
    """Who speaks, when it is not the one who answers for the number (RFC 9795 section 11.1)."""

    def references(self) -> tuple[str, ...]:
        """Where the data names content by address, as JSON pointers into `rcd`."""
        addresses = [f"/{key}" for key, url in (("icn", self.icn), ("jcl", self.jcl)) if url is not None]
        return (*addresses, *_card_references(self.jcd))


class RcdClaims(Claims, frozen=True, kw_only=True, gc=False):
    """The claims of an `rcd` PASSporT."""

    rcd: RichCallData


def read_rcd_claims(payload: Mapping[str, object]) -> RcdClaims | ClaimProblem:
    """Give the claims of an `rcd` PASSporT their types, or say which is missing or wrong; never raises."""
    return read_payload(payload, BASE_CLAIMS if "crn" in payload else RCD_CLAIMS, _read_rcd_claims)


def read_rich_call_data(payload: Mapping[str, object]) -> RichCallData | ClaimProblem:
    """Read `rcd`, `rcdi` and `crn` from a payload of any type; never raises."""
    return read_payload(payload, () if "crn" in payload else ("rcd",), _read_rich_call_data)


def _read_rcd_claims(payload: Mapping[str, object]) -> RcdClaims:
    dest, dest_uri = read_dest(payload["dest"])
    iat = read_iat(payload["iat"])
    orig, orig_uri = read_orig(payload["orig"])
    rcd = _read_rich_call_data(payload)
    return RcdClaims(dest=dest, iat=iat, orig=orig, rcd=rcd, dest_uri=dest_uri, orig_uri=orig_uri)


def _read_rich_call_data(payload: Mapping[str, object]) -> RichCallData:
    crn = read_text(payload["crn"], "crn", most=MAX_NAME_CHARACTERS) if "crn" in payload else None
    iss = read_text(payload["iss"], "iss", most=MAX_NAME_CHARACTERS) if "iss" in payload else None
    if "rcd" not in payload:
        if "rcdi" in payload:
            raise ClaimError("rcdi", "rcdi stands only beside rcd (RFC 9795 section 6)")
        return RichCallData(nam=None, crn=crn, iss=iss)
    rcd = payload["rcd"]
    if not isinstance(rcd, dict) or "nam" not in rcd:
        raise ClaimError("rcd", "rcd must be an object with a member nam (RFC 9795 section 5.1)")
    if "jcd" in rcd and "jcl" in rcd:
        raise ClaimError("rcd", "rcd has jcd or jcl, not both (RFC 9795 section 5.1)")
    return RichCallData(
        nam=read_text(rcd["nam"], "rcd.nam", most=MAX_NAME_CHARACTERS),
        apn=_read_matching(rcd["apn"], _APN, "rcd.apn", "a telephone number") if "apn" in rcd else None,
        icn=_read_matching(rcd["icn"], _URL, "rcd.icn", "an https address") if "icn" in rcd else None,
        jcd=_read_card(rcd["jcd"]) if "jcd" in rcd else None,
        jcl=_read_matching(rcd["jcl"], _URL, "rcd.jcl", "an https address") if "jcl" in rcd else None,
        crn=crn,
        rcdi=_read_digests(payload["rcdi"]) if "rcdi" in payload else (),
        iss=iss,
    )


def _read_matching(value: object, form: re.Pattern[str], claim: str, words: str) -> str:
    if not isinstance(value, str) or len(value) > MAX_URI_CHARACTERS or form.fullmatch(value) is None:
        raise ClaimError(claim, f"{claim} must be {words}")
    return value


def _read_card(value: object) -> list[object]:
    """Check the shape of a jCard, `["vcard", [[name, parameters, type, value, …], …]]` (RFC 7095 3.2)."""
    if (
        not isinstance(value, list)
        or len(value) != 2
        or value[0] != "vcard"
        or not isinstance(value[1], list)
    ):
        raise ClaimError("rcd.jcd", "rcd.jcd must be a jCard (RFC 7095 section 3.2)")
    if not 1 <= len(value[1]) <= MAX_PROPERTIES:
        raise ClaimError("rcd.jcd", f"rcd.jcd must have 1 to {MAX_PROPERTIES} properties")
    if not all(_is_property(one) for one in value[1]):
        raise ClaimError("rcd.jcd", "rcd.jcd holds what is no property of a jCard (RFC 7095 section 3.3)")
    return value


def _is_property(one: object) -> bool:
    return (
        isinstance(one, list)
        and len(one) >= 4
        and isinstance(one[0], str)
        and isinstance(one[1], dict)
        and isinstance(one[2], str)
    )


def _card_references(card: list[object] | None) -> Iterator[str]:
    properties = card[1] if card is not None else ()
    if isinstance(properties, list):
        for place, one in enumerate(properties):
            if one[2] == "uri":
                yield from (f"/jcd/1/{place}/{index}" for index in range(3, len(one)))


def _read_digests(value: object) -> tuple[Digest, ...]:
    if not isinstance(value, dict) or not 1 <= len(value) <= MAX_DIGESTS:
        raise ClaimError("rcdi", f"rcdi must be an object with 1 to {MAX_DIGESTS} members")
    return tuple(_read_digest(pointer, digest) for pointer, digest in value.items())


def _read_digest(pointer: str, digest: object) -> Digest:
    try:
        steps = parse_pointer(pointer)
    except PointerError as error:
        raise ClaimError("rcdi", f"rcdi: {error}") from None
    found = _DIGEST.fullmatch(digest) if isinstance(digest, str) else None
    if found is None:
        raise ClaimError("rcdi", "every digest of rcdi must be sha256-, sha384- or sha512- and base64")
    value = _decode(found[2])
    if value is None or len(value) != DIGEST_BYTES[found[1]]:
        raise ClaimError("rcdi", f"a digest of rcdi is not as long as {found[1]} makes them")
    return Digest(pointer, steps, found[1], value)


def _decode(text: str) -> bytes | None:
    """Read base64 in either alphabet: RFC 9795 has the one of RFC 4648 section 4, some signers the other."""
    standard = text.replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except binascii.Error:
        return None
