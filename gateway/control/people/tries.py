"""How often somebody may try to sign in, counted in the record for all processes and nodes together.

There is no locking of an account: whoever could lock one could keep its owner out. What is counted is one
account from one address, and one address whatever the account, unless that is loopback or a Unix socket, by
which a proxy asks for everybody. Somebody who has signed in with a browser before is known by its device
cookie, and is counted by that alone: a stranger at the same address, or behind the same proxy, uses up none
of its tries.

A try is counted before the password is looked at, so that many at once are not evaluated more often; a
successful one gives its tries back.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.control.addresses import asks_for_everybody, hidden, site_of
from gateway.control.commands.problems import CommandError, Trouble
from gateway.record.attempts import count_attempts, forget_attempts, note_attempts
from gateway.registry.codes import Limit

_QUARTER: Final = 900
BY_ACCOUNT_AND_ADDRESS: Final = Limit(10, _QUARTER)
BY_DEVICE: Final = Limit(10, _QUARTER)
BY_ADDRESS: Final = Limit(100, _QUARTER)
SIGN_UPS_OF_AN_ADDRESS: Final = Limit(10)
CODES_OF_A_SESSION: Final = Limit(5)
"""After them the password is asked again."""
CODES_OF_A_PERSON: Final = Limit(30)
"""From devices it is not known by, by whoever has its password: a chance of 1 in 11,000 within an hour."""


class Try(Enum):
    """What became of a try."""

    TAKEN = auto()
    FIRST_REFUSED = auto()
    """The first one too many: told once, in the audit."""
    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class Counted:
    """Under what a try is counted, and how many there may be."""

    purpose: str
    subject: str
    limit: Limit


def by_device(device_hash: str) -> tuple[Counted, ...]:
    """For somebody who has signed in with this browser before."""
    return (Counted("sign-in-device", device_hash, BY_DEVICE),)


def by_address(email: str, address: str | None) -> tuple[Counted, ...]:
    """For everybody else."""
    site = site_of(address)
    pair = Counted("sign-in-pair", hidden(email, site), BY_ACCOUNT_AND_ADDRESS)
    return (
        (pair,)
        if asks_for_everybody(address)
        else (pair, Counted("sign-in-address", hidden(site), BY_ADDRESS))
    )


def of_codes(session_hash: str, person_id: int, *, is_known: bool) -> tuple[Counted, ...]:
    """For the code after the password."""
    session = Counted("totp-session", session_hash, CODES_OF_A_SESSION)
    return (session,) if is_known else (session, Counted("totp-person", str(person_id), CODES_OF_A_PERSON))


def of_passwords(session_hash: str) -> tuple[Counted, ...]:
    """For the password that is asked again of somebody who is signed in."""
    return (Counted("password-session", session_hash, BY_DEVICE),)


def of_sign_ups(address: str | None) -> tuple[Counted, ...]:
    """For owners who sign up by themselves."""
    return (Counted("sign-up", hidden(site_of(address)), SIGN_UPS_OF_AN_ADDRESS),)


async def count_try(transaction: AsyncConnection, counted: tuple[Counted, ...], *, now: int) -> Try:
    """Count one more, or say that it is one too many."""
    tried = [
        await count_attempts(transaction, each.purpose, each.subject, since=now - each.limit.seconds)
        for each in counted
    ]
    over = [times - each.limit.most for times, each in zip(tried, counted, strict=True)]
    if max(over) > 0:
        return Try.REFUSED
    await note_attempts(transaction, [(each.purpose, each.subject) for each in counted], now=now)
    return Try.TAKEN if max(over) < 0 else Try.FIRST_REFUSED


def too_many_tries() -> CommandError:
    """What is said to somebody who is refused."""
    return CommandError(
        "Too many tries from here. Wait a quarter of an hour, then try again.", trouble=Trouble.TOO_OFTEN
    )


async def give_back(transaction: AsyncConnection, counted: tuple[Counted, ...]) -> None:
    """Forget the tries of who has come in; those of the whole address stay."""
    for each in counted:
        if each.purpose != "sign-in-address":
            await forget_attempts(transaction, each.purpose, each.subject)
