"""How old anchors, revocation lists and trust lists are, and whether a throw-away root is trusted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.doctor.diagnosis import DAY_SECONDS, Diagnosis, attention, good, lasting, wrong

ANCHORS: Final = "trust anchors"
CRLS: Final = "revocation lists"
TRUST_LISTS: Final = "trust lists"
SOON_SECONDS: Final = 30 * DAY_SECONDS


@dataclass(frozen=True, slots=True)
class AnchorSeen:
    """An authority that is believed."""

    subject: str
    not_after: int


@dataclass(frozen=True, slots=True)
class CrlSeen:
    """A revocation list in force."""

    file: str
    """Its file, or the address it was fetched from."""
    next_update: int | None
    grace_seconds: int


@dataclass(frozen=True, slots=True)
class TrustListSeen:
    """A trust list that a domain goes by; `exp` None: never obtained."""

    domain: str
    source: str
    exp: int | None
    grace_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustSeen:
    """Everything the node would believe by if it started now. Times are epoch seconds."""

    anchors: tuple[AnchorSeen, ...]
    development_root: str
    """The path of the throw-away root among the anchors; empty where it is not trusted."""
    is_on_loopback: bool
    """Whether only this machine reaches the listener for calls."""
    crls: tuple[CrlSeen, ...]
    never_obtained: tuple[str, ...]
    """Addresses of `[trust] crl_urls` of which no list is kept."""
    trust_lists: tuple[TrustListSeen, ...]


def judge_trust(seen: TrustSeen, *, now: int) -> Iterator[Diagnosis]:
    """Anchors, then lists."""
    yield from _judge_anchors(seen, now)
    yield from _judge_crls(seen, now)
    yield from _judge_trust_lists(seen.trust_lists, now)


def _judge_anchors(seen: TrustSeen, now: int) -> Iterator[Diagnosis]:
    if seen.development_root and not seen.is_on_loopback:
        yield wrong(
            ANCHORS,
            f"{seen.development_root} is trusted, and calls come from beyond this machine: whoever has its "
            "files can sign for any number.",
            f"rm {seen.development_root} && callmark reload",
        )
    ended = [each for each in seen.anchors if each.not_after < now]
    ending = [each for each in seen.anchors if now <= each.not_after < now + SOON_SECONDS]
    for each in ended:
        yield attention(ANCHORS, f"{each.subject} ended {lasting(now - each.not_after)} ago.", _LOOK)
    for each in ending:
        yield attention(ANCHORS, f"{each.subject} ends in {lasting(each.not_after - now)}.", _LOOK)
    if not ended and not ending:
        yield good(ANCHORS, f"{len(seen.anchors)} trusted, none ends soon.")


_LOOK: Final = "callmark config show | grep anchors_directory"


def _judge_crls(seen: TrustSeen, now: int) -> Iterator[Diagnosis]:
    is_fine = True
    for each in seen.crls:
        overdue = 0 if each.next_update is None else now - each.next_update
        if overdue > 0:
            is_fine = False
            state = wrong if overdue > each.grace_seconds else attention
            then = "is used no longer" if overdue > each.grace_seconds else "is used on with a warning"
            words = f"{each.file} is overdue by {lasting(overdue)}, and {then}."
            is_url = each.file.startswith(("https://", "http://"))
            yield state(CRLS, words, "callmark reload" if is_url else f"ls -l {each.file}")
    for url in seen.never_obtained:
        is_fine = False
        yield wrong(CRLS, f"{url} ([trust] crl_urls) was never obtained.", f"curl -v -o /dev/null {url}")
    if is_fine and seen.crls:
        ends = [each.next_update for each in seen.crls if each.next_update is not None]
        until = f"; the first is to be replaced in {lasting(min(ends) - now)}" if ends else ""
        yield good(CRLS, f"{len(seen.crls)} in force{until}.")
    elif is_fine and not seen.development_root:
        yield attention(
            CRLS,
            "None is at hand: until one is fetched, no certificate is known to be revoked. Name the STI-PA's "
            "in [trust] crl_urls.",
            "callmark config show | grep crl_urls",
        )
    elif is_fine:
        yield good(CRLS, "None, and none is needed for the development certificates.")


def _judge_trust_lists(lists: tuple[TrustListSeen, ...], now: int) -> Iterator[Diagnosis]:
    for each in lists:
        look = f"curl -v -o /dev/null {each.source}" if "://" in each.source else f"ls -l {each.source}"
        if each.exp is None:
            words = f"That of the domain {each.domain} was never obtained: its authorities are not believed."
            yield wrong(TRUST_LISTS, words, look)
        elif now > each.exp + each.grace_seconds:
            words = f"That of the domain {each.domain} ended {lasting(now - each.exp)} ago: used no longer."
            yield wrong(TRUST_LISTS, words, look)
        elif now > each.exp:
            words = f"That of the domain {each.domain} ended {lasting(now - each.exp)} ago."
            yield attention(TRUST_LISTS, words, look)
        else:
            yield good(
                TRUST_LISTS, f"That of the domain {each.domain} is good for {lasting(each.exp - now)}."
            )
