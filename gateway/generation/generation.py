"""Bytes to a generation: everything calls are judged by, built whole or refused with every problem.

The policy part can be rolled back at will; the trust part only goes forward (`docs/decisions/`), which
is why each has its own digest. Reading a disk is not done here, nor is anything kept that says when.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from cryptography.hazmat.primitives import hashes

from gateway.attestation.decide import AttestationPolicy, TrunkKind
from gateway.attestation.inventory import Inventory
from gateway.certificates.chain import ChainError, parse_chain
from gateway.certificates.domain import DomainFiles
from gateway.certificates.revocation_list import RevocationList, RevocationListError, read_revocation_lists
from gateway.certificates.revocation_state import RevocationPolicy
from gateway.certificates.trust import Trust, build_domains
from gateway.generation.allocation_file import ALLOCATION_FILE, read_allocation_file
from gateway.generation.brands_file import BRANDS_FILE, read_brands
from gateway.generation.bundle import bundle_digest, render_bundle
from gateway.generation.dno_file import DNO_FILE, read_dno
from gateway.generation.environment import read_overrides
from gateway.generation.honeypots_file import HONEYPOTS_FILE, read_honeypots
from gateway.generation.inventory_file import INVENTORY_FILE, read_inventory
from gateway.generation.policy_file import POLICY_FILE, PolicyFile, ReloadPolicy, read_policy
from gateway.generation.problem import Problem
from gateway.generation.settings import sections
from gateway.generation.texts import (
    ANCHORS,
    CRL_ISSUERS,
    CRLS,
    FETCHED,
    LISTED,
    SIGNING_CERTIFICATE,
    DomainRules,
    Texts,
)
from gateway.generation.trunks import Trunk
from gateway.generation.trunks_file import TRUNKS_FILE, read_trunks
from gateway.numbers.allocations import Allocations
from gateway.numbers.look_alikes import LookAlikes
from gateway.numbers.ranges import RangeMap
from gateway.registry.policy import RegistryPolicy
from gateway.verdicts.policy import VerdictPolicy

_Read = TypeVar("_Read")
_PRIVATE_KEY = b"PRIVATE KEY"
_HINT = "the STI-PA's list goes there; to try things out, `callmark pki dev` makes one"


@dataclass(frozen=True, slots=True, eq=False)
class PolicyPart:
    """What operators decide: compare by `digest`."""

    trunks: tuple[Trunk, ...]
    """In the order of the file; never empty."""
    by_name: Mapping[str, Trunk] = field(repr=False)
    inventory: Inventory = field(repr=False)
    attestation: AttestationPolicy
    verdict: VerdictPolicy = field(repr=False)
    """With the do-not-originate numbers and the brands."""
    registry: RegistryPolicy = field(repr=False)
    """With the same among its protected numbers."""
    reload: ReloadPolicy
    digest: str


@dataclass(frozen=True, slots=True)
class SigningIdentity:
    """Which certificate this generation signs with; the key stays in its file."""

    x5u: str
    chain_pem: bytes = field(repr=False)
    certificate_fingerprint: str
    """SHA-256 of the leaf in hex: a key from the disk signs only if it belongs to this certificate."""


@dataclass(frozen=True, slots=True, eq=False)
class Generation:
    """One state of everything reloadable: compare by `digest`."""

    policy: PolicyPart
    trust: Trust
    signing: SigningIdentity | None
    digest: str
    """SHA-256 of the bundle, which is the bundle's name."""

    @property
    def policy_digest(self) -> str:
        """Equal digests decide equally."""
        return self.policy.digest

    @property
    def trust_digest(self) -> str:
        """Validated chains stay valid from generation to generation while this is the same."""
        return self.trust.digest


def build(texts: Texts) -> Generation | list[Problem]:
    """Build the whole generation, or say everything that is wrong with its files; never half of it."""
    problems = _private_keys(texts)
    policy = _build_policy(texts, problems)
    trust = _build_trust(texts, problems)
    signing = _build_signing(texts, problems)
    if problems or policy is None or trust is None:
        return problems
    digest = bundle_digest(render_bundle(texts))
    return Generation(policy=policy, trust=trust, signing=signing, digest=digest)


def build_policy(texts: Texts) -> PolicyPart | list[Problem]:
    """Build the policy part alone, for whoever has no trust part to go with it."""
    problems: list[Problem] = []
    policy = _build_policy(texts, problems)
    return problems if policy is None else policy


def _private_keys(texts: Texts) -> list[Problem]:
    return [
        Problem(name, None, "", "holds a private key, which belongs into the file [signing] key_file names")
        for name, data in texts.files.items()
        if _PRIVATE_KEY in data
    ]


