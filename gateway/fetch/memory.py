"""What a process remembers of certificate addresses, each kind in its own bounds.

Three kinds, so that none can push out another: chains under which a call's signature has passed, chains
that only validated (anybody can copy a genuine chain to a thousand addresses of his own), and addresses that
gave nothing usable. The key is the x5u as it was signed, letter by letter: two spellings of one address are
two entries, and neither can stand in for the other.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.certificates.chain import Refusal, ValidatedChain
from gateway.certificates.tn_reference import FetchedLists
from gateway.fetch.hosts import LONGEST_REST_SECONDS, rest_seconds
from gateway.reasons import Finding

MOST_CHAINS: Final = 20_000
"""More than the 17,839 certificate addresses ever seen in use."""
MOST_UNCONFIRMED: Final = 5_000
MOST_MISSES: Final = 10_000
MOST_CHAIN_BYTES: Final = 256 * 2**20
"""For each of the two kinds of chains, counted in PEM; 20,000 ordinary chains need a quarter of it."""


@dataclass(slots=True)
class StoredChain:
    """The certificates an address served, and what validation last made of them."""

    ders: tuple[bytes, ...]
    """Leaf first. Not the parsed certificates, which come to more than a hundred objects for a chain: with
    17,000 of them a worker would stand still for a second whenever Python collects garbage."""
    size: int
    """Length of the PEM in bytes."""
    warnings: tuple[Finding, ...]
    """How the answer that brought it departed from the standard."""
    verdict: ValidatedChain | Refusal
    trust_digest: str
    judged_at: int
    """Epoch seconds at which `verdict` was reached."""
    fresh_until: float
    """On the clock that only goes forward; afterwards it is served on while a newer one is looked for."""
    tn_lists: FetchedLists = field(default_factory=dict)
    """Lists of numbers that its certificates keep elsewhere, as they were fetched with it."""
    news: int = 0
    """What had been heard of awaited lists by then (`AwaitedLists.news`)."""
    file_again_from: float = float("-inf")
    """When it is next handed on to be kept as evidence, on the same clock."""
    look_again_from: float = float("-inf")
    """The earliest moment of the next look that a failed signature or a refusal may ask for."""

    def certificates(self) -> tuple[x509.Certificate, ...]:
        """Parse what is kept, which was parsed before: never raises."""
        return tuple(x509.load_der_x509_certificate(der) for der in self.ders)


def ders_of(certificates: Iterable[x509.Certificate]) -> tuple[bytes, ...]:
    """What is kept of parsed certificates."""
    return tuple(each.public_bytes(Encoding.DER) for each in certificates)


class Chains:
    """Validated chains by x5u: confirmed by a call's signature, unconfirmed, and the gateway's own."""

    def __init__(
        self, *, most_confirmed: int = MOST_CHAINS, most_unconfirmed: int = MOST_UNCONFIRMED
    ) -> None:
        self._confirmed = _Bounded(most_confirmed)
        self._unconfirmed = _Bounded(most_unconfirmed)
        self._own: dict[str, StoredChain] = {}

    def __len__(self) -> int:
        return len(self._confirmed.entries) + len(self._unconfirmed.entries) + len(self._own)

    def find(self, x5u: str) -> StoredChain | None:
        """Give the chain kept under this x5u; being found keeps it from being the next to be dropped."""
        for kept in (self._confirmed.entries, self._unconfirmed.entries):
            stored = kept.get(x5u)
            if stored is not None:
                kept.move_to_end(x5u)
                return stored
        return self._own.get(x5u)

    def keep(self, x5u: str, stored: StoredChain) -> None:
        """Keep or replace; what replaces a confirmed chain is confirmed: it is the same address."""
        kind = self._confirmed if x5u in self._confirmed.entries else self._unconfirmed
        kind.keep(x5u, stored)

    def confirm(self, x5u: str) -> bool:
        """Note that a signature has passed under this chain; True the first time."""
        stored = self._unconfirmed.drop(x5u)
        if stored is None:
            return False
        self._confirmed.keep(x5u, stored)
        return True

    def keep_own(self, x5u: str, stored: StoredChain) -> None:
        """Keep one of the gateway's own chains; never dropped, never fetched."""
        self._own[x5u] = stored

    def is_own(self, x5u: str) -> bool:
        """Whether the gateway publishes this certificate itself."""
        return x5u in self._own


class _Bounded:
    """Chains, the longest unused one first; bounded by number and by bytes."""

    __slots__ = ("_bytes", "_most", "entries")

    def __init__(self, most: int) -> None:
        self.entries: OrderedDict[str, StoredChain] = OrderedDict()
        self._most = most
        self._bytes = 0

    def keep(self, x5u: str, stored: StoredChain) -> None:
        self.drop(x5u)
        self.entries[x5u] = stored
        self._bytes += stored.size
        while len(self.entries) > self._most or self._bytes > MOST_CHAIN_BYTES:
            _, dropped = self.entries.popitem(last=False)
            self._bytes -= dropped.size

    def drop(self, x5u: str) -> StoredChain | None:
        stored = self.entries.pop(x5u, None)
        if stored is not None:
            self._bytes -= stored.size
        return stored


@dataclass(frozen=True, slots=True)
class Miss:
    """Why an address gave nothing usable, and when it may be asked again."""

    answer: Refusal | Finding
    trust_digest: str
    """The trust a Refusal was reached under; another trust may judge otherwise."""
    failures: int
    again_from: float


class Misses:
    """Addresses that gave nothing usable, bounded; each failure in a row doubles the wait."""

    def __init__(self, most: int = MOST_MISSES) -> None:
        self._most = most
        self._entries: OrderedDict[str, Miss] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def resting(self, x5u: str, *, at: float, trust_digest: str) -> Miss | None:
        """Give the failure that still stands for this address, or None where it may be asked again."""
        miss = self._entries.get(x5u)
        if miss is None or at >= miss.again_from:
            return None
        return miss if isinstance(miss.answer, Finding) or miss.trust_digest == trust_digest else None

    def note(self, x5u: str, answer: Refusal | Finding, *, at: float, trust_digest: str) -> None:
        """One more failure of this address."""
        last = self._entries.pop(x5u, None)
        # Failures long ago are not failures in a row.
        in_a_row = last is not None and at < last.again_from + LONGEST_REST_SECONDS
        failures = last.failures + 1 if last is not None and in_a_row else 1
        self._entries[x5u] = Miss(answer, trust_digest, failures, at + rest_seconds(failures))
        if len(self._entries) > self._most:
            self._entries.popitem(last=False)

    def forget(self, x5u: str) -> None:
        """Note that the address has given a chain."""
        self._entries.pop(x5u, None)
