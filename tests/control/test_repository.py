"""What is published: the chain that signs, those before it until they end, over a restart too."""

from __future__ import annotations

import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

from gateway.certificates.chain import parse_chain
from gateway.cli.development_pki import make_development_pki
from gateway.control.repository import Published, address_problem
from gateway.generation.generation import SigningIdentity


@pytest.fixture
def identities(tmp_path):
    return [
        SigningIdentity(
            x5u=f"https://example.org/certs/{name}.pem",
            chain_pem=make_development_pki(tmp_path / name, now=int(time.time())).shaken.read_bytes(),
            certificate_fingerprint="",
        )
        for name in ("old", "new")
    ]


def signing_with(identity):
    return SimpleNamespace(signing=identity)


def test_the_old_chain_stays_until_it_ends_and_over_a_restart(identities, tmp_path):
    old, new = identities
    now = time.time()
    published = Published(tmp_path / "published.json", clock=lambda: now)
    published.take(signing_with(old))
    published.take(signing_with(new))
    again = Published(tmp_path / "published.json", clock=lambda: now)
    again.take(signing_with(new))
    assert again.chains == {"/certs/old.pem": old.chain_pem, "/certs/new.pem": new.chain_pem}
    now = parse_chain(old.chain_pem)[0].not_valid_after_utc.timestamp() + 1
    assert set(again.chains) == {"/certs/new.pem"}
    again.take(signing_with(replace(new, x5u="https://example.org/certs/third.pem")))
    assert set(again.chains) == {"/certs/third.pem"}


def test_a_file_that_cannot_be_read_publishes_nothing_of_before(identities, tmp_path):
    (tmp_path / "published.json").write_text("[1")
    published = Published(tmp_path / "published.json")
    published.take(signing_with(identities[0]))
    assert set(published.chains) == {"/certs/old.pem"}


def test_a_new_key_needs_an_address_of_its_own(identities):
    old, new = identities
    assert address_problem(old, new) is None
    assert address_problem(None, new) is None
    assert address_problem(old, None) is None
    assert address_problem(old, replace(old, certificate_fingerprint="renewed")) is None
    problem = address_problem(old, replace(new, x5u=old.x5u))
    assert problem is not None
    assert problem.key == "signing.x5u"
