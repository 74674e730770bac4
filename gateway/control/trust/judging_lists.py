"""Which revocation list may take the place of the one at hand.

One that is signed by a configured CRL issuer, an anchor, or the authority whose certificate pointed to it,
and that is neither older nor, before that one's end, another issuer's: whoever serves yesterday's list, or
somebody else's, would un-revoke what was revoked (RFC 5280 section 5).
"""

from __future__ import annotations

from collections.abc import Iterable

from cryptography import x509

from gateway.certificates.revocation import is_signed_by
from gateway.certificates.revocation_list import (
    RevocationList,
    RevocationListError,
    name_key,
    read_revocation_lists,
)


def judge_list(
    url: str,
    body: bytes,
    *,
    signers: Iterable[x509.Certificate],
    previous: RevocationList | None,
    may_be_a_copy: bool,
    now: int,
) -> RevocationList | str:
    """Say what was served at an address: the list that may take the last one's place, or why it may not.

    `may_be_a_copy`: the operator chose this address, which may serve a list that is published elsewhere.
    """
    try:
        lists = read_revocation_lists(url, body)
    except RevocationListError as error:
        return f"what its host serves {error}"
    if len(lists) != 1:
        return f"its host serves {len(lists)} lists in one file"
    [crl] = lists
    named = [signer for signer in dict.fromkeys(signers) if name_key(signer.subject) == crl.issuer]
    if not named:
        return (
            "its list is signed by an issuer that is neither configured nor the certificate's own authority"
        )
    if not any(is_signed_by(crl.crl, signer) for signer in named):
        return "the signature of its list does not fit the key of the list's issuer"
    if crl.urls and url not in crl.urls and not may_be_a_copy:
        return "its list says that it is published elsewhere"
    if crl.this_update > now:
        return "its list is dated in the future"
    if previous is not None and crl.this_update < previous.this_update:
        return "its list is older than the one at hand"
    if previous is not None and not _has_ended(previous, now) and not _speaks_for_as_many(crl, previous):
        return "its list is another one than that at hand, which has not ended"
    return crl


def _has_ended(crl: RevocationList, now: int) -> bool:
    return crl.next_update is not None and crl.next_update < now


def _speaks_for_as_many(crl: RevocationList, previous: RevocationList) -> bool:
    """Whether it can take the other's place: a good list of somebody else would un-revoke all of this one's.

    Never for as many: one of another issuer, or for fewer kinds of certificates or reasons (RFC 5280 section
    5.2.5).
    """
    return crl.issuer == previous.issuer and all(
        now or not before
        for now, before in (
            (crl.indirect, previous.indirect),
            (crl.complete, previous.complete),
            (crl.covers_leaves, previous.covers_leaves),
            (crl.covers_authorities, previous.covers_authorities),
        )
    )
