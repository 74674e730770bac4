"""`python -m bench.revocation`: what a revocation list costs by how long it is.

For each length: an indirect list of that many made-up serial numbers of sixteen octets, signed, then read
and looked into as a worker does, each in a process of its own. Printed are the CPU seconds that reading
takes, how much memory the process has more afterwards and at most had meanwhile, and what it takes to look
for a certificate that is not on the list.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gateway.certificates.reading import read_certificates
from gateway.certificates.revocation import RevocationState, build_revocation_lists
from gateway.certificates.revocation_list import read_revocation_lists
from tests.hostile import certificates as make
from tests.hostile.revocation_lists import entry, revocation_list, scope

URL = "https://crl.example.org/crl"
LOOKUPS = 20_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.revocation", description=__doc__)
    parser.add_argument("--entries", type=int, nargs="+", default=[1_000, 100_000, 1_000_000])
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one is not None:
        measure(arguments.one)
        return 0
    print(
        f"{'entries':>10} {'file MB':>8} {'read s':>7} {'MB more':>8} {'MB at most':>11} {'look-up us':>11}"
    )
    with tempfile.TemporaryDirectory() as directory:
        for entries in arguments.entries:
            made = write(Path(directory), entries)
            sys.stdout.write(f"{entries:>10} ")
            sys.stdout.flush()
            # Of its own, because a process does not give back the memory that it once had.
            subprocess.run([sys.executable, "-m", "bench.revocation", "--one", str(made)], check=True)
    return 0


def write(directory: Path, entries: int) -> Path:
    """A list of the STI-PA's for an authority that revoked so much, and the certificates concerned."""
    issuer = make.authority("STI-PA CRL", None)
    authority = make.authority("SHAKEN Example CA", issuer)
    pointer = make.pointers(make.point(make.uri(URL), issuer=issuer.subject))
    leaf = make.leaf(authority, {"pointers": pointer})
    chance = random.Random(5)
    serials = [chance.getrandbits(127) | 2**120 for _ in range(entries)]
    listed = [entry(serials[0], of=authority.subject), *map(entry, serials[1:])]
    crl = revocation_list(issuer, *listed, more=[scope(make.uri(URL), indirect=True)])
    (directory / "list.crl").write_bytes(crl)
    (directory / "certificates.pem").write_bytes(leaf.pem + authority.pem + issuer.pem)
    return directory


def measure(directory: Path) -> None:
    leaf, authority, issuer = read_certificates((directory / "certificates.pem").read_bytes())
    data = (directory / "list.crl").read_bytes()
    before = resident()
    began = time.process_time()
    read = read_revocation_lists("list.crl", data)
    lists, problems = build_revocation_lists(read, (issuer,))
    seconds = time.process_time() - began
    assert not problems
    more, most = resident() - before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before
    now = int(time.time())
    began = time.process_time()
    for _ in range(LOOKUPS):
        found = lists.judge(leaf, authority, now=now)
    each = (time.process_time() - began) / LOOKUPS * 1e6
    assert found.state is RevocationState.VOUCHED
    print(f"{len(data) / 1e6:>8.1f} {seconds:>7.2f} {more:>8.0f} {most:>11.0f} {each:>11.1f}")


def resident() -> float:
    """Megabytes of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    sys.exit(main())
