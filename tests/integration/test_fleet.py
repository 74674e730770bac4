"""Two call planes on a real cluster: a Redis primary and a node die under load, and no call is lost."""

from __future__ import annotations

import time

import pytest

from tests.gateway_node import eventually
from tests.integration.fleet import Switches, running_fleet
from tests.redis_cluster import running_cluster


@pytest.mark.timeout(300)
def test_a_redis_primary_and_a_node_die_under_load_and_no_call_is_lost(tmp_path, postgresql):
    with (
        running_cluster(replicas=True) as cluster,
        running_fleet(tmp_path, postgresql, cluster, call_planes=2) as fleet,
        Switches(fleet.calls, fleet.token, connections=4, pause=0.005) as switches,
    ):
        eventually(lambda: switches.is_whole_since(0.0))
        died = time.monotonic()
        cluster.nodes[0].kill()
        eventually(lambda: switches.seconds_to_whole(died))
        again = time.monotonic()
        eventually(lambda: switches.is_whole_since(again))
        # Its partitions only, a third of all; a call asks for three numbers.
        touched = [call for call in switches.calls if call.ended > died and call.degraded]
        assert len(touched) < len([call for call in switches.calls if call.ended > died])
        died = time.monotonic()
        fleet.calls[1].kill()
        eventually(lambda: sum(call.ended > died for call in list(switches.calls)) > 200)
        assert not any(call.is_lost for call in switches.calls)
