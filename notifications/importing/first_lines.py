"""Which line of a file named a device first; kept on disk where there are many, so that memory stays flat."""

from __future__ import annotations

import sqlite3


class FirstLines:
    """Digest → line. A private database: two megabytes of it in memory, the rest in a file that nobody else sees."""

    def __init__(self) -> None:
        self._known = sqlite3.connect("")
        self._known.execute("PRAGMA journal_mode = OFF")
        self._known.execute("CREATE TABLE first (digest INTEGER PRIMARY KEY, line INTEGER)")

    def note(self, digest: int, line: int) -> int:
        """The line that had this digest first: this one, unless an earlier one was noted."""
        done = self._known.execute("INSERT INTO first VALUES (?, ?) ON CONFLICT DO NOTHING", (digest, line))
        if done.rowcount:
            return line
        found = self._known.execute("SELECT line FROM first WHERE digest = ?", (digest,))
        return int(found.fetchone()[0])

    def close(self) -> None:
        """Forget all of it."""
        self._known.close()
