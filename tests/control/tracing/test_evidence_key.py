"""The key that evidence is signed with, made by whoever needs it first."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from gateway.control.tracing.evidence_key import KEY_FILE, open_evidence_key

NOW = 1_800_000_000


def test_many_that_need_it_first_at_once_make_one_key_with_its_certificate(tmp_path):
    for turn in range(5):
        start, directory = Barrier(8), tmp_path / str(turn)

        def need(start=start, directory=directory):
            start.wait()
            return open_evidence_key(directory, organisation="Example Carrier", now=NOW).fingerprint

        with ThreadPoolExecutor(8) as threads:
            found = [each.result() for each in [threads.submit(need) for _ in range(8)]]
        assert len(set(found)) == 1
        assert open_evidence_key(directory, organisation="", now=NOW).fingerprint == found[0]
        assert stat.S_IMODE((directory / KEY_FILE).stat().st_mode) == 0o600
        assert {each.name for each in directory.iterdir()} == {"evidence.key", "evidence.pem"}
