"""Revocation lists as strangers publish them, written by hand, met by calls through the HTTP API, each twice.

Three answers: VOUCHED passes, REVOKED is 437, and what says nothing of the certificate is UNKNOWN: by this
node's policy (`when_crl_unobtainable = "refuse"`) 436, so that it is told apart from what vouches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.gateway_node import running_node
from tests.hostile import certificates as make
from tests.hostile.certificates import DAY, NOW, Made, point, uri
from tests.hostile.chains import file
from tests.hostile.conftest import fetching_from
from tests.hostile.der import PRINTABLE, SET, integer, named_bits, oid, seq, tlv
from tests.hostile.revocation_lists import entry, reason, revocation_list, scope
from tests.hostile.signer import PASSED, Stranger, Switch
from tests.repository import Repository

VOUCHED, REVOKED, UNKNOWN = (PASSED, None), ("TN-Validation-Failed", 437), ("No-TN-Validation", 436)

ROOT = make.authority("SHAKEN Lists ROOT", None)
OTHER_ROOT = make.authority("SHAKEN Other Lists ROOT", None)
OTHER_CA = make.authority("SHAKEN Other CA", ROOT)
PA = make.authority("STI-PA CRL", None, {"usage": make.usage(make.LISTS)})


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory, host: Repository) -> Iterator[Stranger]:
    directory = tmp_path_factory.mktemp("lists")
    for folder, trusted in (("certs/trust", (ROOT, OTHER_ROOT)), ("crl-issuers", (PA,))):
        (directory / folder).mkdir(parents=True)
        for number, one in enumerate(trusted):
            (directory / folder / f"{number}.pem").write_bytes(one.pem)
    environment = fetching_from(host) | {
        "CALLMARK_TRUST__CRL_ISSUERS_DIRECTORY": str(directory / "crl-issuers"),
        "CALLMARK_TRUST__WHEN_CRL_UNOBTAINABLE": "refuse",
    }
    with running_node(directory, environment=environment) as node, Switch(node) as switch:
        yield Stranger(switch, host)


@dataclass(frozen=True)
class At:
    """Where a list is published, the authority, and its certificate that a call is signed with."""

    url: str
    ca: Made
    leaf: Made


MakeList = Callable[[At], bytes]


@dataclass(frozen=True)
class Case:
    """A list for the certificate of a call: what it says, and where the certificate points."""

    answer: tuple[str, int | None]
    made: MakeList
    pointer: Callable[[bytes], bytes] = point
    """From the address as a GeneralName."""
    ca_usage: tuple[int, ...] = (make.CERTIFICATES, make.LISTS)


def direct(*serials: int, by: Made | None = None, **how: object) -> MakeList:
    """The authority's own list of these serial numbers and, for 0, the certificate's."""
    return lambda at: revocation_list(
        by or at.ca, *(entry(each or at.leaf.serial) for each in serials), **how
    )


def entries(*more: bytes) -> MakeList:
    """The authority's own list, the certificate on it with these extensions of its entry."""
    return lambda at: revocation_list(at.ca, entry(at.leaf.serial, more=more))


OURS = b"the certificate's issuer"


def indirect(*named: tuple[bytes | None, int], by: Made = PA, **how: object) -> MakeList:
    """The STI-PA's list: issuers (None: the last one's) and serial numbers, 0 for the certificate's."""

    def made(at: At) -> bytes:
        made_of = [
            entry(serial or at.leaf.serial, of=at.ca.subject if issuer is OURS else issuer)
            for issuer, serial in named
        ]
        return revocation_list(by, *made_of, more=[scope(uri(at.url), indirect=True)], **how)

    return made


def name_of(ca: Made) -> str:
    return ca.subject[ca.subject.index(b"SHAKEN Lists CA") :].decode()


def respelt(change: Callable[[str], str], **how: object) -> MakeList:
    """The STI-PA's list, the certificate's issuer written in another way."""
    return lambda at: revocation_list(
        PA,
        entry(at.leaf.serial, of=make.person(change(name_of(at.ca)), **how)),
        more=[scope(uri(at.url), indirect=True)],
    )


def scoped(*revoked: int, **what: object) -> MakeList:
    """The authority's own list with an issuing distribution point of its address and these flags."""
    return lambda at: revocation_list(
        at.ca, *(entry(each or at.leaf.serial) for each in revoked), more=[scope(uri(at.url), **what)]
    )


def named(*names: bytes, **what: object) -> MakeList:
    """An empty list of the authority's that is published under other names than its address."""
    return lambda at: revocation_list(at.ca, more=[scope(*names, **what)])


