"""How old each list is that trust rests on: revocation lists, and the lists of authorities."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gateway.certificates.revocation_list import RevocationList
from gateway.control.trust.obtained import KeptTrustList
from gateway.control.trust.revocation_lists import Followed
from gateway.generation.texts import FETCHED


@dataclass(frozen=True, slots=True, kw_only=True)
class ListState:
    """One list, as it stands now. Times are epoch seconds."""

    kind: str
    """`crl` or `trust_list`."""
    name: str
    """Who issued it, or whose domain's it is."""
    source: str
    """Its address, or its file."""
    state: str
    """`fresh`, `overdue` (past its end) or `missing` (wanted and never had)."""
    issued_at: int | None = None
    ends_at: int | None = None
    problem: str = ""
    """Why the last look brought nothing."""


def trust_list_state(
    domain: str, source: str, kept: KeptTrustList | None, problem: str, *, now: float
) -> ListState:
    """A domain's list of authorities; `kept` is the last one that was believed."""
    return ListState(
        kind="trust_list",
        name=domain,
        source=source,
        state="missing" if kept is None else "overdue" if now > kept.exp else "fresh",
        ends_at=None if kept is None else kept.exp,
        problem=problem,
    )


def revocation_states(
    in_force: Iterable[RevocationList], followed: Iterable[Followed], *, now: int
) -> Iterator[ListState]:
    """The lists in force, and those that were looked for and never had."""
    looked_for = {each.url: each for each in followed}
    for crl in in_force:
        source = crl.file.removeprefix(FETCHED)
        looked = looked_for.get(source)
        overdue = crl.next_update is not None and crl.next_update < now
        yield ListState(
            kind="crl",
            name=crl.crl.issuer.rfc4514_string(),
            source=source,
            state="overdue" if overdue else "fresh",
            issued_at=crl.this_update,
            ends_at=crl.next_update,
            problem="" if looked is None else looked.problem,
        )
    for each in looked_for.values():
        if each.body is None and each.is_resting:
            yield ListState(kind="crl", name="", source=each.url, state="missing", problem=each.problem)
