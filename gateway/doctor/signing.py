"""Whether this gateway can sign, and whether others can believe what it signs.

The key has to be the certificate's; the chain stands leaf first, each certificate followed by its issuer
(RFC 8555 section 9.1, ATIS-1000074), and is served at x5u exactly as it is signed with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from gateway.doctor.diagnosis import DAY_SECONDS, Diagnosis, attention, good, lasting, unknown, wrong

KEY: Final = "signing key"
CHAIN: Final = "signing chain"
X5U: Final = "x5u"
SOON_SECONDS: Final = 14 * DAY_SECONDS


@dataclass(frozen=True, slots=True)
class Served:
    """What came from one address."""

    where: str
    problem: str = ""
    """Why nothing came; empty when something did."""
    body: bytes = b""
    remarks: tuple[str, ...] = ()
    """How the answer departs from what is demanded: the content type, a coding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningSeen:
    """The files of `[signing]`, and what is served for them."""

    key_file: str
    certificate_file: str
    x5u: str
    key_problem: str
    """Why the key cannot sign for this certificate; empty when it can."""
    pem: bytes
    certificates: tuple[x509.Certificate, ...]
    served: Served | None
    """At x5u, by the rules that other verifiers go by; None where x5u is of this machine alone."""
    local: Served | None
    """By the repository listener of this node; None where it is off, or no node runs."""


def judge_signing(seen: SigningSeen, *, now: int) -> Iterator[Diagnosis]:
    """Key, chain, and what is served."""
    if seen.key_problem:
        yield wrong(
            KEY,
            seen.key_problem,
            f"diff <(openssl pkey -in {seen.key_file} -pubout) "
            f"<(openssl x509 -in {seen.certificate_file} -noout -pubkey)",
        )
    else:
        yield good(KEY, f"{seen.key_file} is the key of {seen.certificate_file}.")
    yield from _judge_chain(seen)
    yield from _judge_dates(seen, now)
    yield from _judge_served(seen)


def in_order(certificates: Sequence[x509.Certificate]) -> tuple[int, ...] | None:
    """The places of the certificates so that each is followed by its issuer; None where one is missing."""
    left = list(range(1, len(certificates)))
    order = [0]
    while left:
        above = [place for place in left if _issued(certificates[order[-1]], by=certificates[place])]
        if not above:
            return None
        order.append(above[0])
        left.remove(above[0])
    return tuple(order)


def _judge_chain(seen: SigningSeen) -> Iterator[Diagnosis]:
    order = in_order(seen.certificates)
    last = seen.certificates[-1]
    if order is None:
        yield wrong(
            CHAIN,
            f"{seen.certificate_file} is no chain: a certificate in it issued none of those before it.",
            "callmark certificates show",
        )
    elif order != tuple(range(len(seen.certificates))):
        parts = " ".join(f"part-{place:02}" for place in order)
        yield wrong(
            CHAIN,
            f"{seen.certificate_file} is not in order: each certificate has to be followed by its issuer.",
            f"csplit -sz -f part- {seen.certificate_file} '/-----BEGIN/' '{{*}}' && "
            f"cat {parts} > {seen.certificate_file} && rm part-?? && callmark reload",
        )
    elif len(seen.certificates) > 1 and last.issuer == last.subject:
        yield attention(
            CHAIN,
            f"{seen.certificate_file} ends with the root, which no verifier takes from there.",
            "callmark certificates show",
        )
    elif len(seen.certificates) == 1 and last.issuer != last.subject:
        yield attention(
            CHAIN,
            f"{seen.certificate_file} holds one certificate alone: whoever lacks its issuer cannot verify.",
            f"openssl x509 -in {seen.certificate_file} -noout -issuer -ext authorityInfoAccess",
        )
    else:
        yield good(CHAIN, f"{len(seen.certificates)} certificates, each followed by its issuer.")


def _judge_dates(seen: SigningSeen, now: int) -> Iterator[Diagnosis]:
    begin = max(int(each.not_valid_before_utc.timestamp()) for each in seen.certificates)
    end = min(int(each.not_valid_after_utc.timestamp()) for each in seen.certificates)
    renew = f"openssl x509 -x509toreq -in {seen.certificate_file} -signkey {seen.key_file} -out shaken.csr"
    if now > end:
        yield wrong(CHAIN, f"It ended {lasting(now - end)} ago: nothing signed with it is believed.", renew)
    elif now < begin:
        yield wrong(CHAIN, f"It begins in {lasting(begin - now)} only.", "date --utc")
    elif end - now < SOON_SECONDS:
        yield attention(CHAIN, f"It ends in {lasting(end - now)}.", renew)
    else:
        yield good(CHAIN, f"It is good for {lasting(end - now)}.")


def _judge_served(seen: SigningSeen) -> Iterator[Diagnosis]:
    export = "callmark certificates export /var/www/html"
    for each in (seen.served, seen.local):
        if each is None:
            continue
        if each.problem:
            yield wrong(X5U, f"{each.where}: {each.problem}.", f"curl -v {seen.x5u}")
        elif _normal(each.body) != _normal(seen.pem):
            mend = "callmark reload" if each is seen.local else export
            yield wrong(X5U, f"{each.where} serves another chain than calls are signed with.", mend)
        elif each.remarks:
            yield attention(X5U, f"{each.where}: {'; '.join(each.remarks)}.", f"curl -sI {seen.x5u}")
        else:
            yield good(X5U, f"{each.where} serves the chain that calls are signed with.")
    if seen.served is None and seen.local is None:
        yield unknown(
            X5U, f"{seen.x5u} is of this machine alone, and nothing serves it now.", "callmark serve"
        )


def _issued(certificate: x509.Certificate, *, by: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(by)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _normal(pem: bytes) -> bytes:
    """The same for the same certificates, whatever the ends of lines."""
    return b"\n".join(line.strip() for line in pem.splitlines() if line.strip())