PLACE = make.directory(make.person("A Place"))
RELATIVE = tlv(SET, seq(oid("2.5.4.3"), tlv(PRINTABLE, b"A List")))[2:]
UNKNOWN_CRITICAL = make.extension("1.3.6.1.4.1.99999.1", b"\5\0", critical=True)
UNKNOWN_PLAIN = make.extension("1.3.6.1.4.1.99999.1", b"\5\0")
DELTA = make.extension("2.5.29.27", integer(1), critical=True)
STRANGER = make.new_key()


def by_pa(name: bytes) -> bytes:
    return point(name, issuer=PA.subject)


def by_other_root(name: bytes) -> bytes:
    return point(name, issuer=OTHER_ROOT.subject)


CASES = {
    # --- an authority's own list
    "empty": Case(VOUCHED, direct()),
    "others": Case(VOUCHED, direct(5, 6)),
    "the certificate": Case(REVOKED, direct(5, 0, 6)),
    "the certificate, twice": Case(REVOKED, direct(0, 0)),
    "with every reason": Case(REVOKED, entries(reason(1))),
    "on hold": Case(REVOKED, entries(reason(6))),
    "removed, which only a delta can say": Case(REVOKED, entries(reason(8))),
    "unknown extension of an entry": Case(REVOKED, entries(UNKNOWN_PLAIN)),
    "unknown critical extension of an entry": Case(UNKNOWN, entries(UNKNOWN_CRITICAL)),
    "unknown extension": Case(VOUCHED, direct(more=[UNKNOWN_PLAIN])),
    "unknown critical extension": Case(UNKNOWN, direct(more=[UNKNOWN_CRITICAL])),
    "without a number": Case(VOUCHED, direct(number=False)),
    "of version 1": Case(VOUCHED, direct(number=False, version=b"")),
    "of version 1 with the certificate": Case(REVOKED, direct(0, number=False, version=b"")),
    "delta": Case(UNKNOWN, direct(0, more=[DELTA])),
    "dated tomorrow": Case(UNKNOWN, direct(this_update=NOW + DAY, next_update=NOW + 2 * DAY)),
    "without an end": Case(UNKNOWN, direct(next_update=None)),
    "without an end, with the certificate": Case(REVOKED, direct(0, next_update=None)),
    "past its end": Case(VOUCHED, direct(this_update=NOW - 2 * DAY, next_update=NOW - DAY)),
    "past its end, with the certificate": Case(
        REVOKED, direct(0, this_update=NOW - 2 * DAY, next_update=NOW - DAY)),
    "past its end and every grace": Case(
        UNKNOWN, direct(this_update=NOW - 90 * DAY, next_update=NOW - 80 * DAY)),
    "its end beyond 2049": Case(VOUCHED, direct(next_update=2_600_000_000, next_as_generalized=True)),
    # --- whose
    "of another key": Case(UNKNOWN, direct(key=STRANGER)),
    "of another key, with the certificate": Case(UNKNOWN, direct(0, key=STRANGER)),
    "changed": Case(UNKNOWN, direct(flip=True)),
    "algorithms differ": Case(UNKNOWN, direct(outer_algorithm=make.ECDSA_SHA384)),
    "another algorithm than it says": Case(UNKNOWN, direct(algorithm=make.ECDSA_SHA384)),
    "of another authority": Case(UNKNOWN, direct(by=OTHER_CA)),
    "of another authority, with the serial": Case(UNKNOWN, direct(0, by=OTHER_CA)),
    "of an authority that may not sign lists": Case(UNKNOWN, direct(), ca_usage=(make.CERTIFICATES,)),
    "of one that may not sign lists, with the certificate": Case(
        REVOKED, direct(0), ca_usage=(make.CERTIFICATES,)),
    "of the root, for what the authority issued": Case(UNKNOWN, direct(0, by=ROOT)),
    "of the certificate itself": Case(UNKNOWN, lambda at: revocation_list(at.leaf)),
    # --- scopes
    "of its place": Case(VOUCHED, scoped()),
    "of its place, with the certificate": Case(REVOKED, scoped(0)),
    "of another place": Case(UNKNOWN, named(uri("https://crl.example.org/another"))),
    "of a place by name": Case(UNKNOWN, named(PLACE)),
    "of a place by name, which the pointer names too": Case(
        VOUCHED, named(PLACE), pointer=lambda name: point(name, PLACE)),
    "of a place by relative name": Case(UNKNOWN, named(relative=RELATIVE)),
    "of users": Case(VOUCHED, scoped(users=True)),
    "of authorities": Case(UNKNOWN, scoped(authorities=True)),
    "of attributes": Case(UNKNOWN, scoped(attributes=True)),
    "of some reasons": Case(UNKNOWN, scoped(reasons=named_bits(1)[2:])),
    "of some reasons, with the certificate": Case(REVOKED, scoped(0, reasons=named_bits(1)[2:])),
    "scope not critical": Case(VOUCHED, scoped(critical=False)),
    "indirect, of an authority that is not configured for it": Case(UNKNOWN, scoped(indirect=True)),
    # --- the STI-PA's list
    "PA: empty": Case(VOUCHED, indirect(), pointer=by_pa),
    "PA: empty, the pointer not naming it": Case(VOUCHED, indirect()),
    "PA: the certificate": Case(REVOKED, indirect((OURS, 0)), pointer=by_pa),
    "PA: the certificate, the pointer not naming it": Case(REVOKED, indirect((OURS, 0))),
    "PA: the certificate, issuer carried forward": Case(
        REVOKED, indirect((OTHER_CA.subject, 5), (OURS, 6), (None, 7), (None, 0))),
    "PA: another issuer carried forward": Case(
        VOUCHED, indirect((OURS, 5), (OTHER_CA.subject, 6), (None, 0))),
    "PA: the serial of another issuer": Case(VOUCHED, indirect((OTHER_CA.subject, 0))),
    "PA: the serial without an issuer": Case(VOUCHED, indirect((None, 0))),
    "PA: the issuer in another string type": Case(
        REVOKED, respelt(str, string=PRINTABLE)),
    "PA: the issuer in another case": Case(REVOKED, respelt(lambda name: name.upper().replace(" ", "  "))),
    "PA: of another key": Case(UNKNOWN, indirect((OURS, 0), key=STRANGER)),
    "PA: by another, whom the pointer does not name": Case(
        UNKNOWN, indirect((OURS, 0), by=OTHER_CA), pointer=by_pa),
    "PA: not saying that it is indirect": Case(
        REVOKED, lambda at: revocation_list(
            PA, entry(at.leaf.serial, of=at.ca.subject), more=[scope(uri(at.url))])),
    "PA: direct, so of its own certificates": Case(
        UNKNOWN, lambda at: revocation_list(PA, more=[scope(uri(at.url))])),
    # --- an anchor's list
    "of the anchor it leads to, empty": Case(VOUCHED, indirect(by=ROOT)),
    "of the anchor it leads to, with the certificate": Case(REVOKED, indirect((OURS, 0), by=ROOT)),
    "of another anchor, empty": Case(UNKNOWN, indirect(by=OTHER_ROOT)),
    "of another anchor, with the certificate": Case(UNKNOWN, indirect((OURS, 0), by=OTHER_ROOT)),
    "of another anchor, whom the pointer names": Case(
        VOUCHED, indirect(by=OTHER_ROOT), pointer=by_other_root),
    "of another anchor, whom the pointer names, with the certificate": Case(
        REVOKED, indirect((OURS, 0), by=OTHER_ROOT), pointer=by_other_root),
    # --- no list
    "a page": Case(UNKNOWN, lambda *_: b"<html>"),
    "nothing": Case(UNKNOWN, lambda *_: b""),
    "a certificate": Case(UNKNOWN, lambda at: at.ca.der),
    "bytes behind it": Case(UNKNOWN, lambda at: revocation_list(at.ca, entry(at.leaf.serial)) + b"\0"),
    "two in PEM": Case(UNKNOWN, lambda at: make.armour(revocation_list(at.ca), "X509 CRL") * 2),
    "one in PEM": Case(VOUCHED, lambda at: make.armour(revocation_list(at.ca), "X509 CRL")),
    "one in PEM, with the certificate": Case(
        REVOKED, lambda at: make.armour(revocation_list(at.ca, entry(at.leaf.serial)), "X509 CRL")),
}  # fmt: skip


@pytest.mark.parametrize("kind", CASES)
def test_a_list_says_what_it_says_and_no_more(strangers: Stranger, kind: str):
    case = CASES[kind]
    # Of its own for each case: what one list says of an authority's certificates holds for all of them.
    common_name = f"SHAKEN Lists CA {list(CASES).index(kind)}"
    ca = make.authority(common_name, ROOT, {"usage": make.usage(*case.ca_usage)})
    path = strangers.address(f"list {kind}", ".crl")
    url = strangers.host.url(path)
    leaf = make.leaf(ca, {"pointers": make.pointers(case.pointer(uri(url)))})
    strangers.host.serve(path, case.made(At(url, ca, leaf)), content_type="application/pkix-crl")
    assert strangers.answers(f"list {kind}", file(leaf, ca)) == {case.answer}
