"""For every test: properties without a stopwatch, and no network beyond loopback for the pure rooms."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

from tests.record_on_both import postgresql

__all__ = ["postgresql"]

# A busy machine is not a failing test; the failing example is printed so that it can be kept. In CI the
# examples are the same each time: a change is judged by what it changes, and new ones are found elsewhere.
settings.register_profile("callmark", deadline=None, print_blob=True, derandomize="CI" in os.environ)
settings.load_profile("callmark")

PURE_ROOMS = frozenset(
    {
        "attestation",
        "certificates",
        "generation",
        "numbers",
        "passport",
        "registry",
        "reputation",
        "verdicts",
        "verification",
    }
)

SHARING_ROOMS = frozenset({"browser", "calls", "hostile", "switches"})
"""Most tests of such a room ask one node: its files stay together, and the node is started once."""


class RoomScheduling(LoadFileScheduling):
    """Which tests one process gets together: those of a file, or of a room that shares a node."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        room = file.removeprefix("tests/").partition("/")[0]
        return room if room in SHARING_ROOMS else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> RoomScheduling:
    """`make test` runs as many processes as there are cores; docs/decisions/testing.md says why so."""
    return RoomScheduling(config, log)


@pytest.fixture(autouse=True)
def _no_socket_in_pure_rooms(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pure rooms prove in each of their tests that they open none."""
    rooms = Path(__file__).parent
    if request.path.is_relative_to(rooms) and request.path.relative_to(rooms).parts[0] in PURE_ROOMS:

        def refuse(*_: object, **__: object) -> None:
            raise AssertionError("a pure room opened a socket")

        monkeypatch.setattr(socket.socket, "connect", refuse)
        monkeypatch.setattr(socket.socket, "bind", refuse)
