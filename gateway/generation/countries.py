"""The countries a trunk can come from, and whose numbering plan each follows."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gateway.numbers.canonical import DiallingRules
from gateway.numbers.plans import FR, NANP, UK, Plan

COUNTRIES: Final[Mapping[str, Plan]] = MappingProxyType({"GB": UK, "US": NANP, "CA": NANP, "FR": FR})
"""By ISO 3166 code; `Country` in `trunks_file.py` names the same ones."""

FILE_RULES: Final[DiallingRules] = UK.dialling
"""How numbers in the configuration's own files are read; with `+` they mean the same everywhere."""
