"""SIPp → Kamailio with the recipe → another carrier's Kamailio → back → SIPp: calls at fifty a second.

Outgoing calls carry an Identity header that Kamailio's own secsipid module finds good; incoming ones are
verified and get `verstat`; forged ones are refused; diverted ones get their `div`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.gateway_node import GatewayNode
from tests.ports import free_port
from tests.switches.processes import (
    CLIENTS,
    HERE,
    RECIPE,
    answering,
    gateway_settings,
    kamailio,
    needs_kamailio,
    place_calls,
)

pytestmark = needs_kamailio
HMRC = "+442079460999"
UNBOUNDED = {"GATEWAY_TIMEOUT": "30", "ASYNC_TIMEOUT_MS": "30000", "QUEUE_MS": "30000", "LATE_MS": "30000"}
"""Busy cores may outlast the recipe's bounds; what it does then is `test_kamailio_failing_open`'s."""


@dataclass(frozen=True)
class Network:
    """Where the two sides are."""

    inside: int
    """Where customers send calls."""
    outside: int
    """Where other carriers send them."""
    answers: int
    """Where called people are."""
    log: Path


@pytest.fixture(scope="module", params=CLIENTS)
def network(
    request: pytest.FixtureRequest, node: GatewayNode, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Network]:
    directory = tmp_path_factory.mktemp("network")
    inside, outside, carrier, answers = (free_port() for _ in range(4))
    forward = directory / "forward.cfg"
    forward.write_text(
        RECIPE.read_text()
        + '\nevent_route[htable:mod-init] { $sht(forward=>+441614960700) = "+441614960800"; }\n'
    )
    settings = {
        "INSIDE": f"udp:127.0.0.1:{inside}",
        "OUTSIDE": f"udp:127.0.0.1:{outside}",
        "INSIDE_PORT": str(inside),
        "INSIDE_NEXT": f'"sip:127.0.0.1:{answers}"',
        "OUTSIDE_NEXT": f'"sip:127.0.0.1:{carrier}"',
        "OUTSIDE_TRUNK": '"/outside"',
        **gateway_settings(request.param, node.calls_url),
        **UNBOUNDED,
    }
    other = {
        "LISTEN": f"udp:127.0.0.1:{carrier}",
        "NEXT": f'"sip:127.0.0.1:{outside}"',
        "PUBLIC_KEY": f'"{node.directory}/certs/dev/shaken.pem"',
    }
    with (
        kamailio(directory / "ours", forward, settings) as log,
        kamailio(directory / "theirs", HERE / "carrier.cfg", other),
    ):
        yield Network(inside, outside, answers, log)


def test_five_hundred_calls(network: Network, node: GatewayNode, tmp_path: Path):
    """Four hundred out and back in, each signed and verified; a hundred forged ones from outside."""
    passed = r"P-Asserted-Identity: <tel:\+44207946[0-9]+;verstat=TN-Validation-Passed>"
    calls = [(f"+44207946{n:04}", f"+44161496{n % 500:04}") for n in range(400)]
    with answering(tmp_path / "answers", port=network.answers, expected=passed):
        out = place_calls(tmp_path / "out", "call", calls, to_port=network.inside)
    assert (out.successful, out.failed) == (400, 0), out.output + network.log.read_text()[-3000:]
    forged = [(HMRC, f"+44161496{n:04}") for n in range(100)]
    refused = place_calls(tmp_path / "refused", "refused", forged, to_port=network.outside)
    assert (refused.successful, refused.failed) == (100, 0), refused.output


def test_a_diverted_call_gets_its_div(network: Network, tmp_path: Path):
    """Out, back in, on to another number with a second Identity header, back in once more."""
    both = r"ppt=shaken.*ppt=div.*verstat=TN-Validation-Passed"
    calls = [(f"+44207946{n:04}", "+441614960700") for n in range(25)]
    with answering(tmp_path / "answers", port=network.answers, expected=both):
        out = place_calls(tmp_path / "out", "call", calls, to_port=network.inside)
    assert (out.successful, out.failed) == (25, 0), out.output + network.log.read_text()[-3000:]


def test_an_unsigned_call_is_told_so(network: Network, tmp_path: Path):
    none = r"P-Asserted-Identity: <tel:\+33123456789;verstat=No-TN-Validation>"
    with answering(tmp_path / "answers", port=network.answers, expected=none):
        out = place_calls(
            tmp_path / "out", "call", [("+33123456789", "+441614960000")], to_port=network.outside
        )
    assert (out.successful, out.failed) == (1, 0), out.output
