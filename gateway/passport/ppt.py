"""The types of PASSporT this gateway knows, by their `ppt` (RFC 8225 section 8), and who reads each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

from gateway.passport.claims import Claims, read_base_claims, read_shaken_claims
from gateway.passport.diversion import read_div_claims, read_div_o_claims
from gateway.passport.fields import ClaimProblem
from gateway.passport.priority import read_rph_claims
from gateway.passport.rich_call_data import read_rcd_claims


class Ppt(StrEnum):
    """A type, as it stands in the header; a PASSporT without extension has none there, which is no ""."""

    BASE = ""
    SHAKEN = "shaken"
    DIV = "div"
    DIV_O = "div-o"
    RCD = "rcd"
    RPH = "rph"

    @property
    def label(self) -> str:
        """The type as people, answers and metrics call it."""
        return str(self) or "base"


_EXTENSIONS: Final[Mapping[str, Ppt]] = {str(ppt): ppt for ppt in Ppt if ppt is not Ppt.BASE}

_READERS: Final[Mapping[Ppt, Callable[[Mapping[str, object]], Claims | ClaimProblem]]] = {
    Ppt.BASE: read_base_claims,
    Ppt.SHAKEN: read_shaken_claims,
    Ppt.DIV: read_div_claims,
    Ppt.DIV_O: read_div_o_claims,
    Ppt.RCD: read_rcd_claims,
    Ppt.RPH: read_rph_claims,
}


def ppt_of_parameter(value: str | None) -> Ppt | None:
    """Find the type that an Identity header's `ppt` parameter names; None when it is not known here."""
    return Ppt.BASE if value is None else _EXTENSIONS.get(value)


def ppt_of_header(header: Mapping[str, object]) -> Ppt | None:
    """Find the type of a decoded PASSporT header; None when it is not known here."""
    if "ppt" not in header:
        return Ppt.BASE
    value = header["ppt"]
    # A list or an object is no key of a dict, and no ppt.
    return _EXTENSIONS.get(value) if isinstance(value, str) else None


def read_claims(ppt: Ppt, payload: Mapping[str, object]) -> Claims | ClaimProblem:
    """Give the payload's claims the types of its `ppt`, or say which is missing or wrong; never raises."""
    return _READERS[ppt](payload)
