"""What `switch-test` tries, one function a check: it does what a switch does and says what it saw."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode
from uuid import uuid4

from gateway.cli.switch_answers import (
    Failed,
    atis_error,
    below_500,
    failed,
    json_of,
    let_in,
    line_error,
    lines_of,
    ms_error,
    object_in,
    ok,
    own_error,
    signed,
    text_of,
)
from gateway.cli.switch_end import Answer, NoAnswer, SwitchEnd, median
from gateway.web.problems import JSON

FORM: Final = "application/x-www-form-urlencoded"
PASSED: Final = "TN-Validation-Passed"
_ON_ONE_CONNECTION: Final = 20
_TIMED: Final = 100
_SLOW_PIECES: Final = 4
_SLOW_PAUSE: Final = 0.4


@dataclass(frozen=True, slots=True)
class Numbers:
    """Whom the calls are from and to; canonical with `+`."""

    orig: str
    dest: str


Check = Callable[[SwitchEnd, Numbers], str]
"""Gives what it saw, in words. Raises Failed, Skipped or NoAnswer."""


def heartbeat(end: SwitchEnd, numbers: Numbers) -> str:
    """Health, and the heartbeat of an SBC that knows only verification."""
    for path in ("/livez", "/readyz"):
        with end.connection() as line:
            answer = line.ask(end.request("GET", path, at_root=True))
        if answer.status != 200:
            raise Failed(f"GET {path} is answered with {answer.status}: {text_of(answer)}")
    asked = {"from": {"tn": numbers.orig}, "to": {"tn": [numbers.dest]}, "time": int(time.time())}
    answer = _post(end, "/stir/v1/verification", {"verificationRequest": asked})
    below_500(answer)
    let_in(answer)
    return (
        f"alive and ready; a verification without `identity` gets {answer.status}, which keeps it in service"
    )


def atis(end: SwitchEnd, numbers: Numbers) -> str:
    """Sign a call and verify it by ATIS-1000082."""
    now = int(time.time())
    asked = {"attest": "A", "orig": {"tn": numbers.orig}, "dest": {"tn": [numbers.dest]}, "iat": now}
    answer = _post(end, "/stir/v1/signing", {"signingRequest": asked | {"origid": str(uuid4())}})
    identity = str(object_in(signed(answer), "signingResponse")["identity"])
    verified = {"from": {"tn": numbers.orig}, "to": {"tn": [numbers.dest]}, "time": now, "identity": identity}
    answer = ok(_post(end, "/stir/v1/verification", {"verificationRequest": verified}))
    said = object_in(answer, "verificationResponse")
    if said.get("verstat") != PASSED:
        raise Failed(f"its own header gets {said.get('verstat')}: {said.get('reasondesc', '')}")
    head, _, rest = identity.partition(";")
    changed = verified | {"identity": f"{head[:-8]}AAAAAAAA;{rest}"}
    answer = ok(_post(end, "/stir/v1/verification", {"verificationRequest": changed}))
    if object_in(answer, "verificationResponse").get("verstat") == PASSED:
        raise Failed("a header whose signature was altered passes")
    return "signed and verified; an altered signature does not pass"


def ms(end: SwitchEnd, numbers: Numbers) -> str:
    """The same in 3GPP's form."""
    now = int(time.time())
    asked = {"ppt": "shaken", "attest": "A", "orig": {"tn": numbers.orig}, "dest": {"tn": [numbers.dest]}}
    answer = signed(_post(end, "/3gpp/stir/v1/signing", asked | {"iat": now}))
    identity = json_of(answer)["identityHeader"]
    asked = {"identityHeader": identity, "from": {"tn": numbers.orig}, "to": {"tn": numbers.dest}}
    said = json_of(ok(_post(end, "/3gpp/stir/v1/verification", asked | {"time": now})))
    if said.get("verstatValue") != PASSED:
        raise Failed(f"its own header gets {said.get('verstatValue')}")
    return "signed and verified"


