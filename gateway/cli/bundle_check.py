"""Whether an evidence file holds: its signature, who signed it, and every Identity header in it judged again.

Nothing is fetched and nobody is asked. What the carrier says of revocation, of hosts that did not answer, and
of its own verdict is its word, and is marked so; what can be judged again from the headers, the chains and
the checker's own authorities is judged again, by the code that calls go through.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from gateway import reasons
from gateway.certificates.path import NoPath, find_path
from gateway.certificates.reading import show
from gateway.certificates.trust import Trust
from gateway.certificates.x5u import X5uPolicy
from gateway.cli.bundle_file import (
    CallGivenOut,
    ChainGivenOut,
    NotHoldingError,
    SipFacts,
    check_signature,
    read_chain,
    read_evidence,
    read_form,
)
from gateway.cli.call_inspection import CallGiven, CallInspection, inspect_call
from gateway.cli.inspection import Credential, judge_chain
from gateway.generation.countries import FILE_RULES
from gateway.numbers.canonical import NumberError, TelephoneNumber, canonical
from gateway.numbers.plans import FR, NANP
from gateway.reasons import CREDENTIAL_UNOBTAINABLE, Finding
from gateway.verification.policy import VerificationPolicy
from gateway.verification.profile import ATIS, FRANCE_MAN

FRESHNESS_SECONDS: Final = 60
"""RFC 8224: what a token's age is judged by, as of its call."""
CARRIERS_WORD: Final = frozenset(
    reason.code
    for reason in (
        reasons.CERTIFICATE_REVOKED,
        reasons.REVOCATION_PENDING,
        reasons.REVOCATION_UNOBTAINABLE,
        reasons.REVOCATION_OUTDATED,
        reasons.CREDENTIAL_UNOBTAINABLE,
        reasons.CREDENTIAL_PENDING,
        reasons.CREDENTIAL_UNREADABLE,
        reasons.TNAUTHLIST_PENDING,
        reasons.X5U_FORBIDDEN,
    )
)
"""Refusals for what was, or was not, to be had then: nobody can see that again in the file."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was checked; None: it could not be."""

    passed: bool | None
    words: str


@dataclass(frozen=True, slots=True)
class CallChecked:
    """One call of the file."""

    call_id: str
    taken: str
    steps: tuple[Step, ...]
    inspection: CallInspection | None
    """Its headers, judged again; None when it had none."""


