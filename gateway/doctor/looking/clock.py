"""The kernel's word on the clock, and the Date of the servers that the configuration names."""

from __future__ import annotations

import asyncio
import ctypes
import ipaddress
import socket
import time
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from gateway.doctor.clock import ClockSeen, HostTime
from gateway.doctor.looking.surroundings import Surroundings
from gateway.generation.settings import Settings
from gateway.generation.trust_settings import named_domains

ANSWER_SECONDS: Final = 5.0
MOST_HOSTS: Final = 4
_ERROR: Final = 5
"""TIME_ERROR of adjtimex(2): the clock is not synchronised."""
_TIMEX_BYTES: Final = 256
"""Room for struct timex, whose first member, zero, says that nothing is to be changed."""


async def look_at_clock(around: Surroundings) -> ClockSeen:
    """Ask the kernel, and a few servers at once."""
    urls = configured_urls(around.settings)
    found = await asyncio.gather(*(time_of(url) for url in urls[:MOST_HOSTS]))
    return ClockSeen(
        is_kept=_is_kept(),
        hosts=tuple(each for each in found if each is not None),
        freshness_seconds=around.settings.verification.freshness_seconds,
    )


def configured_urls(settings: Settings) -> list[str]:
    """One address of each server that the configuration names, those of this machine left out."""
    trust_lists = [
        domain.trust_list_url for _, domain in named_domains(settings.trust, settings.trust_domain)
    ]
    urls = [url for url in (settings.signing.x5u, *settings.trust.crl_urls, *trust_lists) if url]
    by_host = {urlsplit(url).netloc: url for url in reversed(urls)}
    return [url for url in reversed(by_host.values()) if not is_of_this_machine(url)]


def is_of_this_machine(url: str) -> bool:
    """Whether the host is loopback by its name or its addresses: its clock is this one."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return all(ipaddress.ip_address(str(each[4][0]).partition("%")[0]).is_loopback for each in found)


async def time_of(url: str) -> HostTime | None:
    """What the clock of this server says; None where it says nothing."""
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    # Any answer has a Date, a refusal too; whose certificate it is does not matter for looking at a clock.
    try:
        async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session:
            began = time.time()
            async with session.head(url, allow_redirects=False, ssl=False) as response:
                ended = time.time()
                said = parsedate_to_datetime(response.headers["Date"]).timestamp()
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError, KeyError):
        return None
    middle, spread = (began + ended) / 2, (ended - began) / 2
    # The header's second had begun: on average it is half over.
    return HostTime(urlsplit(url).netloc, middle - said - 0.5, spread + 0.5)


def _is_kept() -> bool | None:
    room = ctypes.create_string_buffer(_TIMEX_BYTES)
    try:
        answer: int = ctypes.CDLL(None, use_errno=True).adjtimex(room)
    except (OSError, AttributeError):
        return None
    return None if answer < 0 else answer != _ERROR