def verdict(end: SwitchEnd, numbers: Numbers) -> str:
    """Ask for a verdict on a call without Identity header."""
    said = object_in(ok(_post(end, "/v1/verdicts", {"call": _call(numbers)})), "verdict")
    lacking = f", without {', '.join(said['degraded'])}" if said["degraded"] else ""
    return f"{said['action']}, {said['verstat']}{lacking}"


def dialplan(end: SwitchEnd, numbers: Numbers) -> str:
    """The same as a dialplan asks it, with a header it had signed."""
    fields = {"from": f"<sip:{numbers.orig}@switch.invalid>;tag=1", "to": numbers.dest}
    answer = end.ask("POST", "/dialplan/v1/signatures", urlencode(fields).encode(), media=FORM)
    identity = lines_of(signed(answer))["identity"]
    body = urlencode(fields | {"identity": identity, "id": str(uuid4())}).encode()
    said = lines_of(ok(end.ask("POST", "/dialplan/v1/verdicts", body, media=FORM)))
    if said["verstat"] != PASSED:
        raise Failed(f"its own header gets {said['verstat']}: {said['reason']}")
    with end.connection() as line:
        form = {"Accept": FORM}
        answer = line.ask(end.request("POST", "/dialplan/v1/verdicts", body, media=FORM, headers=form))
    if dict(parse_qsl(text_of(answer))).get("action") != said["action"]:
        raise Failed("the answer as one line is not the answer in lines")
    return f"signed and verified: {said['action']}; in lines and as one line"


def secsipidx(end: SwitchEnd, numbers: Numbers) -> str:
    """The two requests of secsipidx, unchanged."""
    line = f"{numbers.orig},{numbers.dest},A,,https://elsewhere.invalid/cert.pem".encode()
    identity = signed(end.ask("POST", "/v1/sign-csv", line, media=FORM)).body.strip()
    answer = end.ask("POST", "/v1/check", identity, media=FORM)
    if answer.body != b"OK\n":
        raise Failed(f"its own header gets {text_of(answer)}: {answer.headers.get('callmark-reason', '')}")
    answer = end.ask("POST", "/v1/check", b"garbage", media=FORM)
    below_500(answer)
    if answer.body != b"FAILED\n\n":
        raise Failed(f"garbage gets {text_of(answer)} instead of FAILED")
    return "signed and checked: OK; garbage: FAILED"


def keep_alive(end: SwitchEnd, numbers: Numbers) -> str:
    """Many calls on one connection."""
    with end.connection() as line:
        for count in range(1, _ON_ONE_CONNECTION + 1):
            answer = ok(line.ask(_verdict_request(end, numbers)))
            if not answer.keeps and count < _ON_ONE_CONNECTION:
                return f"after {count} calls the gateway asked for a new connection, as it may"
    return f"{_ON_ONE_CONNECTION} calls on one connection"


def pipelined(end: SwitchEnd, numbers: Numbers) -> str:
    """Three requests sent before the first answer is read."""
    ids = [f"pipelined-{number}" for number in range(3)]
    body = json.dumps({"call": _call(numbers)}).encode()
    with end.connection() as line:
        line.send(
            b"".join(
                end.request("POST", "/v1/verdicts", body, media=JSON, headers={"X-RequestID": each})
                for each in ids
            )
        )
        answers = [ok(line.receive()) for _ in ids]
    if [answer.headers.get("x-requestid") for answer in answers] != ids:
        raise Failed("the answers are not in the order of the requests")
    return "three answers in the order of their requests"


def slow(end: SwitchEnd, numbers: Numbers) -> str:
    """A request that arrives in pieces, and one that asks before it sends its body."""
    request = _verdict_request(end, numbers)
    size = len(request) // _SLOW_PIECES + 1
    pieces = [request[start : start + size] for start in range(0, len(request), size)]
    with end.connection() as line:
        line.send(*pieces, pause=_SLOW_PAUSE)
        ok(line.receive())
    body = json.dumps({"call": _call(numbers)}).encode()
    asking = end.request("POST", "/v1/verdicts", body, media=JSON, headers={"Expect": "100-continue"})
    with end.connection() as line:
        line.send(asking[: -len(body)], body, pause=_SLOW_PAUSE)
        ok(line.receive())
    seconds = _SLOW_PAUSE * (len(pieces) - 1)
    return f"answered, spread over {seconds:.1f} s; Expect: 100-continue too"


