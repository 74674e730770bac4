"""Who is asking, and by which trunk: credentials to a trunk, once for each request.

A credential is a bearer token (looked up in the facts, so that a revoked one stops within a second), a
TLS client certificate or the address a connection comes from; a presented token that opens nothing is
refused, never overlooked in favour of the address. Which trunk then speaks is narrowed by the path's
prefix, and among what remains the most careful kind is taken; a switch may name another of its own, or
a more careful one, never a less careful one.
"""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final, Protocol

from aiohttp import web
from cryptography import x509

from gateway.facts.tokens import Scope, hash_token
from gateway.facts.values import FactsUnavailable, TokenFact
from gateway.generation.trunks import (
    AddressCredential,
    CertificateCredential,
    TokenCredential,
    Trunk,
)
from gateway.web.problems import Problem, forbidden, unauthenticated

CAREFULNESS: Final = {"access": 0, "customer": 1, "domestic": 2, "international": 3}
"""How little the gateway takes a trunk's word for, by kind."""
MOST_SPELLINGS: Final = 10_000
SWITCH_SCOPES: Final = frozenset({Scope.CALL_SIGN.value, Scope.CALL_VERIFY.value})
"""What a certificate or an address opens; everything else needs a token."""


class Tokens(Protocol):
    """Where tokens are looked up."""

    def token(self, token_hash: str, *, now: int) -> TokenFact | FactsUnavailable | None:
        """The token of this hash if it opens something at `now` (epoch seconds)."""


@dataclass(frozen=True, slots=True)
class _Caller:
    trunks: tuple[Trunk, ...]
    scopes: frozenset[str]


class Admission:
    """The trunks of one generation, by what opens them."""

    def __init__(self, trunks: Iterable[Trunk]) -> None:
        self._trunks = tuple(trunks)
        self._by_name: Mapping[str, Trunk] = {trunk.name: trunk for trunk in self._trunks}
        self._by_token: dict[str, tuple[Trunk, ...]] = {}
        self._certificates: list[tuple[CertificateCredential, Trunk]] = []
        self._addresses: list[tuple[AddressCredential, Trunk]] = []
        self._admitted: dict[tuple[str, Scope, str], tuple[TokenFact, Trunk, tuple[Trunk, ...]]] = {}
        for trunk in self._trunks:
            for credential in trunk.credentials:
                if isinstance(credential, TokenCredential):
                    name = credential.token_name
                    self._by_token[name] = (*self._by_token.get(name, ()), trunk)
                elif isinstance(credential, CertificateCredential):
                    self._certificates.append((credential, trunk))
                else:
                    self._addresses.append((credential, trunk))

    def trunk(
        self, request: web.BaseRequest, *, scope: Scope, prefix: str, tokens: Tokens, now: int
    ) -> tuple[Trunk, tuple[Trunk, ...]]:
        """The trunk a request speaks for, and all its credential opens. Raises Problem (401, 403, 503)."""
        authorization = request.headers.get("Authorization")
        if authorization is None:
            return self._choose(self._by_connection(request), scope, prefix)
        admitted = self._admitted.get((authorization, scope, prefix))
        # The same object: nothing about the token was read anew since it was admitted.
        if admitted is not None and tokens.token(admitted[0].hash, now=now) is admitted[0]:
            return admitted[1], admitted[2]
        fact = _token(authorization, tokens, now)
        trunk, own = self._choose(self._opened_by(fact), scope, prefix)
        # Only of tokens that exist: strangers cannot fill it, and a client's spellings are soon forgotten.
        if len(self._admitted) > MOST_SPELLINGS:
            self._admitted.clear()
        self._admitted[authorization, scope, prefix] = fact, trunk, own
        return trunk, own

    def _choose(self, caller: _Caller, scope: Scope, prefix: str) -> tuple[Trunk, tuple[Trunk, ...]]:
        if scope.value not in caller.scopes:
            raise forbidden(f"It lacks the scope {scope.value}.")
        candidates = [trunk for trunk in caller.trunks if trunk.url_prefix == prefix]
        if not candidates:
            raise forbidden("It belongs to no trunk with this address; see trunks.toml.")
        return max(candidates, key=lambda trunk: CAREFULNESS[trunk.kind]), caller.trunks

    def named(self, name: str | None, *, chosen: Trunk, own: tuple[Trunk, ...]) -> Trunk:
        """The trunk a switch names in its request, if it may; otherwise the chosen one."""
        trunk = None if name is None else self._by_name.get(name)
        if trunk is None:
            return chosen
        if trunk in own or CAREFULNESS[trunk.kind] > CAREFULNESS[chosen.kind]:
            return trunk
        return chosen

    def _opened_by(self, fact: TokenFact) -> _Caller:
        trunks = self._by_token.get(fact.name, ())
        bound = None if fact.trunk is None else self._by_name.get(fact.trunk)
        if bound is not None and bound not in trunks:
            trunks = (*trunks, bound)
        return _Caller(trunks, fact.scopes)

    def _by_connection(self, request: web.BaseRequest) -> _Caller:
        found = () if request.transport is None else self._trunks_of(request.transport)
        if not found:
            raise unauthenticated("Send `Authorization: Bearer …` with a token that has a call scope.")
        return _Caller(found, SWITCH_SCOPES)

    def _trunks_of(self, transport: object) -> tuple[Trunk, ...]:
        found: list[Trunk] = []
        get = getattr(transport, "get_extra_info")  # noqa: B009 - transports of two loops share no base
        tls = get("ssl_object")
        if self._certificates and isinstance(tls, ssl.SSLObject):
            der = tls.getpeercert(binary_form=True)
            if der:
                found.extend(self._by_certificate(der))
        peer = get("peername")
        if self._addresses and isinstance(peer, tuple):
            address = ip_address(peer[0].partition("%")[0])
            mapped = getattr(address, "ipv4_mapped", None)
            if mapped is not None:
                address = mapped
            found.extend(
                trunk
                for credential, trunk in self._addresses
                if any(address in network for network in credential.networks)
            )
        return tuple(dict.fromkeys(found))

    def _by_certificate(self, der: bytes) -> list[Trunk]:
        """TLS has checked that the certificate leads to [tls] client_ca_file; here only whose it is."""
        sha256 = hashlib.sha256(der).hexdigest()
        subject = x509.load_der_x509_certificate(der).subject.rfc4514_string()
        return [
            trunk
            for credential, trunk in self._certificates
            if sha256 == credential.sha256
            or (credential.subject is not None and subject == credential.subject)
        ]


def _token(authorization: str, tokens: Tokens, now: int) -> TokenFact:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise unauthenticated("Only the Bearer scheme is known here.")
    token_hash = hash_token(token.strip())
    fact = None if token_hash is None else tokens.token(token_hash, now=now)
    if isinstance(fact, FactsUnavailable):
        raise Problem(503, "facts-unavailable", "Credentials cannot be looked up at the moment.")
    if fact is None:
        raise unauthenticated("The token is unknown, expired or revoked.")
    return fact
