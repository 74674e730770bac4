"""What is fetched from strangers, and how much of it: the bounds that differ from kind to kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of document."""

    media_type: str
    most_bytes: int
    """Of the body, decompressed."""
    plain_http: bool = False
    """Whether `http` will do, because the document is signed by itself."""


PEM_CHAIN: Final = Kind("application/pem-certificate-chain", 65_536)
"""The largest chain in use is about 6 kB."""
REVOCATION_LIST: Final = Kind("application/pkix-crl", 50_000_000, plain_http=True)
"""RFC 5280 section 4.2.1.13. More than a million entries; as much as is read from a file."""
TRUST_LIST: Final = Kind("application/jose+json", 5_000_000)
"""ATIS-1000084. A list of a few dozen authorities is about 100 kB."""
TN_LIST: Final = Kind("application/tnauthlist", 1_000_000)
"""RFC 8226 section 10. Some fifty thousand numbers."""
