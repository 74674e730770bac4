"""A TNAuthList that stands elsewhere: RFC 8226 section 10, authority information access id-ad-stirTNList.

The certificate names an https address that serves the list as `application/tnauthlist`, the DER that
`parse_tn_auth_list` reads. Fetching is not done here, and the address is
a stranger's: it comes out only for a certificate whose path leads to an anchor, and whoever fetches holds
it against the rules of `gateway.certificates.x5u` first.

A list in the certificate itself counts alone: an address beside it could only widen what was signed.

Differs from RFC 8226 section 10: a list elsewhere that names a provider code is refused. Nobody signs what
the address serves, and a code speaks for every number; numbers are what changes too often to be signed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from gateway.certificates.tnauthlist import (
    TN_AUTH_LIST_OID,
    TnAuthList,
    TnAuthListError,
    parse_tn_auth_list,
)

STIR_TN_LIST_OID: Final = x509.ObjectIdentifier("1.3.6.1.5.5.7.48.14")
MEDIA_TYPE: Final = "application/tnauthlist"

_CODE_ELSEWHERE: Final = "The TNAuthList names a provider code and is not in the certificate."

FetchedLists: TypeAlias = Mapping[str, TnAuthList]
"""Lists that were fetched, by the address they came from."""


@dataclass(frozen=True, slots=True)
class ListElsewhere:
    """A list that has not been obtained; the addresses are alternatives, the preferred one first."""

    urls: tuple[str, ...]


def find_tn_auth_list(
    extensions: Iterable[x509.Extension[x509.ExtensionType]], fetched: FetchedLists
) -> TnAuthList | TnAuthListError | ListElsewhere | None:
    """Give the list in or behind a certificate, why it cannot be read, where to fetch it, or None."""
    urls: tuple[str, ...] = ()
    for extension in extensions:
        if extension.oid == TN_AUTH_LIST_OID and isinstance(extension.value, x509.UnrecognizedExtension):
            try:
                return parse_tn_auth_list(extension.value.value)
            except TnAuthListError as error:
                return error
        if extension.oid == ExtensionOID.AUTHORITY_INFORMATION_ACCESS and isinstance(
            extension.value, x509.AuthorityInformationAccess
        ):
            urls = _urls(extension.value)
    if not urls:
        return None
    for url in urls:
        if url in fetched:
            found = fetched[url]
            return found if not found.spcs else TnAuthListError(_CODE_ELSEWHERE)
    return ListElsewhere(urls)


def _urls(access: x509.AuthorityInformationAccess) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(
            description.access_location.value
            for description in access
            if description.access_method == STIR_TN_LIST_OID
            and isinstance(description.access_location, x509.UniformResourceIdentifier)
            and description.access_location.value.startswith("https://")
        )
    )
