"""What each recipe's switch sends, byte for byte, and whether it can use what comes back.

Kamailio is not here: it runs itself (`test_kamailio_live.py`).
"""

from __future__ import annotations

import json
import re
import socket
import time
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from urllib.parse import quote, unquote_plus

import pytest

from tests.docs.pages import blocks
from tests.gateway_node import PROJECT, GatewayNode

FROM, TO, HMRC = "+442079460123", "+441614960000", "+442079460999"
CALL_ID = "a84b4c76e66710@192.0.2.10"
FORM = "application/x-www-form-urlencoded"


def send(node: GatewayNode, path: str, body: str, headers: Mapping[str, str]) -> tuple[int, str]:
    """The request as a client without habits of its own writes it; status and body of the answer."""
    lines = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{node.calls_port}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    data = body.encode()
    request = "\r\n".join([*lines, f"Content-Length: {len(data)}", "", ""]).encode() + data
    with socket.create_connection(("127.0.0.1", node.calls_port), timeout=60) as connection:
        connection.sendall(request)
        with connection.makefile("rb") as reader:
            status = int(reader.readline().split()[1])
            length = 0
            while line := reader.readline().strip().lower():
                if line.startswith(b"content-length:"):
                    length = int(line.partition(b":")[2])
            return status, reader.read(length).decode()


def signed_by(node: GatewayNode) -> str:
    body = f"from={quote(FROM)}&to={quote(TO)}"
    _, text = send(node, "/dialplan/v1/signatures", body, {"Content-Type": FORM})
    return text.splitlines()[0].removeprefix("identity=")


def test_opensips(node: GatewayNode):
    """`rest_post` with `{rest.escape}`, which is curl_easy_escape; the answer is searched line by line."""
    curl = {"Accept": "*/*", "Content-Type": FORM, "Authorization": f"Bearer {node.token}"}
    call = f"from={quote(f'sip:{FROM}@192.0.2.1', safe='')}&to={quote(f'sip:{TO}@192.0.2.7', safe='')}"
    status, text = send(node, "/dialplan/v1/signatures", f"{call}&id={quote(CALL_ID, safe='')}", curl)
    assert status == 200
    identity = re.sub(r"^identity=([^\n]+).*$", r"\1", text, flags=re.DOTALL)
    body = (
        f"{call}&id={quote(CALL_ID)}&request_uri={quote(f'sip:{TO}@x')}&identity={quote(identity, safe='')}"
    )
    status, text = send(node, "/dialplan/v1/verdicts", body, curl)
    assert status == 200
    assert re.sub(r"^.*action=([a-z]+).*$", r"\1", text, flags=re.DOTALL) == "allow"
    assert re.sub(r"^.*verstat=([A-Za-z-]+).*$", r"\1", text, flags=re.DOTALL) == "TN-Validation-Passed"


def test_freeswitch(node: GatewayNode):
    """`mod_curl`: `url_encode` leaves what a URI may hold; an unset variable is an empty field."""
    curl = {"User-Agent": "freeswitch-curl/1.0", "Accept": "*/*", "Content-Type": FORM}
    call = (
        f"id={CALL_ID}&from={quote(f'{HMRC}@192.0.2.1', safe='@+')}&to={TO}@192.0.2.7&request_uri={TO}&pai="
    )
    status, text = send(node, "/abroad/dialplan/v1/verdicts", f"{call}&identity=", curl)
    # sip_from_uri has no scheme, so its number cannot be told from a name: the recipe takes the user part.
    assert (status, text.startswith("error=")) == (400, True)
    call = f"id={CALL_ID}&from={HMRC}&to={TO}&request_uri={TO}&pai=&identity="
    status, text = send(node, "/abroad/dialplan/v1/verdicts", call, curl)
    assert status == 200
    found = re.search("action=(block|challenge)", text)
    assert found is not None
    status, text = send(
        node, "/dialplan/v1/signatures", f"id={CALL_ID}&from={quote(FROM)}&to={quote(TO)}", curl
    )
    found = re.search(r"identity=([^\s]+)", text)
    assert status == 200
    assert found is not None
    body = f"id={CALL_ID}&from={quote(FROM)}&to={quote(TO)}&identity={quote(found[1])}"
    _, text = send(node, "/outside/dialplan/v1/verdicts", body, curl)
    assert re.search("verstat=(TN-Validation-Passed|TN-Validation-Failed)", text)


def test_the_dialplan_of_freeswitch_is_well_formed():
    (dialplan,) = [text for kind, text in blocks(_page("freeswitch")) if kind == "xml"]
    contexts = ET.fromstring(f"<section>{dialplan}</section>")
    named = {context.get("name") for context in contexts}
    goes_to = {
        action.get("data", "").rpartition(" ")[2]
        for action in contexts.iter("action")
        if action.get("application") == "transfer"
    }
    assert goes_to <= named | {"inside"}


