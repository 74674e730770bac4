"""The metrics of a real node, the shipped rules and alerts, and the dashboard, judged by promtool."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.metrics import MetricWrapperBase

from gateway import telemetry
from tests.deploy.tools import tool
from tests.docs.pages import PROJECT
from tests.gateway_node import GatewayNode, eventually, running_node

PROMETHEUS = PROJECT / "deploy" / "prometheus"
DASHBOARD = json.loads((PROJECT / "deploy" / "grafana" / "callmark.json").read_text())
RULES, ALERTS = ((PROMETHEUS / name).read_text() for name in ("rules.yml", "alerts.yml"))
BORROWED = {"up", "ALERTS"}
"""What Prometheus itself has."""


def promtool(*arguments: str, given: bytes = b"") -> None:
    done = subprocess.run(
        [tool("promtool", "prometheus"), *arguments],
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout.decode()


@pytest.fixture(scope="module")
def node(tmp_path_factory) -> Iterator[GatewayNode]:
    with running_node(tmp_path_factory.mktemp("measured")) as running:
        yield running


def signed(node: GatewayNode, now: int) -> str:
    request = {
        "attest": "A",
        "orig": {"tn": "+442079460123"},
        "dest": {"tn": ["+441614960000"]},
        "iat": now,
        "origid": "de305d54-75b4-431b-adb2-eb6b9e546014",
    }
    answer = node.post("/stir/v1/signing", {"signingRequest": request})
    identity: str = answer.json["signingResponse"]["identity"]
    return identity


def sample(node: GatewayNode, name: str) -> float:
    """The value of one series, as it is printed; 0 where there is none."""
    for line in node.administer("GET", "/metrics").body.decode().splitlines():
        if line.startswith(f"{name} "):
            return float(line.rpartition(" ")[2])
    return 0.0


def test_the_metrics_of_a_node_have_the_names_that_prometheus_wants(node):
    now = int(time.time())
    identity = signed(node, now)
    call = {
        "id": "measured",
        "from": {"tn": "+442079460123"},
        "to": {"tn": ["+441614960000"]},
        "time": now,
        "identity": [identity],
        "trunk": "domestic-1",
    }
    assert node.post("/v1/verdicts", {"call": call}).json["verdict"]["verstat"] == "TN-Validation-Passed"
    journal = node.directory / "data" / "journal"
    eventually(lambda: list(journal.glob("*.ndjson")))
    with next(journal.glob("*.ndjson")).open("ab") as segment:
        segment.write(b"no record\n")
    eventually(lambda: sample(node, "callmark_journal_lines_unreadable_total") == 1)
    eventually(lambda: sample(node, 'callmark_trunk_calls_total{answer="allow",trunk="domestic-1"}') == 1)
    # This gateway's own chain: the first call still waited for word of its revocation list.
    call["id"] = "again"

    def has_asked_redis() -> bool:
        verdict = node.post("/v1/verdicts", {"call": call}).json["verdict"]
        assert verdict["verstat"] == "TN-Validation-Passed"
        return sample(node, "callmark_evidence_batch_seconds_count") >= 1

    # Only a batch that Redis answered in time is measured, and busy cores may outlast it.
    eventually(has_asked_redis)
    eventually(lambda: sample(node, 'callmark_certificate_lookups_total{answered="memory"}') >= 1)
    assert sample(node, 'callmark_workers{state="ready"}') == 1
    assert sample(node, "callmark_generation") >= 1
    assert sample(node, "callmark_signing_certificate_end_timestamp_seconds") > now
    assert sample(node, "callmark_config_last_reload_successful") == 1
    promtool("check", "metrics", given=node.administer("GET", "/metrics").body)


def test_redis_that_goes_away_is_counted_as_unanswered(node):
    pid = next(each["pid"] for each in node.events("child.started") if each["child"] == "valkey")
    subprocess.run(["kill", "-STOP", str(pid)], check=True)
    try:
        call = {
            "id": "asked",
            "from": {"tn": "+442079460123"},
            "to": {"tn": ["+441614960000"]},
            "time": int(time.time()),
        }
        answer = node.post("/v1/verdicts", {"call": call})
        assert answer.json["verdict"]["degraded"]
        eventually(lambda: sample(node, "callmark_evidence_unanswered_total") >= 1)
    finally:
        subprocess.run(["kill", "-CONT", str(pid)], check=True)


def test_the_same_configuration_found_again_sets_success_and_its_time(node):
    policy = node.directory / "config" / "policy.toml"
    good = policy.read_bytes()
    policy.write_bytes(b"[verdict]\ndno = 'blok'\n")
    assert node.administer("POST", "/admin/v1/reload").status == 409
    assert sample(node, "callmark_config_last_reload_successful") == 0
    before = sample(node, "callmark_config_last_reload_success_timestamp_seconds")
    policy.write_bytes(good)
    assert node.administer("POST", "/admin/v1/reload").json["unchanged"] is True
    assert sample(node, "callmark_config_last_reload_successful") == 1
    assert sample(node, "callmark_config_last_reload_success_timestamp_seconds") > before


def test_rules_and_alerts_are_well_formed_and_fire_when_they_should():
    promtool("check", "rules", str(PROMETHEUS / "rules.yml"), str(PROMETHEUS / "alerts.yml"))
    promtool("test", "rules", str(PROMETHEUS / "tests.yml"))


def test_every_alert_is_tested_and_has_its_runbook_and_no_runbook_is_left_over():
    alerts = re.findall(r"- alert: (\w+)", ALERTS)
    assert len(alerts) == len(set(alerts))
    runbooks = re.findall(r"^## (\w+)$", (PROJECT / "docs" / "runbooks.md").read_text(), re.MULTILINE)
    assert runbooks == alerts
    assert re.findall(r"runbook_url: docs/runbooks.md#(\w+)", ALERTS) == [each.lower() for each in alerts]
    assert set(re.findall(r"Callmark\w+", (PROMETHEUS / "tests.yml").read_text())) == set(alerts)


def expressions() -> Iterator[str]:
    """Every expression of the dashboard, with a value in place of each variable."""

    def walk(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            for name, inner in value.items():
                if name == "expr":
                    yield inner
                else:
                    yield from walk(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from walk(inner)

    for text in walk(DASHBOARD):
        yield text.replace("$__rate_interval", "5m").replace("$instance", "a").replace("$trunk", "b")


def test_every_expression_of_the_dashboard_can_be_read(tmp_path: Path):
    found = list(expressions())
    assert len(found) > 20
    assert not [each for each in found if "$" in each]
    rules = [{"record": f"x:x{number}", "expr": text} for number, text in enumerate(found)]
    path = tmp_path / "rules.json"
    path.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    promtool("check", "rules", str(path))


def test_every_metric_that_is_asked_for_is_one_the_code_has():
    own = set()
    for each in vars(telemetry).values():
        if isinstance(each, MetricWrapperBase):
            own.add(each._name + ("_total" if each._type == "counter" else ""))
    recorded = set(re.findall(r"record: (\S+)", RULES))
    series = {f"{name}{suffix}" for name in own for suffix in ("", "_bucket", "_count", "_sum")}
    asked = " ".join([*expressions(), *re.findall(r"expr: (?:>-\n)?((?:.|\n(?= {10}))*)", RULES + ALERTS)])
    names = set(re.findall(r"\b(?:callmark[\w:]+|up|ALERTS)\b", re.sub(r'"[^"]*"', "", asked)))
    assert names <= series | recorded | BORROWED, names - series - recorded - BORROWED
    assert recorded <= names | {"callmark:calls:rate5m", "callmark:trunk_calls:rate5m"}


def test_the_dashboard_begins_with_rate_errors_and_duration_and_marks_reloads():
    names = [each["name"] for each in DASHBOARD["templating"]["list"]]
    assert names == ["datasource", "instance", "trunk"]
    panels = DASHBOARD["panels"]
    assert panels[0]["type"] == "row"
    assert [each["title"].split(" ")[0] for each in panels[1:4]] == ["Calls", "Errors", "Duration,"]
    assert [each["name"] for each in DASHBOARD["annotations"]["list"]] == ["Reloads", "Refused reloads"]
    places = [(each["gridPos"]["x"], each["gridPos"]["y"]) for each in panels]
    assert len(places) == len(set(places))
