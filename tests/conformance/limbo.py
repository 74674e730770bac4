"""Chains for the cases of x509-limbo: who is trusted, what is sent along, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.certificates.chain import ChainError, Refusal, parse_chain, validate
from gateway.certificates.trust import Trust, build_trust
from tests.hostile import certificates as make
from tests.hostile.certificates import NOW, Extension, Made
from tests.hostile.chains import authority, leaf
from tests.hostile.der import NULL, explicit, implicit, oid, seq, tlv


@dataclass(frozen=True)
class Graph:
    """Certificates as limbo hands them to a verifier; `now` in epoch seconds."""

    leaf: Made
    behind: tuple[Made, ...] = ()
    anchors: tuple[Made, ...] = ()
    now: float = NOW


MakeGraph = Callable[[], Graph]


def refusal(graph: Graph) -> str | None:
    """Why a call signed under the leaf would not be believed at that moment; None when it would."""
    trust = build_trust(anchors=[(f"root-{at}.pem", one.pem) for at, one in enumerate(graph.anchors)])
    if not isinstance(trust, Trust):
        return trust[0].message
    try:
        chain = parse_chain(b"".join(one.pem for one in (graph.leaf, *graph.behind)))
    except ChainError as error:
        return str(error)
    now = int(graph.now)
    result = validate(chain, trust, now)
    if isinstance(result, Refusal):
        return result.findings[0].detail
    assert result.covers_time(now)
    return None


def root(common_name: str = "SHAKEN Limbo ROOT", **changes: object) -> Made:
    return authority(common_name, None, **changes)


def below_root(of_leaf: dict[str, object] | None = None, **of_root: object) -> MakeGraph:
    """A root with these changes and a leaf with those, nothing between."""

    def graph() -> Graph:
        one = root(**of_root)
        return Graph(leaf(one, **(of_leaf or {})), anchors=(one,))

    return graph


def below_ca(of_leaf: dict[str, object] | None = None, **of_ca: object) -> MakeGraph:
    """A root by the book, an authority with these changes, a leaf with those."""

    def graph() -> Graph:
        one = root()
        ca = authority("SHAKEN Limbo CA", one, **of_ca)
        return Graph(leaf(ca, **(of_leaf or {})), (ca,), (one,))

    return graph


def line(*path_lengths: int) -> MakeGraph:
    """A root, an authority for each path length, the first one next to the root, a leaf."""

    def graph() -> Graph:
        issuer = anchor = root()
        between: list[Made] = []
        for number, length in enumerate(path_lengths):
            issuer = make.authority(f"SHAKEN Limbo CA {number}", issuer, path_length=length)
            between.append(issuer)
        return Graph(make.leaf(issuer), tuple(between), (anchor,))

    return graph


def critical(dotted: str, value: bytes) -> Extension:
    return make.extension(dotted, value, critical=True)


# --- names ---------------------------------------------------------------------------------------


def dns(text: str) -> bytes:
    """A GeneralName, as the three below."""
    return implicit(2, text.encode())


def email(text: str) -> bytes:
    return implicit(1, text.encode())


def ip(octets: str) -> bytes:
    """An address, or with its mask twice as many octets, in hex."""
    return implicit(7, bytes.fromhex(octets))


def other_name() -> bytes:
    """A name of a kind that nobody knows."""
    return explicit(0, oid("1.3.6.1.4.1.99999.3"), explicit(0, tlv(NULL)))


def alternative(*names: bytes, critical: bool = False) -> Extension:
    return make.extension("2.5.29.17", seq(*names), critical=critical)


def name_constraints(
    *, permitted: tuple[bytes, ...] = (), excluded: tuple[bytes, ...] = (), critical: bool = True
) -> Extension:
    """Subtrees of GeneralNames (RFC 5280 section 4.2.1.10); none of a kind leaves its list out."""
    lists = [(0, permitted), (1, excluded)]
    trees = (explicit(number, *(seq(each) for each in names)) for number, names in lists if names)
    return make.extension("2.5.29.30", seq(*trees), critical=critical)
