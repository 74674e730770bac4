"""Whether a path passes authority down as it may: RFC 8226 section 9, RFC 9060 sections 4 to 7, ATIS-1000092.

The lists of a path are gathered, whether they stand in the certificates or elsewhere, and each is held
against the one above it. What the leaf's own list then lets it say: `gateway.certificates.authority`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from cryptography import x509

from gateway.certificates.authority import NumberSet
from gateway.certificates.path import Path
from gateway.certificates.tn_reference import FetchedLists, ListElsewhere, find_tn_auth_list
from gateway.certificates.tnauthlist import TnAuthList, TnAuthListError
from gateway.reasons import DELEGATION_INVALID, TNAUTHLIST_INVALID, Finding


def judge_delegation(
    path: Path, own: TnAuthList | ListElsewhere, fetched: FetchedLists
) -> TnAuthList | ListElsewhere | Finding:
    """Judge the lists of a path: the leaf's `own`, which is still to be fetched, or why it is refused."""
    if isinstance(own, ListElsewhere):
        return own
    lists: list[TnAuthList | None] = [own]
    for certificate in path.certificates[1:]:
        found = find_tn_auth_list(certificate.extensions, fetched)
        if isinstance(found, ListElsewhere):
            return found
        if isinstance(found, TnAuthListError):
            return Finding(TNAUTHLIST_INVALID, f"an authority's: {found}")
        lists.append(found)
    problem = delegation_problem(lists)
    if problem is None and own.lists_numbers:
        problem = _key_identifier_problem(path)
    return own if problem is None else Finding(DELEGATION_INVALID, problem)


def delegation_problem(lists: Sequence[TnAuthList | None]) -> str | None:
    """Hold each list of a path, leaf first and anchor last, against the one above; None when all fit.

    Above the first list there is no limit: the authorities of SHAKEN have none. From there down each
    certificate has one, encompassed by the one above (RFC 9060 section 4). Numbers begin under a provider's
    code, or under an anchor's own list: that an authority of providers hands out numbers directly is
    nothing SHAKEN knows.
    """
    *below, above = lists
    for own in reversed(below):
        if own is None:
            if above is not None:
                return "a certificate below one with a TNAuthList has none"
        elif above is None:
            if own.lists_numbers:
                return "lists numbers that no certificate above it has delegated"
        elif not _encompasses(above, own):
            return "lists more than the TNAuthList above it"
        above = own
    return None


def _encompasses(above: TnAuthList, own: TnAuthList) -> bool:
    if not set(own.spcs) <= set(above.spcs):
        return False
    # Which numbers are a provider's is not known here: its authority has looked (RFC 9060 section 4.1).
    return bool(above.spcs) or NumberSet(above).encompasses(NumberSet(own))


def _key_identifier_problem(path: Path) -> str | None:
    """RFC 9060 section 5: each certificate's authority key identifier is the subject's of the next."""
    for certificate, issuer in pairwise(path.certificates):
        named = next(_authority_key_identifiers(certificate), None)
        own = next(_subject_key_identifiers(issuer), None)
        # An anchor is trusted by configuration and need not name its key.
        if named != own and not (issuer is path.certificates[-1] and None in (named, own)):
            return "the key identifiers of a certificate and the one above it are not the same"
    return None


def _authority_key_identifiers(certificate: x509.Certificate) -> Iterator[bytes | None]:
    for extension in certificate.extensions:
        if isinstance(extension.value, x509.AuthorityKeyIdentifier):
            yield extension.value.key_identifier


def _subject_key_identifiers(certificate: x509.Certificate) -> Iterator[bytes]:
    for extension in certificate.extensions:
        if isinstance(extension.value, x509.SubjectKeyIdentifier):
            yield extension.value.digest
