"""What a fleet loses when something dies: `python -m bench.fleet` starts one here and kills parts of it.

Three Redis primaries with a replica each, two control planes, and as many call planes as told; the load goes
on all the while, with a fixed pause between the calls of a connection. Figures are counts, not speeds: all of
it shares this machine's cores.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.integration.fleet import Fleet, Switches, running_fleet, show
from tests.postgresql import running_postgresql
from tests.redis_cluster import running_cluster


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="for each of the parts")
    parser.add_argument("--call-planes", type=int, default=3)
    parser.add_argument("--connections", type=int, default=8)
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="fleet-") as directory,
        running_postgresql() as postgresql,
        running_cluster(replicas=True) as cluster,
        running_fleet(
            Path(directory), postgresql, cluster, call_planes=asked.call_planes, control_planes=2
        ) as fleet,
        Switches(fleet.calls, fleet.token, connections=asked.connections, pause=0.01) as switches,
    ):
        lost = 0
        for name, happen in _parts(fleet):
            began = time.monotonic()
            happen()
            time.sleep(asked.seconds)
            print(show(name, switches, began), flush=True)
            lost += sum(call.is_lost for call in switches.calls if call.ended > began)
    return 1 if lost else 0


def _parts(fleet: Fleet) -> list[tuple[str, Callable[[], object]]]:
    return [
        ("nothing dies", lambda: None),
        ("a Redis primary is killed", fleet.cluster.nodes[0].kill),
        ("a Redis primary hangs", fleet.cluster.nodes[1].pause),
        ("it goes on", fleet.cluster.nodes[1].go_on),
        ("a call plane is killed", fleet.calls[0].kill),
        ("the leading control plane is killed", lambda: fleet.leader().kill()),
    ]


if __name__ == "__main__":
    sys.exit(main())
