"""JOSE headers and claims made to confuse a verifier, validly signed, through the HTTP API."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.hostile.signer import Signer, Switch, payload_with
from tests.integration.tokens import FROM, ORIGID, TO, header_of, payload_of
from tests.repository import Repository


def test_what_the_others_are_compared_with_passes(switch: Switch, signer: Signer):
    for _ in range(2):
        assert switch.passes(signer.identity())
        assert switch.passes(signer.identity(payload=payload_with(b'"x":[1,{"a":null,"b":-0.5e-3}]')))
        assert switch.passes(f" {signer.identity()}\t".replace(";", " ; "))


JWK = {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43}
HEADERS: dict[str, dict[str, Any]] = {
    **{f"alg {alg!r}": {"alg": alg} for alg in (
        "none", "None", "nOnE", "NONE", "HS256", "HS512", "ES384", "ES512", "ES256K", "RS256", "PS256",
        "EdDSA", "es256", "ES256 ", "ES256\n", "ES256\x00", "\N{CYRILLIC CAPITAL LETTER IE}S256", "", 256,
        True, ["ES256"], {"": "ES256"}, "A128KW", "dir",
    )},
    **{f"typ {typ!r}": {"typ": typ} for typ in ("JWT", "PASSPORT", "passport ", "passport+jwt", "", None, 1)},
    **{f"ppt {ppt!r}": {"ppt": ppt} for ppt in ("SHAKEN", "shaken ", "div", "", None, ["shaken"], {}, 0)},
    "embedded jwk": {"jwk": JWK},
    "jku": {"jku": "https://example.org/keys"},
    "kid": {"kid": "../../etc/passwd"},
    "x5c": {"x5c": ["MIIB"]},
    "x5t": {"x5t": "A" * 27},
    "x5t#S256": {"x5t#S256": "A" * 43},
    "crit of nothing": {"crit": []},
    "crit of something unknown": {"crit": ["exp"], "exp": 1},
    "crit of something known": {"crit": ["ppt"]},
    "crit no list": {"crit": "ppt"},
    "crit null": {"crit": 0},
    "b64 false": {"b64": False, "crit": ["b64"]},
    "b64 alone": {"b64": False},
    "zip": {"zip": "DEF"},
    "enc": {"enc": "A128GCM"},
    "cty": {"cty": "JWT"},
}  # fmt: skip


@pytest.mark.parametrize("name", HEADERS)
def test_a_header_that_asks_for_another_reading_is_refused(switch: Switch, signer: Signer, name: str):
    for _ in range(2):
        assert not switch.passes(signer.identity(header=HEADERS[name]))


HEADER_TEXTS = {
    "alg twice": lambda text: text[:-1] + b',"alg":"ES256"}',
    "alg twice, none first": lambda text: b'{"alg":"none",' + text[1:],
    "x5u twice": lambda text: b'{"x5u":"https://example.org/mine.pem",' + text[1:],
    "alg twice by an escape": lambda text: text[:-1] + b',"\\u0061lg":"none"}',
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text,
    "UTF-16": lambda text: text.decode().encode("utf-16"),
    "something behind": lambda text: text + b"{}",
    "NUL behind": lambda text: text + b"\x00",
    "in an array": lambda text: b"[" + text + b"]",
    "nothing": lambda text: b"",
    "null": lambda text: b"null",
    "a string": lambda text: json.dumps(text.decode()).encode(),
    "comment": lambda text: b"/**/" + text,
    "single quotes": lambda text: text.replace(b'"', b"'"),
}


@pytest.mark.parametrize("name", HEADER_TEXTS)
def test_a_header_on_which_two_readers_could_disagree_is_refused(switch: Switch, signer: Signer, name: str):
    text = json.dumps(header_of(signer.x5u)).encode()
    assert not switch.passes(signer.identity(header=HEADER_TEXTS[name](text)))


MEMBERS = {
    "a claim twice": b'"iat":1',
    "twice by an escape": b'"\\u0069at":1',
    "twice further in": b'"x":{"a":1,"a":1}',
    "an integer of 5000 digits": b'"x":' + b"9" * 5000,
    "an integer of 21 digits": b'"x":' + b"9" * 21,
    "a float beyond all": b'"x":1e400',
    "a float of 200 digits": b'"x":0.' + b"1" * 200,
    "NaN": b'"x":NaN',
    "Infinity": b'"x":Infinity',
    "-Infinity": b'"x":-Infinity',
    "5000 integers": b'"x":[' + b",".join([b"1"] * 5000) + b"]",
    "half of a surrogate pair": b'"x":"\\ud800"',
    "half of one in a name": b'"\\udfff":1',
    "a pair the wrong way round": b'"x":"\\udc00\\ud800"',
    "33 arrays": b'"x":' + b"[" * 33 + b"]" * 33,
    "3000 arrays": b'"x":' + b"[" * 3000 + b"]" * 3000,
    "1500 objects": b'"x":' + b'{"":' * 1500 + b"1" + b"}" * 1500,
    "a comment": b'"x":1/* */',
    "a line break in a string": b'"x":"\n"',
    "a tab in a string": b'"x":"\t"',
    "invalid UTF-8": b'"x":"\xff"',
    "overlong UTF-8": b'"x":"\xc0\xaf"',
    "a surrogate in UTF-8": b'"x":"\xed\xa0\x80"',
    "UTF-8 beyond Unicode": b'"x":"\xf4\x90\x80\x80"',
    "a leading zero": b'"x":01',
    "a leading plus": b'"x":+1',
    "hexadecimal": b'"x":0x10',
    "no digits behind the point": b'"x":1.',
    "Arabic digits": '"x":\N{ARABIC-INDIC DIGIT ONE}'.encode(),
    "a comma too many": b'"x":1,',
    "an undefined": b'"x":undefined',
}


@pytest.mark.parametrize("name", MEMBERS)
def test_a_payload_on_which_two_readers_could_disagree_is_refused(switch: Switch, signer: Signer, name: str):
    for _ in range(2):
        assert switch.verify(signer.identity(payload=payload_with(MEMBERS[name]))) == (
            "No-TN-Validation",
            438,
        )


IATS = [
    "0", "-1", "true", "null", '"NOW"', "NOW.0", "NOW.5", "NOW000", "NOWe0", "[NOW]", "{}", "1e400", "NaN",
    "0xNOW", "9" * 19, "9" * 5000, "-NOW", "",
]  # fmt: skip


@pytest.mark.parametrize("iat", IATS)
def test_an_iat_that_is_no_fresh_second_is_refused(switch: Switch, signer: Signer, iat: str):
    text = json.dumps(payload_of({"iat": "IAT"})).replace('"IAT"', iat.replace("NOW", str(int(time.time()))))
    assert switch.verify(signer.identity(payload=text.encode()))[1] in {403, 438}


DISGUISES = [
    "{}\n", "{}\r\n", "{}\x00", " {}", "{} ", "{},{}", "{};ext=1", "{};", "tel:{}", "sip:{}@example.org",
    "+{}\n", "++{}", "{}+", "{}e0", "{}.0", "0x{}", "\N{ZERO WIDTH SPACE}{}", "{}\N{RIGHT-TO-LEFT OVERRIDE}",
    "", "+", "{}/1", "%34%34", "{}\r\nIdentity: x", "0044{}", "*{}", "{}#",
]  # fmt: skip
DIGITS = [0xFF10, 0x0660, 0x06F0, 0x0966, 0x1D7CE, 0x1D7D8, 0xE50]
"""Other digits begin here: full-width, Arabic, Persian, Devanagari, bold, double-struck, Thai."""
WRITTEN = [*DISGUISES, *(f"digits {start:x}" for start in DIGITS)]
SAME_NUMBER = {"{};ext=1"}
"""User parameters follow a number in RFC 3966 and are no part of it."""


@pytest.mark.parametrize("written", WRITTEN, ids=range(len(WRITTEN)))
def test_a_number_in_disguise_is_another_number(switch: Switch, signer: Signer, written: str):
    def disguised(tn: str) -> str:
        if written.startswith("digits"):
            return tn.translate({ord("0") + each: int(written[7:], 16) + each for each in range(10)})
        return written.replace("{}", tn)

    passes = written in SAME_NUMBER
    assert switch.passes(signer.identity(payload={"orig": {"tn": disguised(FROM)}})) == passes
    assert switch.passes(signer.identity(payload={"dest": {"tn": [disguised(TO)]}})) == passes


CLAIMS: dict[str, dict[str, Any]] = {
    "orig both": {"orig": {"tn": FROM, "uri": "sip:a@example.org"}},
    "orig an array": {"orig": {"tn": [FROM]}},
    "orig a number": {"orig": {"tn": int(FROM)}},
    "orig a string": {"orig": FROM},
    "dest a string": {"dest": {"tn": TO}},
    "dest of none": {"dest": {"tn": []}},
    "dest of one too many": {"dest": {"tn": [TO, "441614960001"]}},
    "dest a number": {"dest": {"tn": [int(TO)]}},
    "dest of 2000": {"dest": {"tn": [TO] * 1001}},
    "attest small": {"attest": "a"},
    "attest full-width": {"attest": "\N{FULLWIDTH LATIN CAPITAL LETTER A}"},
    "attest with a line break": {"attest": "A\n"},
    "attest of two": {"attest": "AB"},
    "attest an array": {"attest": ["A"]},
    "attest true": {"attest": True},
    "origid with a line break": {"origid": ORIGID + "\n"},
    "origid in braces": {"origid": "{" + ORIGID + "}"},
    "origid as URN": {"origid": "urn:uuid:" + ORIGID},
    "origid in Arabic digits": {"origid": ORIGID.replace("5", "\N{ARABIC-INDIC DIGIT FIVE}")},
}


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_of_another_form_is_refused(switch: Switch, signer: Signer, name: str):
    for _ in range(2):
        assert not switch.passes(signer.identity(payload=CLAIMS[name]))


PARAMETERS = {
    "no parameters": lambda token, x5u: token,
    "ppt twice": lambda token, x5u: f"{token};info=<{x5u}>;alg=ES256;ppt=shaken;ppt=shaken",
    "info twice": lambda token, x5u: f"{token};info=<{x5u}>;info=<{x5u}>;alg=ES256;ppt=shaken",
    "alg none": lambda token, x5u: f"{token};info=<{x5u}>;alg=none;ppt=shaken",
    "alg HS256": lambda token, x5u: f"{token};info=<{x5u}>;alg=HS256;ppt=shaken",
    "alg empty": lambda token, x5u: f"{token};info=<{x5u}>;alg=;ppt=shaken",
    "another info": lambda token, x5u: f"{token};info=<{x5u}x>;alg=ES256;ppt=shaken",
    "info not in brackets": lambda token, x5u: f"{token};info={x5u};alg=ES256;ppt=shaken",
    "info with a line break": lambda token, x5u: f"{token};info=<{x5u}\r\n>;alg=ES256;ppt=shaken",
    "two values": lambda token, x5u: f"{token};info=<{x5u}>;alg=ES256;ppt=shaken, {token}",
    "a line break at the end": lambda token, x5u: f"{token};info=<{x5u}>;alg=ES256;ppt=shaken\n",
    "a line break and more": lambda token, x5u: f"{token};info=<{x5u}>;alg=ES256;ppt=shaken\r\nReason: x",
    "NUL at the end": lambda token, x5u: f"{token};info=<{x5u}>;alg=ES256;ppt=shaken\x00",
    "NEL at the end": lambda token, x5u: f"{token};info=<{x5u}>;alg=ES256;ppt=shaken\x85",
    "a line separator": lambda token, x5u: f"{token}\u2028;info=<{x5u}>;alg=ES256;ppt=shaken",
    "full-width semicolon": lambda token, x5u: f"{token}\uff1binfo=<{x5u}>;alg=ES256;ppt=shaken",
    "the header's name": lambda token, x5u: f"Identity: {token};info=<{x5u}>;alg=ES256;ppt=shaken",
    "5000 parameters": lambda token, x5u: (
        f"{token};info=<{x5u}>;alg=ES256;ppt=shaken" + "".join(f";p{each}" for each in range(5000))
    ),
    "5000 quoted pairs": lambda token, x5u: (
        f'{token};info=<{x5u}>;alg=ES256;ppt=shaken;x="' + "\\a" * 5000 + '"'
    ),
    "60 kB": lambda token, x5u: f'{token};info=<{x5u}>;alg=ES256;ppt=shaken;x="{"a" * 60_000}"',
    "compact": lambda token, x5u: f"..{token.rpartition('.')[2]};info=<{x5u}>;alg=ES256;ppt=shaken",
    "four parts": lambda token, x5u: f"{token}.;info=<{x5u}>;alg=ES256;ppt=shaken",
    "standard base64": lambda token, x5u: (
        f"{token.replace('-', '+').replace('_', '/')}+;info=<{x5u}>;alg=ES256;ppt=shaken"
    ),
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_header_value_of_another_form_is_refused(switch: Switch, signer: Signer, name: str):
    token = signer.identity().partition(";")[0]
    for _ in range(2):
        assert not switch.passes(PARAMETERS[name](token, signer.x5u))


def test_each_is_refused_before_a_certificate_is_asked_for(switch: Switch, signer: Signer, host: Repository):
    """What fails by its form costs no fetch, no chain and no signature: its x5u is never asked for."""
    path = "/never-asked-for.pem"
    unknown = Signer(signer.key, host.url(path))
    headers = [unknown.identity(header=changes) for changes in HEADERS.values()]
    text = json.dumps(header_of(unknown.x5u)).encode()
    headers += [unknown.identity(header=change(text)) for change in HEADER_TEXTS.values()]
    headers += [unknown.identity(payload=payload_with(member)) for member in MEMBERS.values()]
    headers += [unknown.identity(payload=claims) for claims in CLAIMS.values()]
    # An unreadable signature is E18, which ATIS-1000082 has after the certificate (E8, E17).
    forms = [form for name, form in PARAMETERS.items() if name != "standard base64"]
    headers += [form(unknown.identity().partition(";")[0], unknown.x5u) for form in forms]
    headers += [
        unknown.identity(payload={"orig": {"tn": each.replace("{}", FROM)}}) for each in DISGUISES[:6]
    ]
    for header in headers:
        assert not switch.passes(header)
    assert host.requests[path] == 0
    assert not switch.passes(unknown.identity())
    assert host.requests[path] == 1
