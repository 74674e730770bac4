"""The Dockerfile against the steps that are run without an engine."""

from __future__ import annotations

import re

from tests.docs.pages import PROJECT

DOCKERFILE = (PROJECT / "Dockerfile").read_text()


def test_everything_that_is_run_is_a_step_that_is_also_run_without_an_engine() -> None:
    steps = (PROJECT / "docker" / "steps.sh").read_text()
    run = re.findall(r"^RUN (.+)$", DOCKERFILE, re.MULTILINE)
    assert run
    for line in run:
        command, step, *_ = line.split()
        assert command == "docker/steps.sh"
        assert f"\n{step}() {{" in steps
        assert f"\n  {step} " in steps, f"the check leaves out {step}"


def test_what_is_copied_is_there_and_let_through() -> None:
    let_through = (PROJECT / ".dockerignore").read_text().splitlines()
    copied = [
        name
        for line in re.findall(r"^COPY (?!--from)(?:--\S+ )*(.+)$", DOCKERFILE, re.MULTILINE)
        for name in line.split()[:-1]
    ]
    assert copied
    for name in copied:
        assert (PROJECT / name).exists()
        assert f"!{name}" in let_through


def test_the_image_is_nobody_in_particular_and_stops_as_a_node_does() -> None:
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", DOCKERFILE, re.MULTILINE)
    assert "STOPSIGNAL SIGTERM" in DOCKERFILE
    assert "HEALTHCHECK" in DOCKERFILE
    assert "CALLMARK_LISTEN" not in re.sub(r"^#.*$", "", DOCKERFILE, flags=re.MULTILINE)
