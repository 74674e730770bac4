"""Following revocation lists, without a node: which list takes another's place, and what it costs to ask."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from gateway.certificates.revocation_list import RevocationList, read_revocation_lists
from gateway.certificates.trust import Trust, build_trust
from gateway.certificates.x5u import X5uPolicy
from gateway.control.trust import revocation_lists
from gateway.control.trust.judging_lists import judge_list
from gateway.control.trust.obtained import ObtainedStore, kept_crls
from gateway.control.trust.revocation_lists import (
    NOT_ITS_LIST,
    OVERDUE_SECONDS,
    SHORTEST_SECONDS,
    TOO_MANY,
    RevocationListFollower,
    seconds_until_next_look,
)
from gateway.fetch.fetcher import CertificateFetcher, FetchPolicy
from gateway.generation.trust_settings import TrustTable
from tests import pki
from tests.pki import CRL_URL, DAY, NOW
from tests.repository import Repository

PKI = pki.make_pki()
CRL_ISSUER = pki.make_crl_issuer()
AUTHORITY = PKI.intermediate.certificate


def trust() -> Trust:
    built = build_trust(anchors=[("root.pem", PKI.root.pem)], crl_issuers=[("issuer.pem", CRL_ISSUER.pem)])
    assert isinstance(built, Trust)
    return built


# --- which list is good --------------------------------------------------------------------------


def judged(body: bytes, *, previous: bytes | None = None, url: str = CRL_URL, copy: bool = False):
    before = None if previous is None else read_revocation_lists(CRL_URL, previous)[0]
    signers = [CRL_ISSUER.certificate, PKI.root.certificate, AUTHORITY]
    return judge_list(url, body, signers=signers, previous=before, may_be_a_copy=copy, now=NOW)


def test_lists_of_a_configured_issuer_an_anchor_and_the_certificates_own_authority_are_good():
    assert isinstance(judged(pki.make_crl(CRL_ISSUER, pem=False)), RevocationList)
    for issuer in (PKI.root, PKI.intermediate):
        point = pki.issuing_point()
        assert isinstance(judged(pki.make_crl(issuer, indirect=False, point=point)), RevocationList)


def test_a_list_that_is_overdue_is_better_than_none():
    crl = judged(pki.make_crl(CRL_ISSUER, this_update=NOW - 9 * DAY, next_update=NOW - 5 * DAY))
    assert isinstance(crl, RevocationList)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "cannot be read"),
        (b"<html>", "cannot be read"),
        (b"-----BEGIN CERTIFICATE-----", "no PEM revocation list"),
        (pki.make_crl(CRL_ISSUER) * 2, "2 lists"),
        (pki.make_crl(pki.make_crl_issuer(subject=pki.name("Nobody"))), "neither configured"),
        (pki.make_crl(CRL_ISSUER, key=pki.new_key()), "signature"),
        (pki.make_crl(CRL_ISSUER, this_update=NOW + 1), "future"),
        (pki.make_crl(CRL_ISSUER, point=pki.issuing_point(url=CRL_URL + "x", indirect=True)), "elsewhere"),
    ],
)
def test_what_is_not_good_is_named(body, problem):
    assert problem in judged(body)


def test_an_older_list_does_not_take_a_newer_ones_place():
    old, new = (pki.make_crl(CRL_ISSUER, this_update=NOW - age) for age in (20, 10))
    assert isinstance(judged(new, previous=old), RevocationList)
    assert "older" in judged(old, previous=new)


def test_a_list_of_somebody_else_does_not_take_the_place_of_one_that_has_not_ended():
    mine = pki.make_crl(CRL_ISSUER, this_update=NOW - 2 * DAY, next_update=NOW)
    others = pki.make_crl(PKI.root, indirect=False, point=pki.issuing_point())
    assert isinstance(judged(others), RevocationList)
    assert "another one" in judged(others, previous=mine)
    ended = pki.make_crl(CRL_ISSUER, this_update=NOW - 2 * DAY, next_update=NOW - 1)
    assert isinstance(judged(others, previous=ended), RevocationList)


def test_a_list_for_fewer_certificates_does_not_take_the_place_of_one_for_all():
    whole = pki.make_crl(CRL_ISSUER, this_update=NOW - 2 * DAY)
    fewer = pki.make_crl(CRL_ISSUER, indirect=False, point=pki.issuing_point())
    assert "another one" in judged(fewer, previous=whole)
    again = pki.make_crl(CRL_ISSUER, this_update=NOW - DAY)
    assert isinstance(judged(again, previous=whole), RevocationList)


def test_a_mirror_that_the_operator_names_may_serve_what_is_published_elsewhere():
    crl = pki.make_crl(CRL_ISSUER)
    assert "elsewhere" in judged(crl, url="https://mirror.example.org/crl")
    assert isinstance(judged(crl, url="https://mirror.example.org/crl", copy=True), RevocationList)


@given(st.binary(max_size=300))
def test_any_bytes_give_a_list_or_a_sentence(body):
    assert isinstance(judged(body), str)


@given(st.none() | st.integers(-(10**6), 10**6), st.integers(10, 86_400))
def test_a_list_is_looked_for_ahead_of_its_end_and_never_without_a_pause(left, refresh_seconds):
    seconds = seconds_until_next_look(
        None if left is None else NOW + left, now=NOW, refresh_seconds=refresh_seconds
    )
    assert min(SHORTEST_SECONDS, refresh_seconds) <= seconds <= max(refresh_seconds, OVERDUE_SECONDS)
    if left is not None and left > 2:
        assert seconds <= left / 2


# --- following -----------------------------------------------------------------------------------


class Following:
    """A follower over a real host; it keeps what workers are told, and what was put in force."""

    def __init__(
        self,
        host: Repository,
        directory: Path,
        *,
        policy: X5uPolicy | None = None,
        fetch_timeout_ms: int = 30_000,
    ) -> None:
        self.host = host
        self.told: list[tuple[str, str]] = []
        self.heard = asyncio.Event()
        self.taken: list[dict[str, bytes]] = []
        self.takes = True
        self.fetcher = CertificateFetcher(
            FetchPolicy(policy or host.x5u_policy, host.ca_file, fetch_timeout_ms)
        )
        self.follower = RevocationListFollower(
            self.fetcher,
            ObtainedStore(directory),
            put_in_force=self._take,
            tell=self._tell,
            clock=lambda: NOW,
        )
        self.follower.begin()
        self.follower.configure(TrustTable(), trust())

    async def _take(self) -> bool:
        self.taken.append(dict(self.follower.files()))
        return self.takes

    async def _tell(self, url: str, problem: str) -> None:
        self.told.append((url, problem))
        self.heard.set()

    async def wait_for_word(self) -> tuple[str, str]:
        await asyncio.wait_for(self.heard.wait(), 60)
        self.heard.clear()
        return self.told[-1]

    def crl(self, path: str, *revoked: pki.Issued, **how) -> bytes:
        point = pki.issuing_point(url=self.host.url(path), indirect=True)
        return pki.make_crl(CRL_ISSUER, revoked, point=point, pem=False, **how)


@asynccontextmanager
async def following(directory: Path, **how) -> AsyncIterator[Following]:
    async with Repository() as host:
        made = Following(host, directory, **how)
        try:
            yield made
        finally:
            await made.follower.close()
            await made.fetcher.close()


async def test_a_list_is_put_in_force_before_the_workers_are_told_and_is_kept(tmp_path):
    async with following(tmp_path) as f:
        url, body = f.host.url("/crl"), f.crl("/crl")
        f.host.serve("/crl", body)
        await f.follower.want(url, AUTHORITY)
        assert await f.wait_for_word() == (url, "")
        assert f.taken == [{f"fetched/{url}": body}]
        assert kept_crls(ObtainedStore(tmp_path)) == {f"fetched/{url}": body}
        # Asked again: it is in force, so there is nothing more to wait for, and nothing is fetched.
        await f.follower.want(url, AUTHORITY)
        assert f.told[-1] == (url, NOT_ITS_LIST)
        assert f.host.requests["/crl"] == 1


async def test_a_list_that_the_workers_do_not_take_is_offered_again(tmp_path):
    async with following(tmp_path) as f:
        f.host.serve("/crl", f.crl("/crl"))
        f.takes = False
        await f.follower.want(f.host.url("/crl"), AUTHORITY)
        assert "did not take" in (await f.wait_for_word())[1]
        f.takes = True
        assert (await f.wait_for_word())[1] == ""
        assert len(f.taken) == 2


async def test_many_questions_are_one_fetch(tmp_path):
    async with following(tmp_path) as f:
        released = f.host.hold("/crl", f.crl("/crl"))
        for _ in range(20):
            await f.follower.want(f.host.url("/crl"), AUTHORITY)
        await asyncio.sleep(0.1)
        assert f.told == []
        released.set()
        await f.wait_for_word()
        assert (f.host.requests["/crl"], len(f.told)) == (1, 1)


async def test_a_host_that_hangs_holds_up_no_other(tmp_path):
    async with following(tmp_path, fetch_timeout_ms=5_000) as f:
        f.host.hang("/dead")
        f.host.serve("/alive", f.crl("/alive"))
        for path in ("/dead", "/alive"):
            await f.follower.want(f.host.url(path), AUTHORITY)
        assert await f.wait_for_word() == (f.host.url("/alive"), "")
        url, problem = await f.wait_for_word()
        assert (url, "did not answer" in problem) == (f.host.url("/dead"), True)


async def test_a_failure_is_told_and_rests_longer_each_time(tmp_path, monkeypatch):
    rests: list[int] = []
    monkeypatch.setattr(revocation_lists, "rest_seconds", lambda failures: rests.append(failures) or 0.01)
    async with following(tmp_path) as f:
        await f.follower.want(f.host.url("/missing"), AUTHORITY)
        for _ in range(3):
            assert "status 404" in (await f.wait_for_word())[1]
        f.host.serve("/missing", f.crl("/missing"))
        while (await f.wait_for_word())[1]:
            pass
        assert rests[:3] == [1, 2, 3]


async def test_strangers_pointers_reach_no_private_address_and_nothing_but_https(tmp_path):
    async with following(tmp_path, policy=X5uPolicy(allowed_ports=(443, 8443))) as f:
        for url in (
            f.host.url("/crl"),
            "https://127.0.0.1/crl",
            "http://crl.example.org/crl",
            "https://localhost/x",
        ):
            await f.follower.want(url, AUTHORITY)
            word, problem = await f.wait_for_word()
            assert word == url
            assert problem
        assert f.host.connections == 0


async def test_an_address_that_nobody_may_ask_is_no_alarm_unless_the_settings_name_it(tmp_path, monkeypatch):
    monkeypatch.setattr(revocation_lists, "_log", structlog.get_logger())
    by_rule, by_settings = "https://127.0.0.1/crl", "https://127.0.0.1/named"
    async with following(tmp_path, policy=X5uPolicy(allowed_ports=(443,))) as f:
        with capture_logs() as log:
            await f.follower.want(by_rule, AUTHORITY)
            assert (await f.wait_for_word())[0] == by_rule
            f.follower.configure(TrustTable(crl_urls=(by_settings,)), trust())
            while f.told[-1][0] != by_settings:
                await f.wait_for_word()
    assert {line["url"]: line["log_level"] for line in log} == {by_rule: "info", by_settings: "warning"}


async def test_a_list_of_the_certificates_own_authority_counts_once_it_is_named(tmp_path):
    async with following(tmp_path) as f:
        point = pki.issuing_point(url=f.host.url("/crl"))
        f.host.serve("/crl", pki.make_crl(PKI.intermediate, indirect=False, point=point))
        await f.follower.want(f.host.url("/crl"), PKI.root.certificate)
        assert "neither configured" in (await f.wait_for_word())[1]
        await f.follower.want(f.host.url("/crl"), AUTHORITY)
        assert (await f.wait_for_word())[1] == ""


async def test_addresses_are_bounded_and_what_was_had_stays(tmp_path, monkeypatch):
    monkeypatch.setattr(revocation_lists, "MOST_FOLLOWED", 2)
    async with following(tmp_path) as f:
        f.host.serve("/good", f.crl("/good"))
        for path in ("/good", "/none", "/other"):
            await f.follower.want(f.host.url(path), AUTHORITY)
            await f.wait_for_word()
        assert [each.url for each in f.follower.states()] == [f.host.url("/good"), f.host.url("/other")]
        f.host.serve("/other", f.crl("/other"))
        f.follower.configure(TrustTable(), trust())
        while f.told[-1] != (f.host.url("/other"), ""):
            await f.wait_for_word()
        await f.follower.want(f.host.url("/third"), AUTHORITY)
        assert f.told[-1] == (f.host.url("/third"), TOO_MANY)


async def test_a_reload_looks_at_once_and_follows_the_addresses_of_the_settings(tmp_path):
    async with following(tmp_path) as f:
        f.host.serve("/named", f.crl("/named"))
        f.follower.configure(TrustTable(crl_urls=(f.host.url("/named"),)), trust())
        assert await f.wait_for_word() == (f.host.url("/named"), "")
        f.host.serve("/named", f.crl("/named", PKI.leaf, this_update=NOW - 5))
        f.follower.configure(TrustTable(crl_urls=(f.host.url("/named"),)), trust())
        await f.wait_for_word()
        assert len(f.taken) == 2


async def test_the_last_good_list_is_there_after_a_restart_and_a_damaged_one_is_passed_over(tmp_path):
    async with following(tmp_path) as f:
        f.host.serve("/crl", body := f.crl("/crl"))
        await f.follower.want(f.host.url("/crl"), AUTHORITY)
        await f.wait_for_word()
        again = Following(f.host, tmp_path)
        assert list(again.follower.files().values()) == [body]
        await again.follower.close()
        await again.fetcher.close()
        [file] = (tmp_path / "trust").iterdir()
        assert file.stat().st_mode & 0o777 == 0o600
        file.write_bytes(file.read_bytes()[:-1])
        assert kept_crls(ObtainedStore(tmp_path)) == {}
        file.write_bytes(b"{}\n")
        assert kept_crls(ObtainedStore(tmp_path)) == {}


async def test_nothing_is_followed_for_strangers_where_fetching_is_off(tmp_path):
    async with following(tmp_path) as f:
        f.follower.configure(TrustTable(fetch_crls=False), trust())
        await f.follower.want(f.host.url("/crl"), AUTHORITY)
        assert "fetch_crls" in f.told[-1][1]
        assert f.follower.states() == ()
