"""`callmark doctor` on real installations, each broken in one way; a cure that can be run here is run too."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization

from gateway.cli.doctor import doctor
from gateway.doctor.looking.clock import time_of
from tests import pki
from tests.gateway_node import GatewayNode, running_node
from tests.ports import free_port
from tests.repository import Repository
from tests.valkey import running_valkey

Doctor = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def place(development: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation of its own that has never run, on free ports."""
    shutil.copytree(development, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    for name in ("CALLS", "CONTROL", "REPOSITORY"):
        monkeypatch.setenv(f"CALLMARK_LISTEN__{name}", f"127.0.0.1:{free_port()}")
    return tmp_path


@pytest.fixture
def examined(place: Path) -> Doctor:
    return ask


def ask(*arguments: str) -> list[dict[str, Any]]:
    result = CliRunner().invoke(doctor, ["--json", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    document = json.loads(result.stdout)
    is_wrong = any(each["state"] == "wrong" for each in document["findings"])
    assert (result.exit_code, document["ok"]) == ((1, False) if is_wrong else (0, True))
    return document["findings"]


def told(found: list[dict[str, Any]], check: str, state: str) -> dict[str, Any]:
    """The one finding of this check in this state."""
    [one] = [each for each in found if (each["check"], each["state"]) == (check, state)]
    return one


def cure(command: str) -> None:
    """Run what the doctor says, in a shell, as its reader would; `callmark` is this one."""
    folder = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", command], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (command, done.stdout, done.stderr)


def test_an_installation_that_never_ran_has_nothing_wrong(examined):
    found = examined()
    assert not [each for each in found if each["state"] == "wrong"]
    assert {each["check"] for each in found if each["state"] == "unknown"} >= {"node", "redis", "record"}


def test_what_it_says_on_a_terminal_names_each_cure_below_its_finding(place):
    (place / "certs/dev/shaken.key").chmod(0o644)
    result = CliRunner().invoke(doctor, [])
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    [at] = [number for number, line in enumerate(lines) if "open to others" in line]
    assert lines[at].startswith("✗ secrets")
    assert lines[at + 1].strip() == "chmod 600 certs/dev/shaken.key"


def test_a_configuration_with_a_mistake_is_told_and_the_rest_looked_at_all_the_same(place, examined):
    (place / "config/policy.toml").write_text("[verdict]\ndno = 'blok'\n")
    found = examined()
    assert "policy.toml:2" in told(found, "configuration", "wrong")["words"]
    assert [each for each in found if each["check"] == "secrets"]
    (place / "config/gateway.toml").write_text("[listen]\ncals = 1\n")
    assert [each["check"] for each in examined()] == ["configuration"]


@pytest.mark.parametrize(
    "path", ["certs/dev/shaken.key", "certs/dev/tls.key", "data", "data/record.sqlite", "data/token"]
)
def test_a_secret_that_others_can_read(place, examined, path):
    for name in ("data", "data/record.sqlite", "data/token"):
        target = place / name
        target.mkdir(mode=0o700) if name == "data" else target.touch(mode=0o600)
    sqlite3.connect(place / "data/record.sqlite").close()
    (place / path).chmod(0o755)
    finding = told(examined(), "secrets", "wrong")
    assert path in finding["words"]
    cure(finding["command"])
    assert not [each for each in examined() if (each["check"], each["state"]) == ("secrets", "wrong")]


def test_a_key_of_another_certificate(place, examined):
    key = place / "certs/dev/shaken.key"
    key.write_bytes(pki.Issued(pki.make_root().certificate, pki.new_key()).key_pem)
    finding = told(examined(), "signing key", "wrong")
    assert "does not belong" in finding["words"]
    # It compares the two keys; they differ, which is the status of diff.
    done = subprocess.run(["bash", "-c", finding["command"]], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "BEGIN" not in done.stderr


def write_chain(place: Path, *certificates: pki.Issued, key: pki.Issued) -> None:
    (place / "certs/dev/shaken.pem").write_bytes(b"".join(each.pem for each in certificates))
    (place / "certs/dev/shaken.key").write_bytes(key.key_pem)
    (place / "certs/dev/shaken.key").chmod(0o600)


def lasting_pki(*, days: int = 300) -> pki.Pki:
    """Certificates of the real now, the leaf good for so many days."""
    now = int(time.time())
    dates = {"not_before": now - 400 * pki.DAY, "not_after": now + 400 * pki.DAY}
    root = pki.make_root(**dates)
    intermediate = pki.make_intermediate(root, **dates)
    leaf = pki.make_leaf(intermediate, not_before=now - 400 * pki.DAY, not_after=now + days * pki.DAY)
    return pki.Pki(root, intermediate, leaf)


def test_a_chain_out_of_order_is_put_in_order_by_the_command(place, examined):
    made = lasting_pki()
    write_chain(place, made.leaf, made.root, made.intermediate, key=made.leaf)
    finding = told(examined(), "signing chain", "wrong")
    assert "not in order" in finding["words"]
    cure(finding["command"].removesuffix(" && callmark reload"))
    expected = made.leaf.pem + made.intermediate.pem + made.root.pem
    assert (place / "certs/dev/shaken.pem").read_bytes() == expected
    assert "root" in told(examined(), "signing chain", "attention")["words"]


@pytest.mark.parametrize(("days", "state"), [(5, "attention"), (-2, "wrong")])
def test_a_certificate_that_ends_is_renewed_by_a_request_for_the_same_key(place, examined, days, state):
    made = lasting_pki(days=days)
    write_chain(place, made.leaf, made.intermediate, key=made.leaf)
    finding = told(examined(), "signing chain", state)
    cure(finding["command"])
    assert "BEGIN CERTIFICATE REQUEST" in (place / "shaken.csr").read_text()


def test_a_private_key_among_published_files(place, examined):
    www = place / "www"
    www.mkdir()
    assert (
        "No private key" in told(examined("--published", "certs/trust"), "published files", "good")["words"]
    )
    shutil.copy(place / "certs/dev/shaken.key", www / "shaken.pem")
    finding = told(examined("--published", str(www)), "published files", "wrong")
    assert str(www / "shaken.pem") in finding["words"]
    cure(finding["command"])
    assert not (www / "shaken.pem").exists()
    serialization.load_pem_private_key((place / "new.key").read_bytes(), None)


def test_a_private_key_in_the_certificates_own_file(place, examined):
    chain = place / "certs/dev/shaken.pem"
    chain.write_bytes(chain.read_bytes() + (place / "certs/dev/shaken.key").read_bytes())
    found = examined()
    assert "certs/dev/shaken.pem" in told(found, "published files", "wrong")["words"]


def test_the_throw_away_root_where_calls_come_from_elsewhere(place, examined, monkeypatch):
    monkeypatch.setenv("CALLMARK_LISTEN__CALLS", f"0.0.0.0:{free_port()}")
    (place / "certs/trust/real.pem").write_bytes(lasting_pki().root.pem)
    finding = told(examined(), "trust anchors", "wrong")
    cure(finding["command"].removesuffix(" && callmark reload"))
    found = examined()
    assert not [each for each in found if (each["check"], each["state"]) == ("trust anchors", "wrong")]
    assert told(found, "revocation lists", "attention")


def test_an_overdue_list_and_one_that_was_never_obtained(place, examined, monkeypatch):
    now = int(time.time())
    made, issuer = lasting_pki(), pki.make_crl_issuer(not_before=now - pki.DAY, not_after=now + pki.DAY)
    for folder in ("issuers", "crls"):
        (place / folder).mkdir()
    (place / "issuers/a.pem").write_bytes(issuer.pem)
    old = pki.make_crl(issuer, this_update=now - 20 * pki.DAY, next_update=now - 10 * pki.DAY)
    (place / "crls/a.pem").write_bytes(old)
    (place / "certs/trust/real.pem").write_bytes(made.root.pem)
    monkeypatch.setenv("CALLMARK_TRUST__CRL_ISSUERS_DIRECTORY", "issuers")
    monkeypatch.setenv("CALLMARK_TRUST__CRLS_DIRECTORY", "crls")
    assert "overdue by 10 days" in told(examined(), "revocation lists", "wrong")["words"]
    (place / "crls/a.pem").write_bytes(pki.make_crl(issuer, this_update=now, next_update=now + pki.DAY))
    assert told(examined(), "revocation lists", "good")
    monkeypatch.setenv("CALLMARK_TRUST__CRL_URLS", "https://crl.localhost/crl")
    assert "never obtained" in told(examined(), "revocation lists", "wrong")["words"]


def test_a_port_that_is_taken(examined, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setenv("CALLMARK_LISTEN__CALLS", f"127.0.0.1:{port}")
        finding = told(examined(), "ports", "wrong")
    assert str(port) in finding["words"]
    assert finding["command"] == f"ss -ltnp 'sport = :{port}'"


def test_a_redis_that_forgets_and_one_that_is_gone(examined, monkeypatch):
    with running_valkey("--maxmemory-policy", "allkeys-lru") as valkey:
        monkeypatch.setenv("CALLMARK_REDIS__URL", valkey.url)
        found = examined()
        assert "allkeys-lru" in told(found, "redis", "wrong")["words"]
        assert "nothing to its disk" in told(found, "redis", "attention")["words"]
        with valkey.client() as client:
            client.config_set("maxmemory-policy", "noeviction")
            client.config_set("appendonly", "yes")
        assert [each["state"] for each in examined() if each["check"] == "redis"] == ["good"]
    assert "does not answer" in told(examined(), "redis", "wrong")["words"]


def test_a_record_of_another_version_and_a_file_that_is_none(place, examined):
    (place / "data").mkdir(mode=0o700)
    path = place / "data/record.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("create table alembic_version (version_num text)")
        connection.execute("insert into alembic_version values ('0003')")
    path.chmod(0o600)
    finding = told(examined(), "record", "attention")
    assert "0003" in finding["words"]
    cure(finding["command"])
    assert list((place / "data").glob("record.sqlite.before-*"))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("update alembic_version set version_num = '9999'")
    assert "newer Callmark" in told(examined(), "record", "wrong")["words"]
    path.write_bytes(b"no database at all, though long enough to be looked at" * 100)
    assert "cannot be used" in told(examined(), "record", "wrong")["words"]


@pytest.fixture(scope="module")
def node(tmp_path_factory) -> GatewayNode:
    repository = f"127.0.0.1:{free_port()}"
    with running_node(
        tmp_path_factory.mktemp("doctor"), environment={"CALLMARK_LISTEN__REPOSITORY": repository}
    ) as running:
        running.repository = repository
        yield running


@pytest.fixture
def beside(node: GatewayNode, monkeypatch: pytest.MonkeyPatch) -> Doctor:
    monkeypatch.chdir(node.directory)
    monkeypatch.setenv("CALLMARK_LISTEN__CALLS", f"127.0.0.1:{node.calls_port}")
    monkeypatch.setenv("CALLMARK_LISTEN__CONTROL", f"127.0.0.1:{node.control_port}")
    monkeypatch.setenv("CALLMARK_LISTEN__REPOSITORY", node.repository)
    monkeypatch.setenv("CALLMARK_LISTEN__WORKERS", "1")
    return ask


def test_beside_a_running_node_everything_is_looked_at_and_a_first_start_warns_of_nothing(node, beside):
    found = beside()
    assert not [each for each in found if each["state"] in ("wrong", "unknown")], found
    assert "serves the chain that calls are signed with" in told(found, "x5u", "good")["words"]
    assert told(found, "redis", "good")
    assert told(found, "tokens", "good")
    # On busy cores Redis may take longer than it has at a start; it is asked again.
    lines = [line for line in node.log.splitlines() if "evidence cannot be loaded" not in line]
    assert not [line for line in lines if '"level":"warning"' in line or '"level":"error"' in line]


def test_a_published_chain_that_is_not_the_one_on_the_disk(node, beside):
    chain = node.directory / "certs/dev/shaken.pem"
    good = chain.read_bytes()
    try:
        chain.write_bytes(good.split(b"-----END CERTIFICATE-----\n")[0] + b"-----END CERTIFICATE-----\n")
        found = beside()
        assert "serves another chain" in told(found, "x5u", "wrong")["words"]
        assert told(found, "node", "attention")["command"] == "callmark reload"
    finally:
        chain.write_bytes(good)


def test_a_token_that_ends_soon(node, beside):
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3 * 86_400))
    document = {"name": "short", "scopes": ["call:verify"], "expires": soon}
    assert node.administer("POST", "/admin/v1/tokens", document).status == 201
    finding = told(beside(), "tokens", "attention")
    cure(finding["command"])
    names = [each["name"] for each in node.administer("GET", "/admin/v1/tokens").json["tokens"]]
    assert "short-next" in names


async def test_what_is_served_at_x5u_is_fetched_as_others_fetch_it(place, monkeypatch):
    async with Repository() as host:
        x5u = host.url("/shaken.pem")
        monkeypatch.setenv("CALLMARK_SIGNING__X5U", x5u)
        monkeypatch.setenv("CALLMARK_X5U__ALLOW_PRIVATE_ADDRESSES", "true")
        monkeypatch.setenv("CALLMARK_X5U__ALLOWED_PORTS", x5u.rpartition(":")[2].partition("/")[0])
        monkeypatch.setenv("CALLMARK_X5U__TLS_CA_FILE", str(shutil.copy(host.ca_file, place)))
        host.serve("/shaken.pem", (place / "certs/dev/shaken.pem").read_bytes())
        assert told(await asked(), "x5u", "good")
        host.serve("/shaken.pem", lasting_pki().chain_pem)
        assert "another chain" in told(await asked(), "x5u", "wrong")["words"]
        host.serve("/shaken.pem", (place / "certs/dev/shaken.pem").read_bytes(), content_type="text/plain")
        assert "content type" in told(await asked(), "x5u", "attention")["words"]
    assert "connect" in told(await asked(), "x5u", "wrong")["words"]


async def asked() -> list[dict[str, Any]]:
    return await asyncio.to_thread(ask)


async def test_the_clock_of_a_server_is_read_from_its_date(unused_tcp_port):
    async def answer(request: web.Request) -> web.Response:
        late = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() - 300))
        return web.Response(status=405, headers={"Date": late})

    application = web.Application()
    application.router.add_route("*", "/", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", unused_tcp_port).start()
    try:
        found = await time_of(f"http://127.0.0.1:{unused_tcp_port}/")
        assert found is not None
        assert abs(found.ahead_seconds - 300) < 2 + found.uncertain_seconds
        assert await time_of("http://127.0.0.1:1/") is None
    finally:
        await runner.cleanup()
