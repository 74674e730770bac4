"""Prints docs/reasons.md from `gateway/reasons.py`: `python docs/make_reasons.py > docs/reasons.md`.

A test compares the page with what this prints, so the page cannot say anything the gateway does not.
"""  # noqa: INP001 - a script beside the pages, not a part of the package

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from gateway import reasons
from gateway.reasons import REASONS, Reason, ServiceException
from gateway.verdicts.rules import RULES

IDENTITY = """\
Given by `POST /stir/v1/verification` as `reasoncode`, `reasontext` and `reasondesc`, and by
`POST /v1/verdicts` under `reasons`. A failed verification is a successful answer: HTTP 200. Case is the
error case of ATIS-1000082, cause the SIP cause of RFC 8224 section 6.2.2."""
ATTESTATION = """\
In the log line and the metrics of a signed call, and, for a refusal, in `POL0001`."""
EXTENSIONS = """\
Given by `POST /v1/signatures` under `reasons`, and in the log line and the metrics of the call. A diversion
may also be refused for what stands in the call's other Identity headers, with the codes above."""
VERDICT = """\
In the order in which they are asked; the first whose effect is not `none` decides. What each does to a
call says `policy.toml`."""
EXCEPTIONS = """\
The `requestError` of ATIS-1000082's resources. Texts keep `%1` and `%2` as they stand; the values are
in `variables`. The gateway's own resources say the same with `application/problem+json` (RFC 9457)."""


def main() -> None:
    """Write the page to standard output."""
    sys.stdout.write("\n".join(page()) + "\n")


def page() -> Iterator[str]:
    """The page's lines."""
    yield "# Reasons"
    yield ""
    yield "Every code the gateway answers, logs and counts with, once. Made from `gateway/reasons.py` by"
    yield "`python docs/make_reasons.py`; a code never changes its meaning."
    of_rules = [reason for _, given in RULES for reason in given]
    others = [reason for reason in REASONS.values() if reason not in of_rules]
    yield from _group("What an Identity header proves", IDENTITY, _beginning("stir.", others))
    yield from _group("Which attestation was given", ATTESTATION, _beginning("attest.", others))
    yield from _group("What else was signed", EXTENSIONS, _beginning("sign.", others))
    yield from _group("The rules of a verdict", VERDICT, of_rules)
    yield from ("", "## Requests that were not understood", "", EXCEPTIONS, "")
    yield from ("| `messageId` | HTTP | Family | Text |", "|---|---|---|---|")
    for each in vars(reasons).values():
        if isinstance(each, ServiceException):
            yield f"| `{each.message_id}` | {each.status} | `{each.family}` | {each.text} |"


def _beginning(prefix: str, found: Iterable[Reason]) -> list[Reason]:
    return [reason for reason in found if reason.code.startswith(prefix)]


def _group(title: str, text: str, found: Iterable[Reason]) -> Iterator[str]:
    yield from ("", f"## {title}", "", text)
    for reason in found:
        yield from _reason(reason)


def _reason(reason: Reason) -> Iterator[str]:
    yield from ("", f"### `{reason.code}`", "", reason.words)
    if reason.remedy:
        yield from ("", f"*What to do:* {reason.remedy}")
    facts = []
    if reason.case is not None:
        facts.append(f"case {reason.case}")
    if reason.cause is not None:
        facts.append(f"cause {reason.cause.code} {reason.cause.phrase}")
    if reason.verstat is not None:
        facts.append(f"`{reason.verstat.value}`")
    if reason.description:
        facts.append(f"`reasondesc`: “{reason.description}”")
    if facts:
        yield from ("", " · ".join(facts))


if __name__ == "__main__":
    main()
