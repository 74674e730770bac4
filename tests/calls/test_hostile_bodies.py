"""Whatever is posted, the answer is a result or an error in the resource's own form; never a 5xx."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.calls.dialects.ms import is_bare
from tests.gateway_node import GatewayNode
from tests.integration.tokens import FROM, ORIGID, TO

NOW = int(time.time())
TN = {"tn": FROM}
TNS = {"tn": [TO]}
WHOLE = {
    "/stir/v1/signing": (
        "signingRequest",
        {"attest": "A", "orig": TN, "dest": TNS, "iat": NOW, "origid": ORIGID},
    ),
    "/stir/v1/verification": (
        "verificationRequest",
        {"from": TN, "to": TNS, "time": NOW, "identity": "a.b.c;info=<https://example.org/a>;ppt=shaken"},
    ),
    "/v1/verdicts": (
        "call",
        {
            "id": "1", "from": TN, "pai": TN, "to": TNS, "time": NOW, "identity": ["x"], "roaming": "true",
            "diversion": [{"tn": FROM, "reason": "x"}], "trunk": "access-1", "anonymous": True,
        },
    ),
}  # fmt: skip

TEXT = st.text(max_size=40) | st.sampled_from(
    ["+44", "999", "*#", "+" + "9" * 15, "é", "\ud800", "\x00", FROM]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=10,
)
VALUE = JSON | st.fixed_dictionaries({"tn": JSON}) | st.fixed_dictionaries({"tn": st.lists(TEXT, max_size=3)})


@st.composite
def changed_bodies(draw: st.DrawFn, path: str) -> bytes:
    """A whole request in which some members, known or not, have any value."""
    wrapper, whole = WHOLE[path]
    names = st.sampled_from(sorted(whole)) | TEXT
    changes = draw(st.dictionaries(names, VALUE, max_size=3))
    text = json.dumps({wrapper: whole | changes}, ensure_ascii=draw(st.booleans()))
    return text.encode("utf-8", "surrogatepass")


@pytest.fixture(scope="module")
def connection(node: GatewayNode) -> Iterator[http.client.HTTPConnection]:
    connection = node.connect()
    yield connection
    connection.close()


@pytest.mark.parametrize("path", WHOLE)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_body_is_answered_in_form_and_never_with_a_5xx(
    node: GatewayNode, connection: http.client.HTTPConnection, path: str, data: st.DataObject
):
    body = data.draw(
        st.binary(max_size=300)
        | JSON.map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass"))
        | changed_bodies(path)
        | st.sampled_from([b'{"identityHeader":null}', b'{"orig":{}}', b'{"identityHeaders":[1],"from":{}}'])
    )
    answer = node.ask_on(connection, "POST", path, body)
    assert answer.status in {200, 400}, (body, answer.body)
    assert answer.headers["X-RequestID"]
    document = json.loads(answer.body)
    if answer.status == 200:
        assert set(document) in ({"signingResponse"}, {"verificationResponse"}, {"verdict"})
    elif path.startswith("/stir") and is_bare(body):
        assert isinstance(document["error"], str)
    elif path.startswith("/stir"):
        (family,) = document["requestError"].values()
        assert set(family) == {"messageId", "text", "variables"}
        assert all(isinstance(variable, str) for variable in family["variables"])
    else:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert document["status"] == 400
        assert document["errors"][0]["problem"]


@pytest.mark.parametrize("path", WHOLE)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    headers=st.dictionaries(
        st.sampled_from(["Accept", "Content-Type", "X-RequestID", "X-InstanceID", "Authorization", "Expect"]),
        st.binary(max_size=30).map(
            lambda data: bytes(b for b in data if b >= 32 and b != 127).strip().decode("latin-1")
        ),
        min_size=1,
    )
)
def test_any_header_is_answered_and_never_with_a_5xx(
    node: GatewayNode, connection: http.client.HTTPConnection, path: str, headers: dict[str, str]
):
    answer = node.ask_on(connection, "POST", path, b"{}", headers=headers)
    assert answer.status in {200, 400, 401, 406, 415}
    json.loads(answer.body)


@pytest.mark.parametrize("path", WHOLE)
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
        b'{"' + b"x" * 200_000 + b'":1}',
        b"9" * 250_000,
        b'["\\u0000' + b"\\u00e9" * 30_000 + b'"]',
        b'{"call":{"to":{"tn":[' + b",".join([b'"1"'] * 50_000) + b"]}}}",
        b"[" + b",".join([b"{}"] * 80_000) + b"]",
    ],
    ids=range(7),
)
def test_a_large_body_is_refused_in_few_words(node: GatewayNode, path: str, body: bytes):
    answer = node.post(path, body)
    assert answer.status == 400
    assert len(answer.body) < 2000
