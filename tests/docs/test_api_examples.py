"""The examples of docs/api.md and README.md, run as they stand against a node."""

from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path

import pytest

from gateway.control.api.doors import ROOMS
from tests.docs.pages import PROJECT, blocks, rows
from tests.gateway_node import GatewayNode, running_node

CALL_PLANE = (
    "/stir/v1/signing",
    "/stir/v1/verification",
    "/v1/verdicts",
    "/v1/call-events",
    "/v1/signatures",
    "/livez",
    "/readyz",
)
UNLIKE = frozenset(
    {"elapsed_ms", "milliseconds", "pid", "rows", "sequence", "id", "weight", "last_reload", "generation"}
)
"""Members whose value differs from run to run: of these only the type is compared."""
ASKED_AGAIN = ("/verdicts", "/readyz", "/dialplan/")
"""What may lack evidence: of a node that has just started, or on busy cores."""


def examples(page: str) -> list[tuple[str, object]]:
    """Each shell block that is followed by its answer, in JSON or in lines of text."""
    found: list[tuple[str, object]] = []
    shell = ""
    for language, content in blocks((PROJECT / page).read_text()):
        if language == "sh":
            shell = content
        elif language == "json" and shell:
            found.append((shell, json.loads(content)))
            shell = ""
        elif language == "text" and shell:
            found.append((shell, content.splitlines()))
            shell = ""
    return found


def resources(page: str) -> set[tuple[str, str]]:
    """Method and path of each resource in the first table of the page."""
    found: set[tuple[str, str]] = set()
    for cells in rows(page.split("\n## ", maxsplit=1)[0]):
        methods: list[str] = []
        for text in re.findall(r"`([^`]+)`", cells[0]):
            method, _, path = text.partition(" ")
            methods.append(method)
            found |= {(each, path) for each in methods if path}
            methods = [] if path else methods
    return found


def test_every_resource_of_the_control_listener_is_listed_and_no_other() -> None:
    routes = [route for room in ROOMS for route in room.ROUTES]
    there = {(each.method, re.sub(r"\{(\w+):.*?\}(?=/|$)", r"{\1}", each.path)) for each in routes}
    listed = resources((PROJECT / "docs" / "api.md").read_text())
    of_calls = {path for path in CALL_PLANE if path not in {"/livez", "/readyz"}}
    assert {each for each in listed if each[1] not in {*of_calls, "/certs/{name}"}} == there
    assert of_calls <= {path for _, path in listed}


def is_like(printed: object, answered: object) -> bool:
    """Whether the answer is the printed one, but for `…` in texts and the values that differ."""
    if isinstance(printed, dict) and isinstance(answered, dict):
        return printed.keys() == answered.keys() and all(
            type(value) is type(answered[key]) if key in UNLIKE else is_like(value, answered[key])
            for key, value in printed.items()
        )
    if isinstance(printed, list) and isinstance(answered, list):
        return len(printed) == len(answered) and all(map(is_like, printed, answered))
    if isinstance(printed, str) and isinstance(answered, str):
        return re.fullmatch(".*".join(map(re.escape, printed.split("…"))), answered, re.DOTALL) is not None
    return printed == answered and type(printed) is type(answered)


def run(node: GatewayNode, script: str) -> str:
    variables = {"CALLS": node.calls_url, "CONTROL": node.control_url, "TOKEN": node.token}
    here = script.replace("http://127.0.0.1:8080", node.calls_url)
    done = subprocess.run(
        ["bash", "-euc", here],
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", **variables},
        cwd=node.directory,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("page", ["docs/api.md", "docs/switches/dialects.md", "README.md"])
def test_every_example_answers_what_its_page_prints(page: str, tmp_path: Path) -> None:
    found = examples(page)
    assert found, "the page has no examples"
    with running_node(tmp_path) as node:
        before = ""  # a later example may use a variable of an earlier one, such as $IDENTITY
        for shell, printed in found:
            for _ in range(20 if any(each in shell for each in ASKED_AGAIN) else 1):
                answer = run(node, before + shell).strip().splitlines()
                read = answer if isinstance(printed, list) else json.loads(answer[-1])
                if is_like(printed, read):
                    break
                time.sleep(0.5)
            assert is_like(printed, read), f"{shell}\nanswered {answer}"
            before += "".join(re.findall(r"^[A-Z_]+=\$\(.*?\)\n", shell, re.MULTILINE | re.DOTALL))