def test_asterisk(node: GatewayNode):
    """`CURL` with `hashcompat`: one line of pairs, each unescaped, becomes a HASH."""
    curl = {
        "User-Agent": "asterisk-libcurl-agent/1.0",
        "Content-Type": FORM,
        "Accept": FORM,
        "Authorization": f"Bearer {node.token}",
    }

    def hashed(text: str) -> dict[str, str]:
        return {
            name: unquote_plus(value) for name, _, value in (pair.partition("=") for pair in text.split("&"))
        }

    call = f"id={quote(CALL_ID, safe='')}&from={quote(FROM, safe='')}&to={quote(TO, safe='')}"
    _, text = send(node, "/dialplan/v1/signatures", call, curl)
    identity = hashed(text)["identity"]
    _, text = send(node, "/outside/dialplan/v1/verdicts", f"{call}&identity={quote(identity, safe='')}", curl)
    assert hashed(text)["verstat"] == "TN-Validation-Passed"
    # A call without the header, from a caller who shows no number: both fields are empty.
    status, text = send(
        node, "/outside/dialplan/v1/verdicts", f"id=1&from=anonymous&to={quote(TO)}&identity=", curl
    )
    assert (status, hashed(text)["verstat"]) == (200, "No-TN-Validation")
    # A mistake gives no action, so the dialplan goes on.
    status, text = send(node, "/outside/dialplan/v1/verdicts", "from=nobody", curl)
    assert (status, "action" in hashed(text)) == (400, False)


@pytest.mark.parametrize("root", ["", "/outside"])
def test_oracle_in_atis_mode(node: GatewayNode, root: str):
    """With `ppt` in the signing request, and its heartbeat: a verification without `identity`."""
    headers = {"Accept": "application/json", "Content-Type": "application/json", "X-RequestID": CALL_ID}
    now = int(time.time())
    asked = {
        "attest": "A", "dest": {"tn": [TO[1:]]}, "iat": now, "orig": {"tn": FROM[1:]},
        "origid": "de305d54-75b4-431b-adb2-eb6b9e546014", "ppt": "shaken",
    }  # fmt: skip
    status, text = send(node, "/stir/v1/signing", json.dumps({"signingRequest": asked}), headers)
    assert status == 200
    identity = json.loads(text)["signingResponse"]["identity"]
    asked = {"from": {"tn": FROM[1:]}, "to": {"tn": [TO[1:]]}, "time": now, "identity": identity}
    status, text = send(
        node, f"{root}/stir/v1/verification", json.dumps({"verificationRequest": asked}), headers
    )
    assert json.loads(text) == {"verificationResponse": {"verstat": "TN-Validation-Passed"}}
    beat = {"from": {"tn": "9999999999"}, "to": {"tn": ["7777777777"]}, "time": now}
    status, text = send(
        node, f"{root}/stir/v1/verification", json.dumps({"verificationRequest": beat}), headers
    )
    assert status == 400
    assert json.loads(text)["requestError"]["serviceException"]["messageId"] == "SVC4001"


def test_oracle_in_3gpp_mode(node: GatewayNode):
    """The root has `/3gpp` behind the trunk's prefix; a diverted call has its headers in an array."""
    headers = {"Accept": "application/json", "Content-Type": "application/json"}
    now = int(time.time())
    asked = {"ppt": "shaken", "attest": "A", "orig": {"tn": FROM[1:]}, "dest": {"tn": [TO[1:]]}, "iat": now}
    _, text = send(node, "/3gpp/stir/v1/signing", json.dumps(asked), headers)
    identity = json.loads(text)["identityHeader"]
    body = f"ppt=div&from={quote(FROM)}&to={quote(TO)}&diverted={quote(TO)}&request_uri=%2B441134960000"
    _, text = send(
        node, "/dialplan/v1/signatures", f"{body}&identity={quote(identity)}", {"Content-Type": FORM}
    )
    div = text.splitlines()[0].removeprefix("identity=")
    verification = {
        "identityHeaders": [identity, div], "from": {"tn": FROM[1:]}, "to": {"tn": TO[1:]},
        "dest": {"tn": "441134960000"}, "time": now,
    }  # fmt: skip
    status, text = send(node, "/outside/3gpp/stir/v1/verification", json.dumps(verification), headers)
    said = json.loads(text)
    assert (status, said["verstatValue"]) == (200, "TN-Validation-Passed")
    assert said["divResult"] == [{"verstatValue": "TN-Validation-Passed", "div": {"tn": TO[1:]}}]
    beat = {"from": {"tn": "9999999999"}, "to": {"tn": "7777777777"}, "time": now}
    status, text = send(node, "/outside/3gpp/stir/v1/verification", json.dumps(beat), headers)
    assert (status, list(json.loads(text))) == (400, ["error"])


def test_ribbon(node: GatewayNode):
    """The sample of ATIS-1000082: the space after a colon, the media type with its charset."""
    headers = {"Accept": "application/json, */*;q=0.1", "Content-Type": "application/json; charset=utf-8"}
    now = int(time.time())
    asked = f"""{{ "verificationRequest": {{
      "from": {{ "tn": "{FROM[1:]}" }}, "to": {{ "tn": [ "{TO[1:]}" ] }},
      "time": {now}, "identity": "{signed_by(node)}" }} }}"""
    status, text = send(node, "/stir/v1/verification", asked, headers)
    assert status == 200
    assert json.loads(text)["verificationResponse"]["verstat"] == "TN-Validation-Passed"


def test_audiocodes(node: GatewayNode):
    """A form whose plus is not escaped; the rule looks for `action=block` in the answer."""
    headers = {"Content-Type": FORM, "Connection": "keep-alive"}
    status, text = send(node, "/abroad/dialplan/v1/verdicts", f"from={HMRC}&to={TO}&id=1&identity=", headers)
    assert status == 200
    assert "action=block" in text


def _page(name: str) -> str:
    return (PROJECT / "docs" / "switches" / f"{name}.md").read_text()
