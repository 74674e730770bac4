"""The tests of a room, collected once; then for each mutant a process in which they run until one fails.

Run by `python -m mutation`, in mutants/: `python -m mutation.session ROOM [--anew]`. Verdicts are kept beside
the mutated files, where mutmut keeps its own. mutmut would run them too, but has pytest collect hundreds of
tests by name for each mutant, which takes longer than the tests.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol
from _pytest.warnings import catch_warnings_for_item
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state

SURVIVED, KILLED, UNREACHED, TIMED_OUT = 0, 1, 33, 36
"""As mutmut writes them: all tests passed, one failed, none calls the function, or it took far too long."""
UNNOTICED = (SURVIVED, UNREACHED)
"""What is run again, after everything that has not run yet: there may be a test for it now."""


@dataclass
class Mutants:
    """A pytest plugin that runs mutants in the place of tests."""

    room: str
    anew: bool
    seconds: dict[pytest.Item, float] = field(default_factory=dict)
    reaching: defaultdict[str, list[pytest.Item]] = field(default_factory=lambda: defaultdict(list))
    """The tests that call a function."""

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            raise session.Failed("not all tests could be collected")
        self._run_unchanged(session.items)
        files = {file: json.loads(file.read_text()) for file in Path("gateway", self.room).rglob("*.meta")}
        known = [
            (file, mutant, verdict)
            for file, kept in sorted(files.items())
            for mutant, verdict in kept["exit_code_by_key"].items()
        ]
        waiting = [(file, mutant) for file, mutant, verdict in known if verdict is None]
        again = [
            (file, mutant)
            for file, mutant, verdict in known
            if verdict in UNNOTICED or (self.anew and verdict is not None)
        ]
        for file, mutant in (*waiting, *again):
            files[file]["exit_code_by_key"][mutant] = self._judge(mutant)
            # Written whole and put in its place: a run may be stopped at any moment.
            written = file.with_suffix(".new")
            written.write_text(json.dumps(files[file], indent=4))
            written.replace(file)
        return True

    def _run_unchanged(self, items: Sequence[pytest.Item]) -> None:
        """Run every test once as it is, to see that it passes, how long it takes and what it calls."""
        set_mutant_under_test("stats")
        for item, following in _with_next(items):
            begun = time.process_time()
            if _fails(item, following):
                raise pytest.UsageError(f"{item.nodeid} fails without any mutant")
            self.seconds[item] = time.process_time() - begun
            for function in state()._stats:  # noqa: SLF001 - where mutmut's mutated functions leave their names
                self.reaching[function].append(item)
            state()._stats.clear()  # noqa: SLF001

    def _judge(self, mutant: str) -> int:
        """Run the tests that call the mutant's function, the quickest first."""
        tests = sorted(self.reaching[mutant.partition("__mutmut_")[0]], key=self.seconds.__getitem__)
        if not tests:
            return UNREACHED
        process = os.fork()
        if process == 0:
            limit = 5 + round(5 * sum(self.seconds[test] for test in tests))
            resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
            _run_mutant(mutant, tests)
        _, status = os.waitpid(process, 0)
        return TIMED_OUT if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def _run_mutant(mutant: str, tests: Sequence[pytest.Item]) -> None:
    """Run tests until one fails, and end this process with what came of it."""
    try:
        set_mutant_under_test(mutant)
        failed = any(_fails(test, following) for test, following in _with_next(tests))
    except BaseException:  # noqa: BLE001 - whatever leaves a test is noticed, an exit of the interpreter too
        failed = True
    os._exit(KILLED if failed else SURVIVED)


def _fails(item: pytest.Item, following: pytest.Item | None) -> bool:
    # As pytest's own loop has it: a test may let a warning pass.
    with catch_warnings_for_item(item.config, item.ihook, "runtest", item):
        return any(report.failed for report in runtestprotocol(item, log=False, nextitem=following))


def _with_next(items: Sequence[pytest.Item]) -> list[tuple[pytest.Item, pytest.Item | None]]:
    return list(zip(items, [*items[1:], None], strict=True))


if __name__ == "__main__":
    room = sys.argv[1]
    sys.exit(
        pytest.main(
            ["-q", "-p", "no:cacheprovider", f"tests/{room}"], plugins=[Mutants(room, "--anew" in sys.argv)]
        )
    )
