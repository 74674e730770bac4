"""A certificate chain in words: who, by whom, for whom, how long, and whether it ends at an anchor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from gateway.certificates.leaf import tn_auth_list_of
from gateway.certificates.reading import show
from gateway.certificates.tnauthlist import TnAuthList, TnAuthListError
from gateway.cli.inspection import Credential
from gateway.cli.wording import lasting, moment, row
from gateway.numbers.canonical import TelephoneNumber, to_e164


def certificate_lines(credential: Credential, *, now: int) -> Iterator[str]:
    """Lines for a person; `now` in epoch seconds is the moment validity is told for."""
    last = len(credential.certificates) - 1
    for position, certificate in enumerate(credential.certificates):
        anchor = credential.is_anchored and position == last
        role = "signing certificate" if position == 0 else "trust anchor" if anchor else "authority"
        yield f"  {position + 1}. {role}: {show(certificate.subject.rfc4514_string())}"
        if not anchor:
            yield row("   issuer", f"  {show(certificate.issuer.rfc4514_string())}")
        yield row("   valid", f"  {_validity(certificate, now)}")
        speaks_for = _speaks_for(certificate)
        if speaks_for:
            yield row("   for", f"  {speaks_for}")
        yield row("   serial", f"  {certificate.serial_number:x}")
        yield row("   SHA-256", f"  {certificate.fingerprint(SHA256()).hex()}")
    if credential.certificates:
        yield "  " + (
            "The path ends at a trust anchor."
            if credential.is_anchored
            else "No path leads from these certificates to a trust anchor."
        )


def certificate_document(certificate: x509.Certificate) -> Mapping[str, object]:
    """The same for a program; times in epoch seconds."""
    found = tn_auth_list_of(certificate)
    return {
        "subject": show(certificate.subject.rfc4514_string()),
        "issuer": show(certificate.issuer.rfc4514_string()),
        "serial": f"{certificate.serial_number:x}",
        "not_before": _seconds(certificate)[0],
        "not_after": _seconds(certificate)[1],
        "spc": list(found.spcs) if isinstance(found, TnAuthList) else [],
        "sha256": certificate.fingerprint(SHA256()).hex(),
    }


def _seconds(certificate: x509.Certificate) -> tuple[int, int]:
    first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return int(first.timestamp()), int(last.timestamp())


def _validity(certificate: x509.Certificate, now: int) -> str:
    first, last = _seconds(certificate)
    if now < first:
        state = f"begins {lasting(first - now)} later"
    elif now > last:
        state = f"ended {lasting(now - last)} earlier"
    else:
        state = f"{lasting(last - now)} left"
    return f"{moment(first)} to {moment(last)} ({state})"


def _speaks_for(certificate: x509.Certificate) -> str:
    found = tn_auth_list_of(certificate)
    if found is None:
        return ""
    if isinstance(found, TnAuthListError):
        return f"(its TNAuthList cannot be read: {found})"
    ranges = [
        f"{to_e164(numbers.start)} to {to_e164(TelephoneNumber(numbers.last))}" for numbers in found.ranges
    ]
    return ", ".join(
        [*(f"provider code {spc}" for spc in found.spcs), *ranges, *(to_e164(tn) for tn in found.ones)]
    )
