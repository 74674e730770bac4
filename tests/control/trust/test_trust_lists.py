"""Trust lists from a host and from a file: whose are believed, what outlives them, what never falls."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from gateway.certificates.reading import CertificateError
from gateway.control.trust import trust_lists
from gateway.control.trust.obtained import ObtainedStore
from gateway.control.trust.pins import read_signers, trust_list_problems
from gateway.control.trust.trust_lists import TrustListFollower, kept_anchors
from gateway.fetch.fetcher import CertificateFetcher, FetchPolicy
from gateway.generation.settings import Settings
from gateway.generation.trust_settings import TrustDomainTable, TrustTable
from tests import pki
from tests.pki import DAY, NOW
from tests.repository import Repository

PA_ROOT = pki.make_root("STI-PA ROOT")
PA = pki.issue(pki.name("STI-PA Trust List"), [(pki.usage(sign=True), True)], issuer=PA_ROOT)
STRANGER = pki.make_root("Somebody else")
FIRST, SECOND = pki.make_root("SHAKEN First ROOT"), pki.make_root("SHAKEN Second ROOT")


def encoded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def jws(*anchors: pki.Issued, signer: pki.Issued = PA, x5u: str | None = None, **payload: Any) -> bytes:
    header = {"alg": "ES256"} | ({} if x5u is None else {"x5u": x5u})
    content = {"version": 1, "sequence": 7, "exp": NOW + DAY} | payload
    content["trustList"] = [anchor.pem.decode() for anchor in anchors]
    signing_input = b".".join(encoded(json.dumps(part).encode()) for part in (header, content))
    assert isinstance(signer.key, ec.EllipticCurvePrivateKey)
    r, s = decode_dss_signature(signer.key.sign(signing_input, ec.ECDSA(hashes.SHA256())))
    return signing_input + b"." + encoded(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


class Following:
    """A follower over a real host, with a clock the test turns and every generation it asked for."""

    def __init__(self, host: Repository, directory: Path) -> None:
        self.host, self.directory, self.now = host, directory, NOW
        (directory / "pa").mkdir(exist_ok=True)
        (directory / "pa" / "pa.pem").write_bytes(PA.pem)
        self.generations: list[dict[str, bytes]] = []
        self.store = ObtainedStore(directory)
        self.fetcher = CertificateFetcher(FetchPolicy(host.x5u_policy, host.ca_file, 1_000))
        self.follower = self.make()

    def make(self) -> TrustListFollower:
        return TrustListFollower(
            self.fetcher, self.store, put_in_force=self._take, clock=lambda: float(self.now)
        )

    async def _take(self) -> bool:
        self.generations.append(dict(self.follower.files()))
        return True

    def settings(self, **how: Any) -> Settings:
        keys = {
            "trust_list_url": self.host.url("/list"),
            "trust_list_signers_directory": str(self.directory / "pa"),
        } | how
        return Settings(trust=TrustTable(**keys))

    def configure(self, **how: Any) -> None:
        self.follower.configure(self.settings(**how))

    @property
    def anchors(self) -> list[bytes]:
        """Those the last generation was made with."""
        return list(self.generations[-1].values()) if self.generations else []

    async def until(self, holds: Callable[[], object]) -> None:
        async with asyncio.timeout(60):
            while not holds():  # noqa: ASYNC110 - what is waited for has no event
                await asyncio.sleep(0.005)

    async def looked(self, times: int = 2) -> None:
        """Wait for so many more looks at the list."""
        end = self.host.requests["/list"] + times
        await self.until(lambda: self.host.requests["/list"] >= end)


@asynccontextmanager
async def following(directory: Path) -> AsyncIterator[Following]:
    async with Repository() as host:
        made = Following(host, directory)
        try:
            yield made
        finally:
            await made.follower.close()
            await made.fetcher.close()


@pytest.fixture
async def f(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Following]:
    monkeypatch.setattr(trust_lists, "rest_seconds", lambda _failures: 0.02)
    monkeypatch.setattr(trust_lists, "seconds_until_next_look", lambda _end, **_: 0.02)
    async with following(tmp_path) as made:
        yield made


def states(f: Following, now: float) -> dict[str, str]:
    return {each.name: each.state for each in f.follower.states(now)}


async def test_anchors_of_a_list_are_put_in_force(f: Following):
    f.host.serve("/list", jws(FIRST, SECOND))
    f.configure()
    await f.until(lambda: f.anchors == [FIRST.der, SECOND.der])
    assert list(f.generations[-1]) == ["listed/000.der", "listed/001.der"]
    await f.looked()
    assert len(f.generations) == 1
    assert states(f, NOW) == {"default": "fresh"}


async def test_a_newer_list_takes_its_place_and_an_older_one_does_not(f: Following):
    f.host.serve("/list", jws(FIRST))
    f.configure()
    await f.until(lambda: f.anchors == [FIRST.der])
    f.host.serve("/list", jws(SECOND, sequence=8))
    await f.until(lambda: f.anchors == [SECOND.der])
    f.host.serve("/list", jws(FIRST, sequence=7))
    await f.looked()
    assert f.anchors == [SECOND.der]


async def test_the_sequence_is_remembered_across_a_restart(f: Following):
    f.host.serve("/list", jws(FIRST, sequence=9))
    f.configure()
    await f.until(lambda: f.anchors == [FIRST.der])
    await f.follower.close()
    f.host.serve("/list", jws(SECOND, sequence=8))
    f.follower = f.make()
    f.follower.begin(f.settings())
    assert list(f.follower.files().values()) == [FIRST.der]
    f.configure()
    await f.looked(3)
    assert list(f.follower.files().values()) == [FIRST.der]
    f.host.serve("/list", jws(SECOND, sequence=10))
    await f.until(lambda: f.anchors == [SECOND.der])


@pytest.mark.parametrize(
    "body",
    [
        jws(SECOND, signer=STRANGER, sequence=8),
        jws(SECOND, sequence=8, exp=NOW),
        jws(SECOND, sequence=8)[:-4],
        jws(sequence=8),
        b"garbage",
        b"",
    ],
    ids=["wrong signer", "expired", "cut off", "empty", "garbage", "nothing"],
)
async def test_what_is_not_to_be_believed_leaves_the_last_good_one(f: Following, body: bytes):
    f.host.serve("/list", jws(FIRST))
    f.configure()
    await f.until(lambda: f.anchors == [FIRST.der])
    f.host.serve("/list", body)
    await f.looked()
    assert f.anchors == [FIRST.der]
    assert states(f, NOW) == {"default": "fresh"}


async def test_a_host_that_hangs_or_says_too_much_leaves_the_last_good_one(f: Following):
    f.host.serve("/list", jws(FIRST))
    f.configure()
    await f.until(lambda: f.anchors == [FIRST.der])
    f.host.serve("/list", jws(SECOND, sequence=8), length=10_000_000)
    await f.looked()
    f.host.hang("/list")
    await f.looked(1)
    assert f.anchors == [FIRST.der]


async def test_the_signers_certificate_is_fetched_when_it_leads_to_the_pinned_one(f: Following):
    (f.directory / "pa" / "pa.pem").write_bytes(PA_ROOT.pem)
    f.host.serve("/pa.pem", PA.pem)
    f.host.serve("/list", jws(FIRST, x5u=f.host.url("/pa.pem")))
    f.configure()
    # Both dates of the pinned certificates are of the tests' own time.
    await f.until(lambda: f.anchors == [FIRST.der])
    f.host.serve("/pa.pem", STRANGER.pem)
    f.host.serve("/list", jws(SECOND, sequence=8, signer=STRANGER, x5u=f.host.url("/pa.pem")))
    await f.looked()
    assert f.anchors == [FIRST.der]


async def test_past_its_end_a_list_is_used_for_the_grace_and_no_longer(f: Following):
    f.host.serve("/list", jws(FIRST))
    f.configure(overdue_grace_hours=1)
    await f.until(lambda: f.anchors == [FIRST.der])
    f.now = NOW + DAY + 3_600
    await f.looked()
    assert f.anchors == [FIRST.der]
    assert states(f, f.now) == {"default": "overdue"}
    f.now += 1
    await f.until(lambda: f.anchors == [])
    f.host.serve("/list", jws(SECOND, sequence=8, exp=f.now + DAY))
    await f.until(lambda: f.anchors == [SECOND.der])


async def test_another_pin_makes_the_last_list_worth_nothing_at_once(f: Following):
    f.host.serve("/list", jws(FIRST))
    f.configure()
    await f.until(lambda: f.anchors == [FIRST.der])
    (f.directory / "pa" / "pa.pem").write_bytes(STRANGER.pem)
    assert kept_anchors(f.settings(), f.store, now=NOW) == {}
    f.configure()
    await f.until(lambda: f.anchors == [])
    assert states(f, NOW) == {"default": "missing"}


async def test_a_roll_over_of_pins_keeps_the_list_and_lets_nobody_go_back(f: Following):
    f.host.serve("/list", jws(FIRST, sequence=8))
    f.configure()
    await f.until(lambda: f.anchors == [FIRST.der])

    f.host.serve("/list", jws(SECOND, sequence=7))
    (f.directory / "pa" / "next.pem").write_bytes(STRANGER.pem)
    f.configure()
    await f.looked()
    assert f.anchors == [FIRST.der], "one pin more costs the list, or lets an older one in its place"
    f.host.serve("/list", jws(FIRST, sequence=9, signer=STRANGER))
    await f.until(lambda: [each.sequence for each, _ in f.store.trust_lists()] == [9])

    f.host.serve("/list", jws(SECOND, sequence=8, signer=STRANGER))
    (f.directory / "pa" / "pa.pem").unlink()
    f.configure()
    await f.looked()
    assert f.anchors == []
    f.host.serve("/list", jws(SECOND, sequence=9, signer=STRANGER))
    await f.until(lambda: f.anchors == [SECOND.der])


async def test_a_list_from_a_file_is_read_again(f: Following):
    path = f.directory / "list.jws"
    how = {"trust_list_url": None, "trust_list_file": str(path)}
    f.configure(**how)
    await f.until(lambda: states(f, NOW) == {"default": "missing"})
    path.write_bytes(json.dumps({"status": "success", "caList": jws(FIRST).decode()}).encode())
    await f.until(lambda: f.anchors == [FIRST.der])
    assert f.host.connections == 0


async def test_each_domain_has_its_own_list_and_loses_it_with_its_settings(f: Following):
    f.host.serve("/list", jws(FIRST))
    f.host.serve("/france", jws(SECOND))
    settings = f.settings()
    france = TrustDomainTable(
        name="france",
        policy_oids=("1.2.250.1",),
        trust_list_url=f.host.url("/france"),
        trust_list_signers_directory=str(f.directory / "pa"),
    )
    f.follower.configure(settings.model_copy(update={"trust_domain": (france,)}))
    expected = {"listed/000.der": FIRST.der, "domains/france/listed/000.der": SECOND.der}
    await f.until(lambda: f.generations and f.generations[-1] == expected)
    f.follower.configure(settings)
    assert dict(f.follower.files()) == {"listed/000.der": FIRST.der}


def test_the_directory_of_signers_is_checked(tmp_path: Path):
    missing = Settings(
        trust=TrustTable(trust_list_file="x", trust_list_signers_directory=str(tmp_path / "missing"))
    )
    [problem] = trust_list_problems(missing)
    assert "cannot be read" in problem.message
    (tmp_path / "README.md").write_text("Nothing here.")
    with pytest.raises(CertificateError, match="holds no certificate"):
        read_signers(tmp_path)
    (tmp_path / "pa.pem").write_bytes(PA.pem)
    assert read_signers(tmp_path) == (PA.certificate,)
