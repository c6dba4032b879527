"""One refresh at a time, across threads, processes and machines.

PostgreSQL keeps the lock itself (an advisory lock of the session, free when its connection ends);
beside a SQLite database it is a locked file (free when its process ends). So a refresh that is
killed at any instruction leaves no lock behind.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, text

from registry.errors import Unavailable

# Any number, the same for all servers of one database.
_ADVISORY_KEY = 0x7265_6672


@contextmanager
def refresh_lock(engine: Engine) -> Iterator[None]:
    """Hold the right to change the catalogue of this database; waits for who holds it.

    Raises:
        Unavailable: the file that is locked beside SQLite cannot be made.
    """
    if engine.dialect.name == "postgresql":
        with _advisory_lock(engine):
            yield
    else:
        with _file_lock(f"{engine.url.database}.refresh-lock"):
            yield


@contextmanager
def _advisory_lock(engine: Engine) -> Iterator[None]:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        key = {"key": _ADVISORY_KEY}
        # However long the other one takes: a server's connections limit what reads.
        limit = connection.scalar(text("SHOW statement_timeout"))
        set_limit = text("SELECT set_config('statement_timeout', :limit, false)")
        connection.execute(set_limit, {"limit": "0"})
        connection.execute(text("SELECT pg_advisory_lock(:key)"), key)
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), key)
            connection.execute(set_limit, {"limit": limit})


@contextmanager
def _file_lock(path: str) -> Iterator[None]:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as failure:
        raise Unavailable(
            f"The database cannot be written for now ({failure.strerror}), and nothing was "
            "changed: see that its disk has room, and that the service's user may write there.",
            code="database_full" if failure.errno == errno.ENOSPC else "database_read_only",
        ) from failure
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
