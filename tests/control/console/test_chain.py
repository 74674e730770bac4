"""A call that was signed is shown with the chain its signature was believed under."""

from __future__ import annotations

import time

from tests.control.console.conftest import ask
from tests.control.people.browser_session import BrowserSession
from tests.gateway_node import eventually, running_node


def test_the_chain_of_a_signed_call_stands_on_its_page(tmp_path):
    with running_node(tmp_path) as node:
        request = {
            "attest": "A",
            "orig": {"tn": "+442079460123"},
            "dest": {"tn": ["+441614960000"]},
            "iat": int(time.time()),
            "origid": "de305d54-75b4-431b-adb2-eb6b9e546014",
        }
        signed = node.post("/stir/v1/signing", {"signingRequest": request}).json["signingResponse"]
        verdict = ask(node, "signed", "+442079460123", "access-1", identity=[signed["identity"]])
        assert verdict["verstat"] == "TN-Validation-Passed"
        operator = BrowserSession(node)
        operator.sign_in(*(node.directory / "data" / "sign-in").read_text().split())
        eventually(lambda: "Certificate chain" in operator.get("/calls/signed").body.decode())
        page = operator.get("/calls/signed").body.decode()
        for said in ("Issued by", "Trust domain", "shaken.pem", "Providers"):
            assert said in page
