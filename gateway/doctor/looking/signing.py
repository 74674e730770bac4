"""The files of `[signing]`, and what is served at x5u: to the world, and by this node's own listener."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from gateway.certificates.chain import parse_chain
from gateway.control.reloading.files import Configuration
from gateway.control.reloading.signing_key import signing_problem
from gateway.control.repository import MEDIA_TYPE
from gateway.doctor.looking.clock import is_of_this_machine
from gateway.doctor.looking.surroundings import Surroundings
from gateway.doctor.signing import Served, SigningSeen
from gateway.fetch.fetcher import CertificateFetcher, CertificateUnobtainableError, FetchPolicy
from gateway.generation.settings import Settings, parse_listen_address, x5u_policy

ANSWER_SECONDS: Final = 5.0
_MOST_BYTES: Final = 65_536


async def look_at_signing(around: Surroundings) -> SigningSeen | None:
    """None where this gateway only verifies, or the configuration cannot be read."""
    configuration, signing = around.configuration, around.settings.signing
    if configuration is None or configuration.generation.signing is None or signing.x5u is None:
        return None
    pem = configuration.generation.signing.chain_pem
    served, local = await asyncio.gather(_public(signing.x5u, configuration), _local(around, signing.x5u))
    problem = signing_problem(configuration)
    return SigningSeen(
        key_file=signing.key_file or "",
        certificate_file=signing.certificate_file or "",
        x5u=signing.x5u,
        key_problem="" if problem is None else problem.message,
        pem=pem,
        certificates=parse_chain(pem),
        served=served,
        local=local,
    )


async def _public(x5u: str, configuration: Configuration) -> Served | None:
    """As other providers fetch it: by the rules of this gateway, which are theirs."""
    settings = configuration.settings
    if is_of_this_machine(x5u) and not settings.x5u.allow_private_addresses:
        return None
    tls_ca_file = settings.x5u.tls_ca_file
    policy = FetchPolicy(
        x5u=x5u_policy(settings),
        tls_ca_file=None if tls_ca_file is None else Path(tls_ca_file),
        fetch_timeout_ms=round(ANSWER_SECONDS * 1_000),
    )
    try:
        fetcher = CertificateFetcher(policy)
    except ValueError as error:
        return Served(x5u, problem=str(error))
    try:
        fetched = await fetcher.fetch(x5u)
    except CertificateUnobtainableError as error:
        return Served(x5u, problem=error.problem)
    finally:
        await fetcher.close()
    return Served(x5u, body=fetched.body, remarks=tuple(each.detail for each in fetched.warnings))


async def _local(around: Surroundings, x5u: str) -> Served | None:
    """From the listener itself, past names and authorities: whether the node publishes what it signs with."""
    url = repository_url(around.settings, urlsplit(x5u).path)
    if url is None or not around.is_running:
        return None
    where = f"The repository listener ({url})"
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
            session.get(url, ssl=context, allow_redirects=False) as response,
        ):
            if response.status != 200:
                return Served(where, problem=f"it answers with status {response.status}")
            body = await response.content.read(_MOST_BYTES)
            is_right = response.content_type == MEDIA_TYPE
            return Served(
                where, body=body, remarks=() if is_right else (f"the content type is not {MEDIA_TYPE}",)
            )
    except (aiohttp.ClientError, OSError, TimeoutError):
        return Served(where, problem="nobody answers there")


def repository_url(settings: Settings, path: str) -> str | None:
    """The repository listener's own address for this path; None where it is off."""
    if not settings.listen.repository:
        return None
    address = parse_listen_address(settings.listen.repository)
    host = str(address.host)
    if address.host.is_unspecified:
        host = "127.0.0.1" if address.host.version == 4 else "::1"
    return f"https://{f'[{host}]' if ':' in host else host}:{address.port}{path}"
