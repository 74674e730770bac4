"""docs/scaling.md: its three machines' settings are taken, its commands and schemes are the code's."""

from __future__ import annotations

import re

import click
from click.testing import CliRunner

from gateway.cli import COMMANDS
from gateway.cli.serve import plane_problem, serve
from gateway.control.leadership import BEAT_SECONDS
from gateway.generation.redis_url import RedisKind, parse_redis_url
from gateway.generation.settings import Settings, build_settings
from gateway.node_settings import Plane
from gateway.record.lease import LEASE_SECONDS
from tests.docs.pages import PROJECT

PAGE = (PROJECT / "docs" / "scaling.md").read_text()


def test_the_settings_of_the_three_machines_are_taken_by_either_plane():
    [block] = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    settings = build_settings(block.encode(), {})
    assert isinstance(settings, Settings), settings
    assert len(parse_redis_url(settings.redis.url).hosts) == 3
    assert {plane_problem(settings, plane) for plane in Plane} == {""}


def test_every_command_and_plane_it_names_is_there():
    names = re.findall(r"callmark ([a-z]+)", PAGE)
    assert {"serve", "nodes"} <= set(names) <= set(COMMANDS)
    [option] = [each for each in serve.params if each.name == "plane"]
    assert isinstance(option.type, click.Choice)
    assert set(re.findall(r"--plane ([a-z]+)", PAGE)) == set(option.type.choices) - {"all"}
    assert CliRunner().invoke(serve, ["--plane", "other"]).exit_code == 2


def test_every_way_to_redis_is_there_and_no_other():
    named = set(re.findall(r"redis\+([a-z]+)://", PAGE))
    assert named == {kind.value for kind in RedisKind if kind.value}


def test_the_times_of_a_change_of_leader_are_the_codes():
    assert "six seconds long and renewed every two" in PAGE
    assert (LEASE_SECONDS, BEAT_SECONDS) == (6, 2)
    assert LEASE_SECONDS + BEAT_SECONDS <= 10
