"""Identity headers that others have published: what each is at the time it was made, and today.

Most are refused, and rightly: documentation is not held to RFC 8588, and several of these show what is met
in the field (a JSON text in place of an object, an `origid` that is no UUID, a missing ';').
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.numbers.canonical import DiallingRules, canonical
from gateway.passport.passport import decode
from gateway.passport.signature import _is_signed
from gateway.verification.call import VerificationRequest
from gateway.verification.examine import EVERY_TYPE, VerificationPolicy, examine
from gateway.verification.outcome import Examined
from tests.gateway_node import GatewayNode
from tests.integration.tokens import verification_request
from tests.vectors import published_headers

HEADERS = published_headers()
NANP = DiallingRules(
    country_code="1", international_prefix="011", trunk_prefix="1", national_lengths=frozenset({10})
)
RFCS = Path(__file__).parents[3] / "shared" / "vectors"


@pytest.mark.parametrize("header", HEADERS, ids=lambda header: header["source"][:50])
def test_a_published_header_is_judged_as_of_the_time_it_was_made(header: dict[str, Any]):
    request = VerificationRequest(
        orig=canonical(header["from"], NANP),
        dests=frozenset(canonical(tn, NANP) for tn in header["to"]),
        time=header["at"],
        identity=header["identity"],
    )
    found = examine(
        request, policy=VerificationPolicy(), dialling=NANP, now=header["at"], accepted=EVERY_TYPE
    )
    assert (None if isinstance(found, Examined) else found.reason.code) == header.get("code")
    if "key" in header:
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes.fromhex(header["key"]))
        assert _is_signed(decode(header["identity"].partition(";")[0]), key) == header["signed"]


def test_no_published_header_passes_today(node: GatewayNode):
    for header in HEADERS:
        for asked in ({}, {"time": header["at"]}):
            answer = node.post("/stir/v1/verification", verification_request(header["identity"], **asked))
            response = answer.json["verificationResponse"]
            assert response["verstat"] != "TN-Validation-Passed"
            assert response["reasoncode"] in {403, 436, 437, 438}


@pytest.mark.skipif(not RFCS.is_dir(), reason="the examples of the RFCs lie outside the project")
def test_the_examples_of_the_rfcs_are_answered(node: GatewayNode):
    """All are of years past; none may pass, and none may be more than the node can answer."""
    for file in sorted(RFCS.glob("*.json")):
        example = json.loads(file.read_text())
        for text in filter(None, (example["token"], example["identity"])):
            value = text if ";" in text else f"{text};info=<https://www.example.com/cert.cer>;alg=ES256"
            call = {
                "id": file.stem,
                "from": {"tn": "+12155551212"},
                "to": {"tn": ["+12155551213"]},
                "time": int(time.time()),
                "identity": [value, f"{value};ppt=shaken"],
            }
            answer = node.post("/v1/verdicts", {"call": call})
            assert answer.status == 200, file
            assert answer.json["verdict"]["verstat"] != "TN-Validation-Passed", file
