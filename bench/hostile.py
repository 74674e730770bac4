"""`python -m bench.hostile`: what a hostile token costs beside a genuine one, in CPU time of this process.

Everything between an Identity header's text and its outcome is counted, the chain being known already: so a
kind that is refused before its signature shows what it saves, and one that is not costs what a genuine one
costs.
"""

from __future__ import annotations

import json
import time

from gateway.certificates.chain import ValidatedChain, parse_chain, validate
from gateway.certificates.trust import Trust, build_trust
from gateway.numbers.canonical import DiallingRules, TelephoneNumber
from gateway.passport.signature import encode_header, render_identity, sign
from gateway.verification.call import VerificationRequest
from gateway.verification.examine import VerificationPolicy, examine
from gateway.verification.judge import judge
from gateway.verification.outcome import Examined, Outcome
from tests import pki
from tests.integration.tokens import FROM, TO, header_of, payload_of

X5U = "https://certificates.example.org/shaken.pem"
ROUNDS, CALLS = 7, 200


def main() -> None:
    made = pki.make_pki()
    trust = build_trust(anchors=[("root.pem", made.root.pem)])
    assert isinstance(trust, Trust)
    chain = validate(parse_chain(made.chain_pem), trust, pki.NOW)
    assert isinstance(chain, ValidatedChain)
    payload = {**payload_of(), "iat": pki.NOW}

    def token(changes: dict[str, object] | None = None, text: bytes = b"") -> str:
        body = json.dumps({**payload, **(changes or {})}).encode()[:-1] + text + b"}"
        return sign(header=encode_header(header_of(X5U)), payload=body, key=made.leaf.key)  # type: ignore[arg-type]

    genuine = token()
    head, _, signature = genuine.rpartition(".")
    kinds = {
        "genuine": genuine,
        "another's signature": f"{head}.{token({'attest': 'B'}).rpartition('.')[2]}",
        "no signature": f"{head}.",
        "r and s zero": f"{head}.{'A' * 86}",
        "signature of 4096 bytes": f"{head}.{signature[:-2] * 65}",
        "an old iat": token({"iat": pki.NOW - 3600}),
        "another caller": token({"orig": {"tn": "442079460999"}}),
        "a claim twice": token(text=b',"iat":1'),
        "300 arrays, one in the other": token(text=b',"x":' + b"[" * 300 + b"]" * 300),
        "5000 digits": token(text=b',"x":' + b"9" * 5000),
        "500 called numbers": token({"dest": {"tn": [TO] * 499 + ["1"]}}),
        "12 kB of arrays in arrays": token(text=b',"x":' + b"[" * 5500 + b"]" * 5500),
        "12 kB of small members": token({f"{each}": [] for each in range(1000)}),
        "2000 parameters": genuine + "".join(f";p{each}" for each in range(2000)),
        "16 kB of nothing": "A" * 16_384,
    }
    results = {name: microseconds(render_identity(each, X5U), chain) for name, each in kinds.items()}
    print(f"{'kind':32} {'outcome':28} {'us':>7}  of a genuine one")
    for name, (code, cost) in results.items():
        print(f"{name:32} {code:28} {cost:7.0f}  {cost / results['genuine'][1]:.2f}")


def microseconds(identity: str, chain: ValidatedChain) -> tuple[str, float]:
    """What becomes of the header, and the least CPU time a verification of it took."""
    request = VerificationRequest(
        orig=TelephoneNumber(FROM), dests=frozenset({TelephoneNumber(TO)}), time=pki.NOW, identity=identity
    )
    rules, policy = DiallingRules(), VerificationPolicy()
    code, least = "", float("inf")
    for _ in range(ROUNDS):
        began = time.process_time_ns()
        for _ in range(CALLS):
            found = examine(request, policy=policy, dialling=rules, now=pki.NOW)
            outcome = (
                judge(found, chain, now=pki.NOW) if isinstance(found, Examined) else Outcome.refused(found)
            )
        least = min(least, (time.process_time_ns() - began) / CALLS / 1000)
        code = outcome.finding.reason.code
    return code, least


if __name__ == "__main__":
    main()
