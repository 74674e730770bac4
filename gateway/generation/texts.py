"""Everything a generation is made of, as bytes: what was read, before anybody judged it.

File names here are relative and always the same, wherever an operator keeps the files: `policy.toml`,
`trunks.toml`, `inventory.csv`, `dno.csv`, `brands.toml`, `allocations.csv`, `honeypots.csv`; `anchors/…`,
`crl_issuers/…`, `crls/…`, and the same under `domains/NAME/` for each further trust domain; `listed/…`, the
anchors of a trust list, and `fetched/…`, the revocation lists by their addresses; `signing/certificate.pem`.
A private key is never among them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Final

from gateway.certificates.domain import DEFAULT_DOMAIN
from gateway.certificates.revocation_state import WEEK_SECONDS
from gateway.generation.allocation_file import ALLOCATION_FILE
from gateway.generation.brands_file import BRANDS_FILE
from gateway.generation.dno_file import DNO_FILE
from gateway.generation.honeypots_file import HONEYPOTS_FILE
from gateway.generation.inventory_file import INVENTORY_FILE
from gateway.generation.policy_file import POLICY_FILE
from gateway.generation.trunks_file import TRUNKS_FILE

POLICY_FILES: Final = (POLICY_FILE, TRUNKS_FILE, INVENTORY_FILE, DNO_FILE, BRANDS_FILE)
"""The policy part; all must exist, the CSV files and brands may hold no rows."""
OPTIONAL_FILES: Final = (ALLOCATION_FILE, HONEYPOTS_FILE)
"""Of the policy part too, and may be missing."""
ANCHORS: Final = "anchors/"
CRL_ISSUERS: Final = "crl_issuers/"
CRLS: Final = "crls/"
LISTED: Final = "listed/"
FETCHED: Final = "fetched/"
SIGNING_CERTIFICATE: Final = "signing/certificate.pem"


def domain_folder(name: str, kind: str) -> str:
    """Where the files of this kind (`anchors/`, …) of the trust domain of this name are."""
    return kind if name == DEFAULT_DOMAIN else f"domains/{name}/{kind}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainRules:
    """What the settings say of one trust domain."""

    name: str = DEFAULT_DOMAIN
    policy_oids: tuple[str, ...]
    x5u_prefixes: tuple[str, ...] = ()
    allow_delegate_shaken: bool = False
    overdue_grace_seconds: int = WEEK_SECONDS
    wait_for_missing: bool = False
    refuse_unobtainable: bool = False
    has_trust_list: bool = False

    def folder(self, kind: str) -> str:
        """Where the domain's files of this kind (`anchors/`, …) are."""
        return domain_folder(self.name, kind)


@dataclass(frozen=True, slots=True)
class Texts:
    """The bytes of one generation and the few settings that change what they mean."""

    files: Mapping[str, bytes] = field(repr=False)
    domains: tuple[DomainRules, ...]
    """`[trust]`, then each `[[trust_domain]]`."""
    x5u: str | None = None
    """`[signing] x5u`, with which `signing/certificate.pem` stands or falls."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """The `CALLMARK_…` variables that set keys of `policy.toml`; settings' own are not kept here."""

    def under(self, folder: str) -> list[tuple[str, bytes]]:
        """Name (without the folder) and bytes of the files of a folder, by name."""
        return [
            (name.removeprefix(folder), data)
            for name, data in sorted(self.files.items())
            if name.startswith(folder)
        ]

    def with_obtained(self, obtained: Mapping[str, bytes]) -> Texts:
        """The same with these lists in place of those that were obtained before."""
        folders = (FETCHED, *(domain.folder(LISTED) for domain in self.domains))
        own = {name: data for name, data in self.files.items() if not name.startswith(folders)}
        return replace(self, files={**own, **obtained})

    def policy_part(self) -> Texts:
        """The policy part alone."""
        names = (*POLICY_FILES, *OPTIONAL_FILES)
        files = {name: self.files[name] for name in names if name in self.files}
        return Texts(files=files, domains=(), variables=self.variables)

    def with_policy_of(self, other: Texts) -> Texts:
        """The same with the policy part of `other`: certificates, lists of revocations and keys stay."""
        names = {*POLICY_FILES, *OPTIONAL_FILES}
        own = {name: data for name, data in self.files.items() if name not in names}
        part = other.policy_part()
        return replace(self, files={**own, **part.files}, variables=part.variables)

    def policy_digest(self) -> str:
        """SHA-256, hex, over all that the policy part is made of."""
        whole = sha256()
        parts = list(self.policy_part().files.items())
        parts += [(name, text.encode()) for name, text in sorted(self.variables.items())]
        for name, data in parts:
            # Lengths first: bytes moved from one file to the next must not give the same digest.
            whole.update(f"{name}\n{len(data)}\n".encode())
            whole.update(data)
        return whole.hexdigest()
