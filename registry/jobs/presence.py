"""That a worker lives, told by a lock which ends with its process, however that ends.

A worker's jobs are taken from it only once it is gone. A time-out could not tell: beside a SQLite
database a refresh is the one writer for as long as it takes, so no heartbeat can be written then.
PostgreSQL keeps the lock itself (an advisory lock of the session); beside SQLite it is a locked
file, as for a refresh (`registry/refresh/lock.py`). For the same reason that file also tells how
far the worker's jobs are.
"""

import fcntl
import os
import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import orjson
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, ResourceClosedError, SQLAlchemyError

_HELD = text(
    "SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks "
    "WHERE locktype = 'advisory' AND objsubid = 1 AND granted AND database = "
    "(SELECT oid FROM pg_database WHERE datname = current_database())"
)
# How long the note of a worker that is gone may be wanted.
_KEPT_SECONDS = 86_400
# A machine that lost its power ends no connection: the server asks for signs of life, in seconds.
_KEEPALIVE = {"idle": 20, "interval": 10, "count": 3}


@dataclass(frozen=True)
class Heartbeat:
    """That a job was being worked on at a moment, and how far it was."""

    done: int
    total: int | None
    what: str
    # In the contract's format.
    at: str


class Presence(ABC):
    """A worker's sign of life."""

    def __init__(self) -> None:
        # 63 random bits: the key of an advisory lock, which is a signed integer.
        self.worker = f"{secrets.randbits(63):016x}"

    @abstractmethod
    def renew(self) -> None:
        """See that the sign still stands, and put it up again where it does not."""

    @abstractmethod
    def note(self, heartbeats: Mapping[str, Heartbeat]) -> bool:
        """Note how far jobs are, by their ids; False where that goes into the database instead."""

    @abstractmethod
    def end(self) -> None:
        """Take it down: only when no job of the worker runs any more."""


def be_present(engine: Engine) -> Presence:
    """Show that this worker lives, until `end` is called or the process ends."""
    return _SessionLock(engine) if engine.dialect.name == "postgresql" else _FileLock(engine)


def find_absent(engine: Engine, workers: Collection[str], *, clear: bool = True) -> set[str]:
    """Tell which of the workers are gone; `clear` removes what they left beside SQLite."""
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            held = set(connection.scalars(_HELD))
        return {worker for worker in workers if int(worker, 16) not in held}
    return {worker for worker in workers if not _is_locked(_lock_file(engine, worker), clear)}


def read_note(engine: Engine, worker: str, job_id: str) -> Heartbeat | None:
    """Read what a worker on this machine noted last of a job that it runs; None: nothing."""
    if engine.dialect.name == "postgresql" or not worker:
        return None
    try:
        notes = orjson.loads(_lock_file(engine, worker).read_bytes())
        return Heartbeat(**notes[job_id])
    except (OSError, orjson.JSONDecodeError, KeyError):
        # It has just ended, or begun, or is being written.
        return None


class _SessionLock(Presence):
    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine
        self._connection = self._take()

    def note(self, heartbeats: Mapping[str, Heartbeat]) -> bool:  # noqa: ARG002 -- as the other takes it
        return False

    def renew(self) -> None:
        try:
            self._connection.execute(text("SELECT 1"))
        except (DBAPIError, ResourceClosedError):
            # Closed already where the database was still gone the last time.
            _discard(self._connection)
            self._connection = self._take()

    def end(self) -> None:
        # A session ends some time after its connection, and until then this worker is there.
        with suppress(SQLAlchemyError):
            self._connection.execute(text("SELECT pg_advisory_unlock_all()"))
        _discard(self._connection)

    def _take(self) -> Connection:
        connection = self._engine.connect()
        try:
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            for name, value in _KEEPALIVE.items():
                connection.execute(text(f"SET tcp_keepalives_{name} = {value}"))
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": int(self.worker, 16)})
        except BaseException:
            _discard(connection)
            raise
        return connection


def _discard(connection: Connection) -> None:
    """Close a connection, and not into the pool: its session may hold a lock."""
    if not connection.closed:
        connection.invalidate()
        connection.close()


class _FileLock(Presence):
    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._path = _lock_file(engine, self.worker)
        # Workers that were killed without a job left files that nobody asks for; those of others
        # tell how long they worked on theirs.
        for left in self._path.parent.glob(_lock_file(engine, "*").name):
            if _is_of_no_use(left):
                _is_locked(left)
        self._descriptor = self._lock()

    def _lock(self) -> int:
        """Make the file and lock it; again, if another worker took it for left over in between."""
        while True:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.fstat(descriptor).st_nlink:
                return descriptor
            os.close(descriptor)

    def renew(self) -> None:
        """Do nothing: a locked file stays so."""

    def note(self, heartbeats: Mapping[str, Heartbeat]) -> bool:
        """Write the file whose lock is the sign of life."""
        notes = orjson.dumps(heartbeats)
        os.pwrite(self._descriptor, notes, 0)
        os.ftruncate(self._descriptor, len(notes))
        return True

    def end(self) -> None:
        self._path.unlink(missing_ok=True)
        os.close(self._descriptor)


def _lock_file(engine: Engine, worker: str) -> Path:
    return Path(f"{engine.url.database}.worker-{worker}")


def _is_of_no_use(path: Path) -> bool:
    """Tell whether a file notes no job, or has been written so long ago that nobody asks for it."""
    try:
        seen = path.stat()
    except FileNotFoundError:
        return False
    return seen.st_size <= len(orjson.dumps({})) or seen.st_mtime < time.time() - _KEPT_SECONDS


def _is_locked(path: Path, clear: bool = True) -> bool:
    """Tell whether a process holds the file's lock; `clear` removes the file where none does."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if clear:
            path.unlink(missing_ok=True)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
