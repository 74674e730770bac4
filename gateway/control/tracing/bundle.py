"""The evidence of calls as one document: what another party needs to judge them again, and what was judged.

Numbers are in E.164 form, times RFC 3339 in UTC. Nothing in it is redacted: it is for operators, and for whom
they send it to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from gateway import __version__
from gateway.control.api.call_documents import in_full
from gateway.control.reloading.judging_again import judge_again
from gateway.control.tracing.search import TraceSought
from gateway.generation.generation import Generation
from gateway.journal import Record
from gateway.kept_chains import KeptChain, KeptChains
from gateway.passport.diversion import DivOClaims
from gateway.passport.identity import IdentityError, parse_identity
from gateway.passport.passport import PassportError, UnverifiedPassport, decode
from gateway.passport.signature import verify
from gateway.reasons import REASONS

FORM: Final = "callmark-evidence/1"
_MOST_NESTED: Final = 10

Generations = Callable[[str], Generation | None]
"""The generation of a digest, where it is still kept."""


def evidence_document(
    records: Sequence[Record],
    sought: TraceSought,
    *,
    chains: KeptChains,
    generations: Generations,
    carrier: str,
    now: float,
) -> dict[str, object]:
    """The bundle's content; `carrier` is who says all this."""
    kept: dict[str, KeptChain] = {}
    calls = [_call(record, kept, chains, generations) for record in records]
    return {
        "form": FORM,
        "made": {"at": moment(now), "by": carrier, "callmark": __version__},
        "sought": _sought(sought),
        "calls": calls,
        "certificates": {
            name: {"x5u": chain.x5u, "leaf_sha256": chain.fingerprint, "pem": chain.pem}
            for name, chain in kept.items()
        },
    }


def moment(seconds: float) -> str:
    """A time as it stands in the document."""
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def _sought(sought: TraceSought) -> dict[str, object]:
    return {
        "number": in_full(sought.tn),
        "from": None if sought.begins is None else moment(sought.begins),
        "until": None if sought.ends is None else moment(sought.ends),
        "origid": sought.origid,
        "trunk": sought.trunk,
        "certificate_sha256": sought.fingerprint,
        "call_id": sought.call_id,
    }


def _call(
    record: Record, kept: dict[str, KeptChain], chains: KeptChains, generations: Generations
) -> dict[str, object]:
    headers = [*record.earlier, *record.identities]
    return {
        "sip": _sip(record),
        "identities": [
            {"value": value, "certificates": list(_chains_of(value, kept, chains))} for value in headers
        ],
        "signed_here": record.verstat is None,
        "verification": {
            "verstat": record.verstat,
            "reason": record.reason,
            "words": _words(record.reason),
            "detail": "" if record.grounds is None else record.grounds.finding[0],
            "attest": record.attest,
            "origid": None if record.grounds is None else record.grounds.origid,
            "signer_sha256": record.fingerprint,
            "spcs": list(record.spcs),
            "credential": msgspec.to_builtins(record.credential),
        },
        "verdict": _verdict(record, generations),
        "evidence": None if record.grounds is None else msgspec.to_builtins(record.grounds.known),
        "generation": {"number": record.generation, "digest": record.digest},
        "elapsed_ms": record.elapsed_ms,
    }


def _sip(record: Record) -> dict[str, object]:
    grounds = record.grounds
    return {
        "taken": moment(record.time),
        "operation": record.operation,
        "call_id": record.call_id,
        "trunk": record.trunk,
        "trunk_kind": None if grounds is None else grounds.trunk_kind.value,
        "from": in_full(record.orig),
        "network": in_full(record.network_tn),
        "to": [in_full(dest) for dest in record.dests],
        "request_uri": None if grounds is None else in_full(grounds.request_uri),
        "anonymous": record.anonymous,
        "roaming": record.roaming,
        "date": record.call_time,
        "resource_priority": sorted(grounds.resource_priority or ()) if grounds is not None else [],
        "priority": None if grounds is None else grounds.priority,
    }


def _verdict(record: Record, generations: Generations) -> dict[str, object]:
    """What was answered, and by which rules, where the policy of then is still kept."""
    generation = generations(record.digest) if record.digest else None
    again = None if generation is None else judge_again(record, generation.policy.verdict)
    return {
        "action": record.action,
        "deciding": record.deciding,
        "words": _words(record.deciding),
        "signing_reasons": dict(record.reasons),
        "rules": None
        if again is None
        else [
            {
                "code": hit.reason.code,
                "words": hit.reason.words,
                "effect": "allow" if hit.allows else hit.effect.value,
                "source": hit.source,
                "detail": hit.detail,
            }
            for hit in again.hits
        ],
    }


def _chains_of(value: str, kept: dict[str, KeptChain], chains: KeptChains) -> Iterator[str]:
    """The names of the chains behind a header's PASSporTs, those within it too.

    Of several that an address served in turn, the one that fits the signature; where none does, the last.
    """
    for passport in _passports(value):
        x5u = passport.header.get("x5u")
        served = list(chains.at(x5u)) if isinstance(x5u, str) else []
        if served:
            fitting = (each for each in served if verify(passport, _key(each)) is not None)
            chain = next(fitting, served[0])
            name = f"{chain.fingerprint[:16]} {chain.x5u}"
            kept.setdefault(name, chain)
            yield name


def _passports(value: str) -> Iterator[UnverifiedPassport]:
    try:
        outer = decode(parse_identity(value).token)
    except (IdentityError, PassportError):
        return
    yield outer
    for _ in range(_MOST_NESTED):
        if not isinstance(outer.claims, DivOClaims):
            return
        try:
            outer = decode(outer.claims.opt)
        except PassportError:
            return
        yield outer


def _key(chain: KeptChain) -> CertificatePublicKeyTypes:
    return chain.certificates[0].public_key()


def _words(code: str | None) -> str:
    row = None if code is None else REASONS.get(code)
    return "" if row is None else row.words


def render(document: Mapping[str, object]) -> bytes:
    """The document's bytes, as they are signed."""
    return msgspec.json.encode(document, enc_hook=str, order="sorted")
