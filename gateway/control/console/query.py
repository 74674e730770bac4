"""Which calls a page lists: read from its address, and written into addresses.

The address is the only place where filters live, so that it can be sent to a colleague and kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from gateway.control.journal.latest_calls import Sought
from gateway.control.pages.forms import Form
from gateway.journal import Record
from gateway.numbers.canonical import DiallingRules, NumberError, canonical

ROWS: Final = 50
MOST_PAGES: Final = 1_000
_MOST_SIGNS: Final = 256
SORTS: Final[Mapping[str, Callable[[Record], Any]]] = {
    "time": lambda record: record.time,
    "from": lambda record: record.orig or record.network_tn or "",
    "to": lambda record: record.dests,
    "trunk": lambda record: record.trunk,
    "action": lambda record: (record.action or "", record.attest or ""),
    "reason": lambda record: record.deciding or record.reason,
    "ms": lambda record: record.elapsed_ms,
}
"""What a table of calls can be sorted by; the name of its column."""
OF_NUMBERS: Final = frozenset({"from", "to"})
"""Those whose order tells something of the numbers."""
FILTERS: Final = ("tn", "trunk", "action", "reason", "operation", "verstat", "attest", "since", "until")


@dataclass(frozen=True, slots=True)
class CallsQuery:
    """Filters as they were typed, the order, and the page."""

    tn: str = ""
    trunk: str = ""
    action: str = ""
    reason: str = ""
    operation: str = ""
    verstat: str = ""
    attest: str = ""
    since: str = ""
    until: str = ""
    problems: bool = False
    sort: str = "-time"
    """The name of a column; with `-` the largest first."""
    page: int = 1

    @classmethod
    def read(cls, query: Mapping[str, str]) -> CallsQuery:
        """From an address; what no page of ours writes there is left out."""
        texts = {name: query.get(name, "").strip()[:_MOST_SIGNS] for name in FILTERS}
        texts["tn"] = written_number(query.get("tn", ""))[:_MOST_SIGNS]
        sort, number = query.get("sort", "-time"), query.get("page", "1")
        is_number = number.isascii() and number.isdigit() and len(number) <= 4
        return cls(
            **texts,
            problems=query.get("problems") == "true",
            sort=sort if sort.removeprefix("-") in SORTS else "-time",
            page=min(max(int(number), 1), MOST_PAGES) if is_number else 1,
        )

    def address(self, path: str = "/calls", **changes: object) -> str:
        """The address of this list, with something changed."""
        changed = replace(self, **changes)  # type: ignore[arg-type]
        usual = CallsQuery()
        given = {
            field.name: str(value).lower() if isinstance(value, bool) else str(value)
            for field in fields(changed)
            if (value := getattr(changed, field.name)) != getattr(usual, field.name)
        }
        return f"{path}?{urlencode(given)}" if given else path

    def sorted_by(self, column: str) -> str:
        """The address of the same list sorted by this column, or the other way round where it is already."""
        turned = (
            f"-{column}"
            if self.sort == column or (self.sort != f"-{column}" and column == "time")
            else column
        )
        return self.address(sort=turned, page=1)

    def sought(self, rules: DiallingRules, form: Form) -> Sought | None:
        """Which calls are meant; None, with the reason in `form`, where that cannot be read."""
        tn = None
        try:
            tn = canonical(self.tn, rules) if self.tn else None
        except NumberError as error:
            form.refuse("tn", f"Number {error.problem}.")
        since, until = (_moment(form, name, getattr(self, name)) for name in ("since", "until"))
        if not form.is_good:
            return None
        return Sought(
            tn=tn,
            trunk=self.trunk or None,
            action=self.action or None,
            reason=self.reason or None,
            operation=self.operation or None,
            verstat=self.verstat or None,
            attest=self.attest or None,
            since=since,
            until=until,
            only_problems=self.problems,
        )

    def order(self, records: Sequence[Record]) -> Sequence[Record]:
        """The calls in this query's order; those alike stay as they are."""
        column = self.sort.removeprefix("-")
        return sorted(records, key=SORTS[column], reverse=self.sort.startswith("-"))

    def rows(self, records: Sequence[Record]) -> Sequence[Record]:
        """Those of this query's page."""
        return self.order(records)[(self.page - 1) * ROWS : self.page * ROWS]


def written_number(text: str) -> str:
    """A number as people write it, without blanks; a plus in an address is one to whoever decodes it."""
    compact = "".join(text.split())
    return f"+{compact}" if text.startswith(" ") and compact[:1].isdigit() else compact


def _moment(form: Form, name: str, text: str) -> float | None:
    """Epoch seconds; a time without an offset is in UTC, as browsers' own fields send it."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        form.refuse(name, "Write a time as 2027-01-31T12:00, in UTC.")
        return None
