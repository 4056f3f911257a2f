"""A file in, what a bandit has learned out: SQLite, one transaction a pull and one a reward.

A process that is killed leaves whole transactions or nothing; several processes, also those of replicas, take
turns. Each reward is a row, and a puid is there once: what is sent again is known, and not counted again.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from models.bandit.arms import Arm

PATIENCE = 10.0  # seconds that one process waits for another's transaction
FORMAT = 1
# On these WAL does not work, for it needs memory that all who use the file share.
NETWORK = ("nfs", "cifs", "smb", "ceph", "fuse", "9p", "gluster", "lustre", "afs")
_TABLES = """
CREATE TABLE IF NOT EXISTS arms (
  name TEXT PRIMARY KEY, pulls INTEGER NOT NULL DEFAULT 0, rewards INTEGER NOT NULL DEFAULT 0,
  mean REAL NOT NULL DEFAULT 0, squares REAL NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS rewards (
  number INTEGER PRIMARY KEY AUTOINCREMENT, puid TEXT UNIQUE, arm TEXT NOT NULL, reward REAL NOT NULL,
  at REAL NOT NULL);
"""


class State:
    """The file of one router. Arms are known by name: a new one starts empty, one that is gone is kept."""

    def __init__(self, file: str, names: Sequence[str], *, remembered: int) -> None:
        """`remembered` is how many rewards stay as rows, and so for how many a puid is known again."""
        self._names, self._remembered, self._turn = list(names), remembered, threading.Lock()
        self._database = sqlite3.connect(
            file, timeout=PATIENCE, isolation_level=None, check_same_thread=False
        )
        journal = "TRUNCATE" if on_network(file) else "WAL"
        self._database.execute(f"PRAGMA journal_mode = {journal}")
        with self._transaction() as database:
            (found,) = database.execute("PRAGMA user_version").fetchone()
            if found not in (0, FORMAT):
                raise ValueError(f"{file} is of format {found}; expected {FORMAT}: name another file")
            for statement in filter(str.strip, _TABLES.split(";")):
                database.execute(statement)
            database.execute(f"PRAGMA user_version = {FORMAT}")
            for name in names:
                database.execute("INSERT OR IGNORE INTO arms (name) VALUES (?)", (name,))

    def arms(self) -> list[Arm]:
        with self._turn:
            return self._arms(self._database)

    def pull(self, choose: Callable[[Sequence[Arm]], int]) -> int:
        """The number of the arm that is chosen; the pull is counted.

        Not synced by itself: a kill loses nothing, a power failure may lose the count of the last pulls.
        """
        with self._transaction(durable=False) as database:
            chosen = choose(self._arms(database))
            database.execute("UPDATE arms SET pulls = pulls + 1 WHERE name = ?", (self._names[chosen],))
            return chosen

    def reward(self, number: int, reward: float, puid: str) -> bool:
        """Counts a reward of the arm, once for a puid; without one, each time. Whether it was counted."""
        name = self._names[number]
        with self._transaction() as database:
            row = (puid or None, name, reward, time.time())
            added = database.execute(
                "INSERT INTO rewards (puid, arm, reward, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", row
            )
            if not added.rowcount:
                return False
            (arm,) = (arm for arm in self._arms(database) if arm.name == name)
            now = arm.rewarded(reward)
            database.execute(
                "UPDATE arms SET rewards = ?, mean = ?, squares = ? WHERE name = ?",
                (now.rewards, now.mean, now.squares, name),
            )
            database.execute(
                "DELETE FROM rewards WHERE number <= (SELECT max(number) FROM rewards) - ?",
                (self._remembered,),
            )
            return True

    def close(self) -> None:
        self._database.close()

    def _arms(self, database: sqlite3.Connection) -> list[Arm]:
        rows = database.execute("SELECT name, pulls, rewards, mean, squares FROM arms")
        known = {row[0]: Arm(*row) for row in rows}
        return [known[name] for name in self._names]

    @contextmanager
    def _transaction(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        with self._turn:
            self._database.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")


def on_network(file: str, *, mounts: Path = Path("/proc/self/mountinfo")) -> bool:
    """Whether the file's folder is of another machine, as far as the system tells."""
    try:
        lines = mounts.read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    folder = str(Path(file).resolve().parent) + "/"
    longest, kind = -1, ""
    for line in lines:
        before, _, after = line.partition(" - ")
        place = before.split()[4].replace("\\040", " ").rstrip("/") + "/"
        if folder.startswith(place) and len(place) >= longest:
            longest, kind = len(place), after.split()[0]
    return kind.startswith(NETWORK)
