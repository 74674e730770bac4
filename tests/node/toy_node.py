"""A node of toy children: a plan as JSON in, events as JSON lines out."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from gateway.node.listeners import Listen, ListenError, parse_address
from gateway.node.lock import DataDirectoryError
from gateway.node.plan import NodePlan
from gateway.node.supervisor import StartError, supervise
from gateway.node.valkey import ValkeyPlan

HERE = Path(__file__).parent


def report(event: str, fields: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps({"event": event, **fields}) + "\n")
    sys.stdout.flush()


def main() -> int:
    asked = json.loads(sys.argv[1])
    directory = Path(asked["directory"])
    plan = NodePlan(
        data_directory=directory,
        worker_count=asked.get("workers", 2),
        worker_argv=(sys.executable, str(HERE / "toy_worker.py")),
        control_argv=(sys.executable, str(HERE / "toy_control.py")),
        call_listener=Listen("calls", (parse_address(asked.get("calls", "127.0.0.1:0")),)),
        control_listeners=(
            Listen("control", (parse_address(asked.get("control", "127.0.0.1:0")),)),
            *(Listen("repository", (parse_address(a),), required=False) for a in asked.get("repository", [])),
        ),
        valkey=ValkeyPlan(directory / "valkey", maxmemory_mb=32) if asked.get("valkey") else None,
        environment={"PYTHONPATH": str(HERE.parents[1]), **asked.get("environment", {})},
        notice_seconds=asked.get("notice_seconds", 0.1),
        drain_seconds=asked.get("drain_seconds", 4.0),
        answer_seconds=asked.get("answer_seconds", 0.5),
        on_event=report,
    )
    try:
        return asyncio.run(supervise(plan))
    except (ListenError, StartError, DataDirectoryError) as problem:
        report("refused", {"problem": str(problem)})
        return 2


if __name__ == "__main__":
    sys.exit(main())
