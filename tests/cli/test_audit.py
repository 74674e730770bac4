from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from gateway.cli.audit import audit
from gateway.cli.token import token


@pytest.fixture
def data(run, tmp_path):
    where = tmp_path / "data"
    for name in ("one", "two", "three"):
        made = run(token, "create", "--name", name, "--scope", "owner", "--data-directory", str(where))
        assert made.exit_code == 0
    return where


def test_a_whole_chain_is_intact_and_its_head_is_shown(run, data):
    done = run(audit, "verify", "--data-directory", str(data))
    assert done.exit_code == 0
    assert done.stdout.startswith("Intact: 3 rows. Head: row 3, ")


def test_a_row_somebody_changed_ends_with_1_and_its_number(run, data):
    with closing(sqlite3.connect(data / "record.sqlite")) as record:
        # Whoever can write the file can take the guard off first.
        for (guard,) in record.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            record.execute(f"DROP TRIGGER {guard}")
        record.execute("UPDATE audit SET actor = 'nobody' WHERE sequence = 2")
        record.commit()
    done = run(audit, "verify", "--data-directory", str(data))
    assert (done.exit_code, done.stdout) == (1, "")
    assert "row 2: was changed after it was written" in done.stderr
    document = json.loads(run(audit, "verify", "--json", "--data-directory", str(data)).stdout)
    assert (document["intact"], document["breaks"][0]["sequence"]) == (False, 2)


def test_a_data_directory_without_a_record_is_a_sentence(run, tmp_path):
    done = run(audit, "verify", "--data-directory", str(tmp_path / "none"))
    assert (done.exit_code, "there is no record in" in done.stderr) == (1, True)