def _build_policy(texts: Texts, problems: list[Problem]) -> PolicyPart | None:
    overrides, unknown = read_overrides(texts.variables, sections(PolicyFile))
    problems += unknown
    # A policy part that is built alone has no trust domains beside it.
    domains = {rules.name for rules in texts.domains} or None
    trunks = _read(texts, TRUNKS_FILE, lambda data: read_trunks(data, domains), problems)
    names = None if trunks is None else {trunk.name for trunk in trunks}
    policies = _read(texts, POLICY_FILE, lambda data: read_policy(data, overrides), problems)
    inventory = _read(texts, INVENTORY_FILE, lambda data: read_inventory(data, names), problems)
    dno = _read(texts, DNO_FILE, read_dno, problems)
    brands = _read(texts, BRANDS_FILE, lambda data: read_brands(data, names), problems)
    # Missing, it says nothing of any number.
    listed = read_allocation_file(texts.files[ALLOCATION_FILE]) if ALLOCATION_FILE in texts.files else None
    # Missing, nothing is a honeypot.
    honeypots = (
        read_honeypots(texts.files[HONEYPOTS_FILE], inventory or ()) if HONEYPOTS_FILE in texts.files else ()
    )
    for each in (listed, honeypots):
        problems += each if isinstance(each, list) else ()
    if isinstance(listed, list) or isinstance(honeypots, list):
        return None
    if trunks is None or policies is None or inventory is None or dno is None or brands is None or unknown:
        return None
    assigned = Inventory((row.numbers, row.trunk) for row in inventory)
    listed_dno = RangeMap(dno)
    listed_brands = RangeMap((numbers, brand) for brand in brands for numbers in brand.numbers)
    return PolicyPart(
        trunks=tuple(trunks),
        by_name={trunk.name: trunk for trunk in trunks},
        inventory=assigned,
        attestation=policies.attestation,
        verdict=replace(
            policies.verdict,
            interconnects=frozenset(trunk.name for trunk in trunks if trunk.kind is TrunkKind.DOMESTIC),
            home_origin_trunks=frozenset(trunk.name for trunk in trunks if trunk.home_origin),
            inventory=assigned,
            allocations=listed or Allocations(),
            honeypots=RangeMap(honeypots),
            look_alikes=LookAlikes(
                [
                    *((numbers, brand.name) for brand in brands for numbers in brand.numbers),
                    *((numbers, entry.label) for numbers, entry in dno),
                ]
            ),
            dno_entries=listed_dno,
            brands=listed_brands,
        ),
        registry=replace(
            policies.registry, protected=(*policies.registry.protected, listed_dno, listed_brands)
        ),
        reload=policies.reload,
        digest=texts.policy_digest(),
    )


def _read(
    texts: Texts, name: str, read: Callable[[bytes], _Read | list[Problem]], problems: list[Problem]
) -> _Read | None:
    data = texts.files.get(name)
    if data is None:
        problems.append(Problem(name, None, "", "is missing"))
        return None
    result = read(data)
    if isinstance(result, list):
        problems += result
        return None
    return result


def _build_trust(texts: Texts, problems: list[Problem]) -> Trust | None:
    fetched = tuple(crl for url, data in texts.under(FETCHED) for crl in _fetched_lists(url, data))
    result = build_domains([_domain_files(texts, rules, fetched) for rules in texts.domains])
    if isinstance(result, list):
        folders = {rules.name: rules.folder(ANCHORS) for rules in texts.domains}
        problems += (
            Problem(each.file or folders[each.domain], None, "", each.message, "" if each.file else _HINT)
            for each in result
        )
        return None
    return result


def _domain_files(texts: Texts, rules: DomainRules, fetched: tuple[RevocationList, ...]) -> DomainFiles:
    return DomainFiles(
        name=rules.name,
        anchors=_prefixed(texts, rules.folder(ANCHORS)),
        crl_issuers=_prefixed(texts, rules.folder(CRL_ISSUERS)),
        crls=_prefixed(texts, rules.folder(CRLS)),
        fetched_crls=fetched,
        listed_anchors=_prefixed(texts, rules.folder(LISTED)) if rules.has_trust_list else (),
        has_trust_list=rules.has_trust_list,
        policy_oids=rules.policy_oids,
        x5u_prefixes=rules.x5u_prefixes,
        allow_delegate_shaken=rules.allow_delegate_shaken,
        revocation=RevocationPolicy(
            overdue_grace_seconds=rules.overdue_grace_seconds,
            wait_for_missing=rules.wait_for_missing,
            refuse_unobtainable=rules.refuse_unobtainable,
        ),
    )


def _fetched_lists(url: str, data: bytes) -> tuple[RevocationList, ...]:
    """Read what was fetched; whoever fetched it has judged it, and nothing of it may stop a reload."""
    try:
        return read_revocation_lists(url, data)
    except RevocationListError:
        return ()


def _prefixed(texts: Texts, folder: str) -> list[tuple[str, bytes]]:
    return [(folder + name, data) for name, data in texts.under(folder)]


def _build_signing(texts: Texts, problems: list[Problem]) -> SigningIdentity | None:
    pem = texts.files.get(SIGNING_CERTIFICATE)
    if pem is None or texts.x5u is None:
        if pem is not None or texts.x5u is not None:
            problems.append(
                Problem(SIGNING_CERTIFICATE, None, "", "and [signing] x5u go together; one is missing")
            )
        return None
    try:
        leaf = parse_chain(pem)[0]
    except ChainError as error:
        problems.append(Problem(SIGNING_CERTIFICATE, None, "", str(error)))
        return None
    return SigningIdentity(
        x5u=texts.x5u, chain_pem=pem, certificate_fingerprint=leaf.fingerprint(hashes.SHA256()).hex()
    )
