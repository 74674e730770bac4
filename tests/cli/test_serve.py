from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys

import pytest

from gateway import node_settings, telemetry
from gateway.channel import (
    CHANNEL_VARIABLE,
    LISTENERS_VARIABLE,
    SLOT_VARIABLE,
    VALKEY_SOCKET_VARIABLE,
)
from gateway.generation.environment import NOT_SETTINGS
from tests.gateway_node import PROJECT, eventually, running_node
from tests.ports import free_port


@pytest.fixture
def taken():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


@pytest.fixture
def refused(tmp_path):
    """A start that comes to nothing: what it said."""
    shutil.copytree(PROJECT / "config", tmp_path / "config")
    (tmp_path / "certs" / "trust").mkdir(parents=True)

    def serve(**settings: str) -> subprocess.CompletedProcess[str]:
        usual = {"LISTEN__CONTROL": f"127.0.0.1:{free_port()}", "LISTEN__REPOSITORY": ""}
        done = subprocess.run(
            [sys.executable, "-m", "gateway", "serve"],
            cwd=tmp_path,
            env={**os.environ, **{f"CALLMARK_{key}": value for key, value in (usual | settings).items()}},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        return done

    return serve


def test_a_file_of_tls_that_is_not_there_stops_the_start_before_anything_runs(refused):
    done = refused(LISTEN__CALLS=f"127.0.0.1:{free_port()}", X5U__TLS_CA_FILE="none.pem")
    assert "none.pem: ([x5u] tls_ca_file) cannot be read: no such file or directory" in done.stderr
    assert "child.started" not in done.stderr


def test_a_taken_port_stops_the_start_with_the_variable_to_set_and_no_greeting(refused, taken):
    done = refused(LISTEN__CALLS=f"127.0.0.1:{taken}")
    assert f"[listen] calls = 127.0.0.1:{taken}: port {taken} is taken by another program" in done.stderr
    assert "CALLMARK_LISTEN__CALLS=" in done.stderr
    assert "serves" not in done.stdout


def test_a_repository_without_its_port_stays_off_and_the_greeting_says_so(tmp_path, taken):
    environment = {"CALLMARK_LISTEN__REPOSITORY": f"127.0.0.1:{taken}"}
    with running_node(tmp_path, environment=environment) as node:
        assert node.post("/v1/verdicts", {}).status == 400
        # Its log says that it is ready before it greets.
        eventually(lambda: node.calls_url in (tmp_path / "node.out").read_text())
        greeting = (tmp_path / "node.out").read_text()
    assert f"certificates  not published: [listen] repository = 127.0.0.1:{taken}: " in greeting
    assert f"calls         {node.calls_url}\n" in greeting


def test_what_the_supervisor_tells_its_children_is_no_misspelt_setting():
    names = {
        CHANNEL_VARIABLE,
        LISTENERS_VARIABLE,
        node_settings.SETTINGS_VARIABLE,
        node_settings.CONFIGURATION_VARIABLE,
        VALKEY_SOCKET_VARIABLE,
        telemetry.REDACTION_VARIABLE,
        SLOT_VARIABLE,
    }
    assert names <= NOT_SETTINGS
