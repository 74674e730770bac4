"""What a check of `switch-test` makes of an answer: whether it is good, and what it says in each dialect."""

from __future__ import annotations

import json
from typing import Any

from gateway.cli.switch_end import Answer
from gateway.web.problems import PROBLEM_JSON


class Failed(Exception):
    """The check did not go as a switch needs it; a clause."""


class Skipped(Exception):
    """The check could not be made; a clause with what would help."""


def below_500(answer: Answer) -> None:
    """Raises Failed for an answer that a switch takes for a server out of order."""
    if answer.status >= 500:
        raise Failed(f"answered with {answer.status}, which takes a server out of some switches' rotation")


def let_in(answer: Answer) -> None:
    """Raises Failed where the gateway does not know this switch."""
    if answer.status == 401:
        raise Failed(
            "the gateway does not know this switch (401): give its token with --token, "
            "or name its address in trunks.toml"
        )


def ok(answer: Answer) -> Answer:
    """Give an answer that is 200. Raises Failed, or Skipped for what this credential may not ask."""
    below_500(answer)
    let_in(answer)
    if answer.status == 403:
        raise Skipped(f"this credential may not ask that: {text_of(answer)}")
    if answer.status != 200:
        raise Failed(f"answered with {answer.status}: {text_of(answer)}")
    return answer


def signed(answer: Answer) -> Answer:
    """The same of an answer to a call that was to be signed."""
    if answer.status == 403:
        raise Skipped(
            f"the gateway does not sign this call: {text_of(answer)}. --orig names a number that this switch "
            "may sign; its credential needs the scope call:sign"
        )
    return ok(answer)


def text_of(answer: Answer) -> str:
    """The beginning of the body on one line."""
    return " ".join(answer.body[:200].decode("utf-8", "replace").split())


def json_of(answer: Answer) -> dict[str, Any]:
    """The body as a JSON object. Raises what shows that it is none."""
    document = json.loads(answer.body)
    if not isinstance(document, dict):
        raise TypeError("not an object")
    return document


def object_in(answer: Answer, name: str) -> dict[str, Any]:
    """A JSON object within the body. Raises likewise."""
    inner = json_of(answer)[name]
    if not isinstance(inner, dict):
        raise TypeError("not an object")
    return inner


def lines_of(answer: Answer) -> dict[str, str]:
    """The body as `key=value` lines. Raises ValueError."""
    return dict(line.split("=", 1) for line in answer.body.decode().splitlines())


def atis_error(answer: Answer) -> object:
    """The message id of an error in the form of ATIS-1000082."""
    return next(iter(object_in(answer, "requestError").values()))["messageId"]


def ms_error(answer: Answer) -> object:
    """The error of 3GPP's form."""
    return json_of(answer)["error"]


def own_error(answer: Answer) -> object:
    """The title of the gateway's own errors (RFC 9457)."""
    if not answer.headers["content-type"].startswith(PROBLEM_JSON):
        raise ValueError("not problem details")
    return json_of(answer)["title"]


def line_error(answer: Answer) -> object:
    """The error of the one-line form."""
    return lines_of(answer)["error"]


def failed(answer: Answer) -> None:
    """Raises ValueError for anything but secsipidx's own two answers."""
    if answer.body not in {b"FAILED\n\n", b"too few tokens\n"}:
        raise ValueError("neither of its two answers")
