"""A signing certificate as the profile's rules look at it: its extensions at hand, typed.

What is read here; what to think of it, in `gateway.certificates.profile`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from gateway.certificates.constraints import Constraints, ConstraintsError
from gateway.certificates.tn_reference import ListElsewhere, find_tn_auth_list
from gateway.certificates.tnauthlist import TnAuthList, TnAuthListError


@dataclass(frozen=True, slots=True)
class Leaf:
    """What the rules look at: a certificate with its extensions at hand."""

    certificate: x509.Certificate
    extensions: Mapping[x509.ObjectIdentifier, x509.Extension[x509.ExtensionType]]
    tn_auth_list: TnAuthList | TnAuthListError | ListElsewhere | None
    constraints: Constraints | ConstraintsError | None
    accepted_policies: frozenset[str]

    @property
    def key_usage(self) -> x509.KeyUsage | None:
        """The key usage extension, if there is one."""
        extension = self.extensions.get(ExtensionOID.KEY_USAGE)
        return extension.value if extension and isinstance(extension.value, x509.KeyUsage) else None

    @property
    def basic_constraints(self) -> x509.BasicConstraints | None:
        """The basic constraints extension, if there is one."""
        extension = self.extensions.get(ExtensionOID.BASIC_CONSTRAINTS)
        return extension.value if extension and isinstance(extension.value, x509.BasicConstraints) else None

    @property
    def policies(self) -> tuple[str, ...]:
        """The certificate policies, dotted; empty without the extension."""
        extension = self.extensions.get(ExtensionOID.CERTIFICATE_POLICIES)
        if extension is None or not isinstance(extension.value, x509.CertificatePolicies):
            return ()
        return tuple(policy.policy_identifier.dotted_string for policy in extension.value)

    @property
    def spcs(self) -> tuple[str, ...]:
        """The provider codes; empty when the list is missing, unreadable or not obtained."""
        return self.tn_auth_list.spcs if isinstance(self.tn_auth_list, TnAuthList) else ()


def tn_auth_list_of(certificate: x509.Certificate) -> TnAuthList | TnAuthListError | None:
    """Read the list in the certificate itself: the list, why it cannot be read, or None when it has none."""
    found = find_tn_auth_list(certificate.extensions, {})
    return None if isinstance(found, ListElsewhere) else found
