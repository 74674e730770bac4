"""Lists on a running node: imported, put into force by a reload, asked by calls; bad ones change nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gateway.cli.allocations import allocations
from gateway.cli.dno import dno
from gateway.cli.reload import reload
from tests.gateway_node import GatewayNode, running_node
from tests.generation.test_allocation_formats import ofcom

NOBODYS = "+447700950123"
SILENT = "+442079460971"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayNode]:
    with running_node(tmp_path_factory.mktemp("lists")) as node:
        yield node


def asked(node: GatewayNode, tn: str) -> dict[str, Any]:
    call = {"id": tn, "from": {"tn": tn}, "to": {"tn": ["+441614960000"]}, "time": int(time.time())}
    answer = node.post("/v1/verdicts", {"call": {**call, "trunk": "domestic-1"}})
    assert answer.status == 200, answer.body
    verdict: dict[str, Any] = answer.json["verdict"]
    return verdict


def run(command: Any, *arguments: str) -> str:
    result = CliRunner().invoke(command, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.output


def import_blocks(node: GatewayNode, path: Path, text: str) -> str:
    path.write_text(text)
    return run(
        allocations, "import", str(path), "--format", "ofcom", "--directory", str(node.directory / "config")
    )


def put_into_force(node: GatewayNode) -> str:
    return run(reload, "--data-directory", str(node.directory / "data"))


def test_a_number_is_unallocated_once_a_list_says_so_and_a_bad_list_changes_nothing(
    node: GatewayNode, tmp_path: Path
) -> None:
    assert asked(node, NOBODYS)["action"] == "allow"
    import_blocks(node, tmp_path / "S7.csv", ofcom("7700 95,Free,,10 digit numbers,,", good=50))
    assert "is in force" in put_into_force(node)
    verdict = asked(node, NOBODYS)
    assert (verdict["action"], verdict["sip"]["status"]) == ("block", 603)
    assert verdict["reasons"][-1] == {
        "code": "number.unallocated",
        "effect": "block",
        "source": "allocations.csv",
        "detail": f"{NOBODYS}: free by the list of ofcom",
    }
    told = import_blocks(node, tmp_path / "S7.csv", ofcom(good=50)[:-20])
    assert "was cut off" in told
    assert "Nothing has changed" in put_into_force(node)
    assert asked(node, NOBODYS)["action"] == "block"


def test_a_list_of_others_is_in_force_after_a_reload(node: GatewayNode, tmp_path: Path) -> None:
    assert asked(node, SILENT)["action"] == "allow"
    path = tmp_path / "list.txt"
    path.write_text(f"{SILENT}\n")
    config = str(node.directory / "config")
    run(dno, "import", str(path), "--format", "plain", "--source", "registry", "--directory", config)
    assert "is in force" in put_into_force(node)
    assert asked(node, SILENT)["reasons"][-1]["code"] == "dno.exact"
