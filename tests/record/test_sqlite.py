"""Connections to a file that nobody has opened before."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor

from gateway.record.sqlite import set_up_connection

FILES = 100
TOGETHER = 6


def test_connections_that_are_first_at_the_same_time_wait_for_each_other(tmp_path):
    barrier = threading.Barrier(TOGETHER)

    def connect(path):
        connection = sqlite3.connect(path)
        try:
            barrier.wait()
            set_up_connection(connection, None)
            return connection.execute("PRAGMA journal_mode").fetchone()[0]
        finally:
            connection.close()

    with ThreadPoolExecutor(TOGETHER) as threads:
        for number in range(FILES):
            modes = threads.map(connect, [tmp_path / f"{number}.db"] * TOGETHER)
            assert set(modes) == {"wal"}
