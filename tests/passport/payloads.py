"""Payloads of every type, right as they stand, and JSON of any shape to put in their place."""

from __future__ import annotations

import base64
import hashlib

from hypothesis import strategies as st

from tests.passport.keys import PAYLOAD

BASE = {name: PAYLOAD[name] for name in ("dest", "iat", "orig")}
DIV = {**BASE, "dest": {"tn": ["447700900123"]}, "div": {"tn": "441614960000"}}
DIV_O = {**DIV, "opt": "e30.e30.AA"}
CARD = [
    "vcard",
    [
        ["version", {}, "text", "4.0"],
        ["fn", {}, "text", "Example Bank"],
        ["photo", {}, "uri", "https://example.org/logo.png", "https://example.org/small.png"],
    ],
]
RCD = {**BASE, "rcd": {"nam": "Example Bank"}}
RPH = {**BASE, "rph": {"auth": ["ets.0", "WPS.0"]}}
SPH = {**BASE, "rph": {"auth": ["esnet.1"]}, "sph": "psap-callback"}

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
STRINGS = st.sampled_from(
    ["442079460123", "", "https://example.org/a", "esnet.0", "psap-callback", "vcard", "text", "uri",
     "e30.e30.AA", "/nam", "sha256-" + "A" * 43]
)  # fmt: skip
NAMES = st.sampled_from(
    ["tn", "uri", "hi", "nam", "apn", "icn", "jcd", "jcl", "auth", "/nam", "/jcd", "/icn", "x"]
)
VALUES = st.recursive(
    SCALARS | STRINGS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
CLAIMS = st.dictionaries(
    st.sampled_from(
        ["attest", "origid", "dest", "iat", "orig", "div", "opt", "rcd", "rcdi", "crn", "iss", "rph", "sph"]
    ),
    VALUES,
)


def digest(content: bytes, algorithm: str = "sha256") -> str:
    raw = hashlib.new(algorithm, content).digest()
    return f"{algorithm}-{base64.b64encode(raw).decode().rstrip('=')}"
