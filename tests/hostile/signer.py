"""A provider with a certificate in order that signs anything, and what the gateway says of it."""

from __future__ import annotations

import http.client
import json
import time
from dataclasses import dataclass, field
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric import ec

from tests.gateway_node import GatewayNode, HttpAnswer
from tests.hostile.chains import File
from tests.integration.tokens import FROM, TO, make_identity, make_token, payload_of, verification_request
from tests.repository import Repository

PASSED = "TN-Validation-Passed"


@dataclass(frozen=True)
class Signer:
    """Headers signed with a good key; `payload` and `header` are changes, or the JSON text itself."""

    key: ec.EllipticCurvePrivateKey
    x5u: str

    def identity(self, **how: Any) -> str:
        return make_identity(self.key, self.x5u, **how)

    def of_type(self, ppt: str, **claims: Any) -> str:
        """A header of any type, without the claims that are SHAKEN's alone."""
        payload = {"attest": None, "origid": None, **claims}
        token = make_token(self.key, self.x5u, header={"ppt": ppt}, payload=payload)
        return f"{token};info=<{self.x5u}>;alg=ES256;ppt={ppt}"


@dataclass
class Switch:
    """A connection over which one header after the other is asked for."""

    node: GatewayNode
    connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self.connection = self.node.connect()
        self._calls = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def verify(self, identity: str, **changes: Any) -> tuple[str, int | None]:
        """The verstat and reason code of the ATIS resource, which must agree with `/v1/verdicts`."""
        answer = self.post("/stir/v1/verification", verification_request(identity, **changes))
        assert answer.status == 200, answer.body
        response = answer.json["verificationResponse"]
        verdict = self.verdict(identity)
        if not changes:
            assert verdict["verstat"] == response["verstat"], (verdict, response)
        return response["verstat"], response.get("reasoncode")

    def passes(self, identity: str) -> bool:
        verstat, code = self.verify(identity)
        assert (verstat == PASSED) == (code is None)
        return verstat == PASSED

    def verdict(self, *identities: str, max_ms: int | None = None, **changes: Any) -> dict[str, Any]:
        self._calls += 1
        call = {
            "id": f"hostile-{id(self)}-{self._calls}",
            "from": {"tn": FROM},
            "to": {"tn": [TO]},
            "time": int(time.time()),
            "identity": list(identities),
        }
        bound = {} if max_ms is None else {"max_ms": max_ms}
        answer = self.post("/v1/verdicts?explain=1", {"call": call | changes, **bound})
        assert answer.status == 200, answer.body
        verdict: dict[str, Any] = answer.json["verdict"]
        return verdict

    def post(self, path: str, body: object) -> HttpAnswer:
        try:
            answer = self.node.ask_on(self.connection, "POST", path, body)
        except ConnectionError:  # the node ends what was idle for long
            self.connection.close()
            answer = self.node.ask_on(self.connection, "POST", path, body)
        if answer.headers.get("Connection") == "close":
            self.connection.close()
        return answer


@dataclass(frozen=True)
class Stranger:
    """Serves files at addresses of its own, and calls under them."""

    switch: Switch
    host: Repository

    def address(self, kind: str, ending: str) -> str:
        """The path of a kind of file."""
        return "/" + "".join(letter if letter.isalnum() else "-" for letter in kind) + ending

    def answers(self, kind: str, served: File) -> set[tuple[str, int | None]]:
        """What a call under this file is answered with, the first time and the second."""
        path = self.address(kind, ".pem")
        self.host.serve(path, served.body)
        return {self.switch.verify(make_identity(served.key, self.host.url(path))) for _ in range(2)}


def payload_with(member: bytes) -> bytes:
    """The payload of a genuine call with one more member at its end, written by hand."""
    return json.dumps(payload_of()).encode()[:-1] + b"," + member + b"}"
