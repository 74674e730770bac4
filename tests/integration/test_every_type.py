"""Every type of PASSporT through `POST /v1/verdicts`: diversions, names, priority, delegates, profiles.

PASSporTs are made without the gateway's code, and their certificates fetched from a host of their own.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests import pki
from tests.certificates.extensions import authority, delegate
from tests.gateway_node import PROJECT, GatewayNode, eventually, running_node
from tests.integration.certificate_host import certificate_host
from tests.integration.tokens import FROM, TO, make_token, verification_request
from tests.pki import DAY
from tests.repository import Repository

PASSED, FAILED, NONE = "TN-Validation-Passed", "TN-Validation-Failed", "No-TN-Validation"
B, C = "447700900123", "447700900777"
MAN = """
[[trunk]]
name = "man-1"
kind = "domestic"
country = "FR"
url_prefix = "/man"
profile = "france-man"
credentials = [{ token_name = "development" }]
"""

Sign = Callable[..., str]


@pytest.fixture(scope="module")
def host() -> Iterator[Repository]:
    with certificate_host() as host:
        yield host


@pytest.fixture(scope="module")
def root() -> pki.Issued:
    now = int(time.time())
    return pki.make_root(not_before=now - DAY, not_after=now + DAY)


@pytest.fixture(scope="module")
def node(
    tmp_path_factory: pytest.TempPathFactory, host: Repository, root: pki.Issued
) -> Iterator[GatewayNode]:
    directory = tmp_path_factory.mktemp("every-type")
    anchors = directory / "certs" / "trust"
    anchors.mkdir(parents=True)
    (anchors / "root.pem").write_bytes(root.pem)
    environment = {
        "CALLMARK_X5U__ALLOWED_PORTS": f"443,8443,{host.port}",
        "CALLMARK_X5U__ALLOW_PRIVATE_ADDRESSES": "true",
        "CALLMARK_X5U__TLS_CA_FILE": str(host.ca_file),
    }
    trunks = (PROJECT / "config" / "trunks.toml").read_text() + MAN
    with running_node(directory, environment=environment, files={"trunks.toml": trunks}) as node:
        yield node


def signer(host: Repository, path: str, leaf: pki.Issued, *behind: pki.Issued) -> Sign:
    """What signs headers of any type by this certificate, which the host serves from now on."""
    host.serve(path, leaf.pem + b"".join(each.pem for each in behind))
    key, x5u = leaf.key, host.url(path)
    assert isinstance(key, ec.EllipticCurvePrivateKey)

    def sign(ppt: str | None, *, spoilt: bool = False, **claims: Any) -> str:
        if ppt != "shaken":
            claims = {"attest": None, "origid": None} | claims
        token = make_token(key, x5u, header={"ppt": ppt}, payload=claims)
        if spoilt:
            head, _, signature = token.rpartition(".")
            token = f"{head}.{signature[::-1]}"
        return f"{token};info=<{x5u}>;alg=ES256" + ("" if ppt is None else f";ppt={ppt}")

    return sign


@pytest.fixture(scope="module")
def provider(host: Repository, root: pki.Issued) -> Sign:
    now = int(time.time())
    valid = {"not_before": now - DAY, "not_after": now + DAY}
    issuing = pki.make_intermediate(root, **valid)
    return signer(host, "/provider.pem", pki.make_leaf(issuing, **valid), issuing)


@pytest.fixture(scope="module")
def enterprise(host: Repository, root: pki.Issued) -> Sign:
    """A customer to whom a provider has delegated +442079460000 to 0999."""
    now = int(time.time())
    valid = {"not_before": now - DAY, "not_after": now + DAY}
    delegating = authority(root, "818H", **valid)
    leaf = delegate(delegating, "442079460000+1000", **valid)
    return signer(host, "/enterprise.pem", leaf, delegating)


def verdict(node: GatewayNode, *identities: str, prefix: str = "", **changes: Any) -> Any:
    call = {
        "id": f"call-{time.monotonic_ns()}",
        "from": {"tn": f"+{FROM}"},
        "to": {"tn": [f"+{TO}"]},
        "time": int(time.time()),
        "identity": list(identities),
    }
    answer = node.post(f"{prefix}/v1/verdicts", {"call": call | changes})
    assert answer.status == 200, answer.body
    return answer.json["verdict"]


def div(sign: Sign, start: str, end: str, **how: Any) -> str:
    return sign("div", dest={"tn": [end]}, div={"tn": start}, **how)


def codes(found: Any) -> list[str]:
    return [reason["code"] for reason in found["reasons"]]


# --- diversions ----------------------------------------------------------------------------------
def test_a_call_diverted_twice_passes_whatever_the_order_of_its_headers(node: GatewayNode, provider: Sign):
    headers = [provider("shaken"), div(provider, TO, B), div(provider, B, C)]
    for ordered in itertools.permutations(headers):
        # One call, sent again: the same headers on other calls would be a replay.
        found = verdict(node, *ordered, id="diverted", request_uri=f"sip:+{C}@example.org;user=phone")
        assert (found["verstat"], found["attest"], found["action"]) == (PASSED, "A", "allow")
        assert found["diversion"] == {
            "verstat": PASSED,
            "code": "stir.passed",
            "diverted": [f"+{TO}", f"+{B}"],
        }
        assert sorted(header["ppt"] for header in found["headers"]) == ["div", "div", "shaken"]
        assert {header["verstat"] for header in found["headers"]} == {PASSED}
        assert "reason" not in found["sip"]


@pytest.mark.parametrize(
    ("changes", "code", "cause"),
    [
        ({"spoilt": True}, "stir.signature.invalid", 438),
        ({"start": "441614960999"}, "stir.div.broken", 438),
        ({"end": "441614960999"}, "stir.div.callee", 438),
        ({"iat": 1_700_000_000}, "stir.iat.stale", 403),
    ],
)
def test_a_diversion_with_a_broken_link_is_refused_and_says_why(
    node: GatewayNode, provider: Sign, changes: dict[str, Any], code: str, cause: int
):
    link = div(provider, **({"start": B, "end": C} | changes))
    for _ in range(2):
        found = verdict(
            node, provider("shaken"), div(provider, TO, B), link, request_uri=f"tel:+{C}", to={"tn": [TO]}
        )
        assert found["verstat"] != PASSED
        assert (found["attest"], found["origid"]) == (None, None)
        assert (found["diversion"]["code"], found["diversion"]["diverted"]) == (code, [])
        assert code in codes(found)
        signature = link.partition(";")[0].rpartition(".")[2]
        (of_link,) = [value for value in found["sip"]["reason"] if signature in value]
        assert of_link.startswith(f"STIR;cause={cause};text=")


def test_a_header_of_another_call_does_not_pass_where_the_request_uri_leads_elsewhere(
    node: GatewayNode, provider: Sign
):
    header = provider("shaken")
    assert verdict(node, header, request_uri=f"sip:+{TO}@example.org")["verstat"] == PASSED
    assert verdict(node, header, request_uri="sip:alice@example.org")["verstat"] == PASSED
    for elsewhere in (f"sip:+{B}@example.org", f"+{B}", f"TEL:+{B};npdi", f"sips:%2B{B}:x@example.org"):
        found = verdict(node, header, request_uri=elsewhere)
        assert (found["verstat"], found["attest"]) == (NONE, None)
        assert codes(found)[0] == "stir.tn.mismatch"


# --- base, rcd and several headers ---------------------------------------------------------------
def test_a_base_passport_vouches_for_the_number_and_attests_nothing(node: GatewayNode, provider: Sign):
    found = verdict(node, provider(None))
    assert (found["verstat"], found["attest"], found["origid"]) == (PASSED, None, None)
    assert found["headers"] == [{"ppt": "base", "verstat": PASSED, "code": "stir.passed"}]
    assert "rich" not in found


RICH = {"rcd": {"nam": "Example Bank", "icn": "https://example.org/icon.png"}, "crn": "Your appointment"}


def test_a_verified_name_is_given_and_what_nobody_has_looked_at_is_not(node: GatewayNode, provider: Sign):
    found = verdict(node, provider("shaken"), provider("rcd", **RICH))
    assert (found["verstat"], found["attest"]) == (PASSED, "A")
    assert found["rich"] == {"nam": "Example Bank", "apn": None, "crn": "Your appointment"}
    assert verdict(node, provider("shaken", **RICH))["rich"]["nam"] == "Example Bank"


def test_a_reason_for_calling_is_given_without_a_name_too(node: GatewayNode, provider: Sign):
    given = {"nam": None, "apn": None, "crn": "Your appointment"}
    found = verdict(node, provider("rcd", crn="Your appointment"))
    assert (found["verstat"], found["rich"]) == (PASSED, given)
    found = verdict(node, provider("shaken", crn="Your appointment"))
    assert (found["verstat"], found["attest"], found["rich"]) == (PASSED, "A", given)
    found = verdict(node, provider("shaken", crn="Your\r\nappointment"))
    assert (found["verstat"], "rich" in found) == (PASSED, False)
    assert "stir.claim.invalid" in codes(found)


def test_a_name_is_not_given_where_its_signature_or_its_digests_do_not_hold(
    node: GatewayNode, provider: Sign
):
    wrong = {**RICH, "rcdi": {"/nam": "sha256-" + "A" * 43}}
    for header in (provider("rcd", spoilt=True, **RICH), provider("rcd", **wrong)):
        found = verdict(node, provider("shaken"), header)
        assert (found["verstat"], "rich" in found) == (PASSED, False)
        assert len(found["sip"]["reason"]) == 1
    found = verdict(node, provider("shaken", **wrong))
    assert (found["verstat"], "rich" in found) == (PASSED, False)
    assert "stir.rcd.integrity" in codes(found)


def test_of_several_headers_each_is_told_apart_in_any_order(node: GatewayNode, provider: Sign):
    kinds = {
        provider("shaken"): ("shaken", "stir.passed"),
        provider(None, spoilt=True): ("base", "stir.signature.invalid"),
        provider("rcd", **RICH): ("rcd", "stir.passed"),
        provider("msg"): (None, "stir.ppt.unsupported"),
    }
    for ordered in itertools.permutations(kinds):
        found = verdict(node, *ordered)
        assert (found["verstat"], found["attest"], found["rich"]["nam"]) == (PASSED, "A", "Example Bank")
        assert [(each["ppt"], each["code"]) for each in found["headers"]] == [kinds[one] for one in ordered]
        assert len(found["sip"]["reason"]) == 1


def test_the_plain_resource_takes_shaken_alone(node: GatewayNode, provider: Sign):
    for header in (provider(None), provider("rcd", **RICH), div(provider, B, TO)):
        answer = node.post("/stir/v1/verification", verification_request(header))
        response = answer.json["verificationResponse"]
        assert (response["verstat"], response["reasoncode"]) == (NONE, 438)


# --- delegates -----------------------------------------------------------------------------------
def test_a_delegate_vouches_for_its_own_numbers_and_no_other(node: GatewayNode, enterprise: Sign):
    for ppt, more in ((None, {}), ("rcd", RICH)):
        assert verdict(node, enterprise(ppt, **more))["verstat"] == PASSED
        header = enterprise(ppt, orig={"tn": "442079461000"}, **more)
        for _ in range(2):
            found = verdict(node, header, **{"from": {"tn": "+442079461000"}})
            assert (found["verstat"], found["action"]) == (FAILED, "label")
            assert "rich" not in found
            assert [value.partition(";ppi")[0] for value in found["sip"]["reason"]] == [
                'STIR;cause=437;text="Unsupported Credential"'
            ]


def test_a_delegate_does_not_sign_shaken(node: GatewayNode, enterprise: Sign):
    assert codes(verdict(node, enterprise("shaken")))[0] == "stir.authority.shaken"


# --- priority ------------------------------------------------------------------------------------
def test_a_call_of_signed_priority_is_let_through_and_one_that_asks_for_more_is_not(
    node: GatewayNode, provider: Sign
):
    header = provider("rph", rph={"auth": ["ets.0"]})
    abroad = {"trunk": "international-1"}
    assert verdict(node, **abroad)["action"] == "block"
    found = verdict(node, header, resource_priority=["ETS.0"], **abroad)
    assert found["priority"] == {
        "verstat": "RPH-Validation-Passed",
        "code": "stir.passed",
        "auth": ["ets.0"],
        "sph": None,
    }
    assert (found["action"], found["verstat"]) == ("allow", NONE)
    assert "emergency.priority" in codes(found)
    for asked in ({"resource_priority": ["ets.0", "wps.1"]}, {"resource_priority": []}):
        assert verdict(node, header, **asked, **abroad)["action"] == "block"
    spoilt = provider("rph", rph={"auth": ["ets.0"]}, spoilt=True)
    assert verdict(node, spoilt, resource_priority=["ets.0"], **abroad)["action"] == "block"


def test_a_signed_call_back_of_a_control_room_is_let_through(node: GatewayNode, provider: Sign):
    header = provider("rph", rph={"auth": ["esnet.1"]}, sph="psap-callback")
    asked = {"resource_priority": ["esnet.1"], "trunk": "international-1"}
    found = verdict(node, header, priority="PSAP-Callback", **asked)
    assert (found["action"], found["priority"]["sph"]) == ("allow", "psap-callback")
    assert "emergency.signed-call-back" in codes(found)
    assert verdict(node, header, priority="urgent", **asked)["action"] == "block"


def test_a_to_header_that_says_999_does_not_open_the_way_to_somebody_else(node: GatewayNode):
    forged = {"to": {"tn": ["999"]}, "trunk": "international-1"}
    assert verdict(node, request_uri="sip:999@example.org", **forged)["action"] == "allow"
    assert verdict(node, request_uri=f"sip:+{B}@example.org", **forged)["action"] == "block"


# --- profiles ------------------------------------------------------------------------------------
def test_the_french_interconnect_has_rules_of_its_own(node: GatewayNode, provider: Sign):
    header = provider("shaken")
    cases = [
        (header, None),
        (header.replace(";alg=ES256", ""), 437),
        (f"{header};x=1", None),
        (f"{header};x=1;y=2", 438),
    ]
    for value, cause in cases:
        answer = node.post("/man/stir/v1/verification", verification_request(value))
        assert answer.json["verificationResponse"].get("reasoncode") == cause, answer.body
        found = verdict(node, value, prefix="/man")
        assert (found["verstat"] == PASSED) == (cause is None)
        if cause is not None:
            assert found["sip"]["reason"][0].startswith(f"STIR;cause={cause};")
        elsewhere = node.post("/stir/v1/verification", verification_request(value))
        assert elsewhere.json == {"verificationResponse": {"verstat": PASSED}}


# --- the record ----------------------------------------------------------------------------------
def test_what_the_switch_said_of_route_and_priority_is_on_record(node: GatewayNode):
    said = {"request_uri": f"tel:+{B}", "resource_priority": ["wps.1", "ets.0"], "priority": "Urgent"}
    verdict(node, id="on-record", **said)
    segments = node.directory / "data" / "journal"

    def written() -> list[bytes]:
        files = [file.read_bytes() for file in segments.rglob("*") if file.is_file()]
        return [line for data in files for line in data.splitlines() if b'"on-record"' in line]

    eventually(written)
    (line,) = written()
    grounds = json.loads(line[line.index(b"{") : line.rindex(b"}") + 1])["grounds"]
    assert (grounds["request_uri"], grounds["priority"]) == (B, "urgent")
    assert sorted(grounds["resource_priority"]) == ["ets.0", "wps.1"]
