"""Passwords: argon2id (RFC 9106), off the event loop, and the same work whoever is asked for."""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from gateway.control.commands.problems import CommandError

SHORTEST: Final = 12
LONGEST: Final = 200
"""Longer is no safer, and hashing a megabyte is work for nothing."""
FEWEST_DIFFERENT: Final = 6
_MADE_OF: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without what is mistaken for something else."""

_HASHERS: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")
"""Each takes 64 MiB and a core for a moment; however many sign in, the event loop goes on."""
_HASHER: Final = PasswordHasher()
"""The library's defaults: RFC 9106 section 4, the second recommended choice."""


def check_password(password: str, *, email: str) -> str:
    """Return it if it may be a password. Raises CommandError.

    By NIST SP 800-63B section 3.1.1.2: length, no kinds of characters, nothing that is guessed first.
    """
    if len(password) < SHORTEST:
        raise CommandError(f"has at least {SHORTEST} characters: several words are good", "/password")
    if len(password) > LONGEST:
        raise CommandError(f"has at most {LONGEST} characters", "/password")
    if len(set(password)) < FEWEST_DIFFERENT:
        raise CommandError("is too easily guessed: it repeats few characters", "/password")
    name = email.partition("@")[0].lower()
    if len(name) > 3 and name in password.lower():
        raise CommandError("is too easily guessed: it has your e-mail address in it", "/password")
    return password


def made_password() -> str:
    """A password of 118 random bits, in groups that can be read out, for somebody to change."""
    groups = ("".join(secrets.choice(_MADE_OF) for _ in range(6)) for _ in range(4))
    return "-".join(groups)


async def hash_password(password: str) -> str:
    """Return what is stored of a password."""
    return await asyncio.get_running_loop().run_in_executor(_HASHERS, _HASHER.hash, password)


async def is_password(typed: str, *, stored: str | None) -> bool:
    """Whether this is the password; without one stored, No after the same work."""
    if len(typed) > LONGEST:
        typed = ""
    return await asyncio.get_running_loop().run_in_executor(_HASHERS, _verify, typed, stored)


def _verify(typed: str, stored: str | None) -> bool:
    try:
        return _HASHER.verify(stored or _nobodys(), typed) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    return _HASHER.hash(secrets.token_hex())