@dataclass(frozen=True, slots=True)
class BundleChecked:
    """The file as a whole."""

    steps: tuple[Step, ...]
    carrier: str = ""
    signer: str = ""
    """SHA-256 of the certificate that signed, hex."""
    calls: tuple[CallChecked, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing that was checked failed."""
        steps = (*self.steps, *(step for call in self.calls for step in call.steps))
        return all(step.passed is not False for step in steps)


@dataclass(frozen=True, slots=True)
class Believed:
    """Whom the checker believes."""

    trust: Trust
    """For the headers' certificates, and for whoever signed the file."""
    signers: frozenset[x509.Certificate]
    """Certificates that may have signed the file, each believed by itself."""


def check_bundle(data: bytes, believed: Believed) -> BundleChecked:
    """Check a whole file; any bytes give a result."""
    steps: list[Step] = []
    signer = carrier = ""
    try:
        header, payload, text = read_form(data)
        steps.append(Step(passed=True, words="It is an evidence file, whole and of the one form there is."))
        chain = read_chain(header)
        signer = chain[0].fingerprint(SHA256()).hex()
        check_signature(text, chain[0])
        steps.append(Step(passed=True, words="The signature was made over exactly these bytes."))
        document = read_evidence(payload)
        carrier = document.made.by
        steps.append(_identity(chain, believed, made=int(document.made.at.timestamp())))
        calls = tuple(_call(call, document.certificates, believed) for call in document.calls)
    except NotHoldingError as error:
        return BundleChecked((*steps, Step(passed=False, words=str(error))), carrier, signer)
    return BundleChecked(tuple(steps), carrier, signer, calls)


def _identity(chain: tuple[x509.Certificate, ...], believed: Believed, *, made: int) -> Step:
    leaf = chain[0]
    name = show(leaf.subject.rfc4514_string())
    begin, end = leaf.not_valid_before_utc.timestamp(), leaf.not_valid_after_utc.timestamp()
    if not begin <= made <= end:
        return Step(passed=False, words=f"{name} was not valid when it says that it signed this.")
    if leaf in believed.signers:
        return Step(passed=True, words=f"It was signed by {name}, whose certificate you have.")
    path = find_path(leaf, chain[1:], believed.trust, now=made)
    if isinstance(path, NoPath) or not path.not_before <= made <= path.not_after:
        return Step(
            passed=False,
            words=f"It was signed by {name}, and nobody you trust vouches for that: have the carrier give "
            "you its evidence certificate by another way, and put it among your --anchors.",
        )
    return Step(passed=True, words=f"It was signed by {name}, which leads to an authority you trust.")


def _call(call: CallGivenOut, certificates: Mapping[str, ChainGivenOut], believed: Believed) -> CallChecked:
    taken = int(call.sip.taken.timestamp())
    inspection, steps = (
        None,
        [Step(passed=None, words="It carried no Identity header: nothing can be judged.")],
    )
    if call.identities:
        try:
            inspection = _judged_again(
                call, _Chains(call, certificates, believed.trust, now=taken), now=taken
            )
            steps = list(_compare(call, inspection))
        except NumberError as error:
            steps = [Step(passed=False, words=f"A number of the call cannot be read: {error.problem}.")]
    return CallChecked(call.sip.call_id, call.sip.taken.isoformat(), tuple(steps), inspection)


def _judged_again(call: CallGivenOut, chains: _Chains, *, now: int) -> CallInspection:
    """By the rules of the trunk it came by, which the file does not name: those that give what it says."""
    values, given = [each.value for each in call.identities], _given(call.sip)
    policy = VerificationPolicy(freshness_seconds=FRESHNESS_SECONDS, x5u=X5uPolicy(allowed_ports=_ANY))
    found = [
        inspect_call(
            values, given, now=now, policy=policy, dialling=dialling, profile=profile, credentials=chains
        )
        for dialling, profile in _RULES
    ]
    claimed = call.verification.verstat
    fitting = [each for each in found if each.verification.outcome.verstat.value == claimed]
    return (fitting or found)[0]


_RULES: Final = (
    (FILE_RULES, ATIS),
    (NANP.dialling, ATIS),
    (FR.dialling, ATIS),
    (FR.dialling, FRANCE_MAN),
)
"""How signed numbers are read, and by which profile headers are judged: of each kind of trunk there is."""
_ANY: Final = tuple(range(1, 65_536))
"""On which port a chain was published is nothing to the checker: nothing is fetched."""


def _given(sip: SipFacts) -> CallGiven:
    calling = sip.calling if sip.calling is not None else sip.network
    return CallGiven(
        time=sip.date,
        orig=None if calling is None else _number(calling),
        dests=frozenset(_number(each) for each in sip.to),
        request_uri=None if sip.request_uri is None else _number(sip.request_uri),
        resource_priority=frozenset(sip.resource_priority) if sip.resource_priority else None,
        priority=sip.priority,
    )


def _number(text: str) -> TelephoneNumber:
    return canonical(text, FILE_RULES)


def _compare(call: CallGivenOut, inspection: CallInspection) -> Iterator[Step]:
    """What the carrier says of the headers, beside what they are found to be here."""
    found = inspection.verification.outcome
    claimed, reason = call.verification.verstat, call.verification.reason
    if call.signed_here:
        words = (
            "The headers it says it signed hold."
            if inspection.passed
            else "A header it signed does not hold."
        )
        yield Step(passed=inspection.passed, words=words)
    elif claimed == found.verstat.value:
        yield Step(passed=True, words=f"{claimed}, as it says: judged again here with the same result.")
    elif reason in CARRIERS_WORD:
        words = f"It says {claimed} ({reason}): of then and there, which is the carrier's word."
        yield Step(passed=None, words=words)
    else:
        here = f"{found.verstat.value} ({found.finding.reason.code})"
        words = f"It says {claimed} ({reason}); judged again here it is {here}."
        yield Step(passed=False, words=words)


class _Chains:
    """The chains of one call, by their address, judged by the checker's own trust."""

    def __init__(
        self, call: CallGivenOut, certificates: Mapping[str, ChainGivenOut], trust: Trust, *, now: int
    ) -> None:
        names = [name for identity in call.identities for name in identity.certificates]
        named = [certificates[name] for name in names if name in certificates]
        self._by_x5u = {each.x5u: each.pem for each in named}
        self._trust = trust
        self._now = now

    def at_hand(self, x5u: str) -> Credential | None:
        """Nothing is ever fetched."""
        return self.get(x5u)

    def get(self, x5u: str) -> Credential:
        """The chain in the file, or that there is none."""
        pem = self._by_x5u.get(x5u)
        if pem is None:
            finding = Finding(CREDENTIAL_UNOBTAINABLE, "the file holds no chain for it")
            return Credential("Not in the file.", finding)
        source = "From the file; nothing was fetched."
        return judge_chain(pem.encode(), trust=self._trust, now=self._now, source=source)