def malformed(end: SwitchEnd, numbers: Numbers) -> str:
    """What a broken switch sends: each is refused in its dialect's form, and the next call is answered."""
    wrong: list[tuple[str, bytes, Callable[[Answer], object]]] = [
        ("JSON cut off", end.request("POST", "/stir/v1/verification", b'{"x":', media=JSON), atis_error),
        (
            "no JSON at all",
            end.request("POST", "/stir/v1/signing", b"hello", media="text/plain"),
            atis_error,
        ),
        ("3GPP cut off", end.request("POST", "/3gpp/stir/v1/signing", b"{", media=JSON), ms_error),
        ("an unknown member", end.request("POST", "/v1/verdicts", b'{"cal": {}}', media=JSON), own_error),
        ("a form of nothing", end.request("POST", "/dialplan/v1/verdicts", b"x", media=FORM), line_error),
        ("too few values", end.request("POST", "/v1/sign-csv", b"1,2", media=FORM), failed),
        ("the wrong method", end.request("DELETE", "/v1/verdicts"), own_error),
        ("no such address", end.request("GET", "/nothing"), own_error),
        (
            "no length",
            end.request("POST", "/v1/verdicts", b"", media=JSON, with_length=False),
            own_error,
        ),
        ("no HTTP", b"INVITE sip:alice@example.org SIP/2.0\r\n\r\n", str),
    ]
    for name, request, in_form in wrong:
        with end.connection() as line:
            try:
                answer = line.ask(request)
            except NoAnswer as error:
                raise Failed(f"{name}: {error}") from error
        if not 400 <= answer.status < 500:
            raise Failed(f"{name} is answered with {answer.status}")
        try:
            in_form(answer)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Failed(f"{name}: the error has not the form of its dialect: {text_of(answer)}") from error
    ok(end.ask("POST", "/v1/verdicts", json.dumps({"call": _call(numbers)}).encode(), media=JSON))
    return (
        f"{len(wrong)} of {len(wrong)} refused with 4xx in their dialect's form; the next call was answered"
    )


def in_time(end: SwitchEnd, numbers: Numbers) -> str:
    """How long an answer takes, one call after another."""
    times: list[float] = []
    with end.connection() as line:
        for _ in range(_TIMED):
            answer = ok(line.ask(_verdict_request(end, numbers)))
            times.append(answer.ms)
            if not answer.keeps:
                break
    longest = max(times)
    words = f"{len(times)} verdicts: half within {median(times):.1f} ms, all within {longest:.1f} ms"
    if longest > 500:
        raise Failed(f"{words}; switches wait 500 ms")
    return words


CHECKS: Final[tuple[tuple[str, Check], ...]] = (
    ("Heartbeat", heartbeat),
    ("ATIS-1000082", atis),
    ("3GPP Ms", ms),
    ("Verdict", verdict),
    ("Dialplan", dialplan),
    ("secsipidx", secsipidx),
    ("Keep-alive", keep_alive),
    ("Pipelined", pipelined),
    ("Slow", slow),
    ("Malformed", malformed),
    ("Time", in_time),
)


def _call(numbers: Numbers) -> dict[str, object]:
    return {
        "id": f"switch-test-{uuid4()}",
        "from": {"tn": numbers.orig},
        "to": {"tn": [numbers.dest]},
        "time": int(time.time()),
    }


def _verdict_request(end: SwitchEnd, numbers: Numbers) -> bytes:
    body = json.dumps({"call": _call(numbers)}).encode()
    return end.request("POST", "/v1/verdicts", body, media=JSON)


def _post(end: SwitchEnd, path: str, document: object) -> Answer:
    return end.ask("POST", path, json.dumps(document).encode(), media=JSON)
