"""A TNAuthList that a certificate keeps elsewhere (RFC 8226 section 10), fetched by the rules for x5u.

It is kept with the chain it was fetched for and lives as long as that does. What it may say is decided in
`gateway.certificates.tn_reference`.
"""

from __future__ import annotations

from collections.abc import Iterable

from gateway.certificates.tnauthlist import TnAuthList, TnAuthListError, parse_tn_auth_list
from gateway.fetch.fetcher import CertificateFetcher, CertificateUnobtainableError
from gateway.fetch.kinds import TN_LIST


async def fetch_tn_list(fetcher: CertificateFetcher, urls: Iterable[str]) -> dict[str, TnAuthList] | None:
    """Give the first of these alternatives that can be had and read, by its address; None without any."""
    for url in urls:
        try:
            fetched = await fetcher.fetch(url, TN_LIST)
            return {url: parse_tn_auth_list(fetched.body)}
        except (CertificateUnobtainableError, TnAuthListError):
            continue
    return None
