"""How connections and transactions behave, on SQLite and on PostgreSQL alike.

A session is either reading, and then sees one state of the database for all its statements, or
writing. Which one it is must be said before its first statement: SQLite takes its write lock at
once instead of failing later, PostgreSQL gives a reader one snapshot.
"""

import select
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import (
    Connection,
    Engine,
    RootTransaction,
    create_engine,
    event,
    make_url,
    update,
)
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import Session

from registry.models import Revision
from registry.models.base import utc_now

# How long a writer waits for another one, in seconds, before it gives up.
BUSY_TIMEOUT = 30
WRITER_CACHE_KIB = 32 * 1024
_WRITES = "registry_writes"
# How many of its virtual machine's instructions SQLite runs between two looks at the clock: a
# millisecond's worth or so.
_SQLITE_INSTRUCTIONS = 50_000


def _dump_json(value: object) -> str:
    return orjson.dumps(value).decode()


def engine_options(url: str) -> dict[str, Any]:
    """Give SQLAlchemy's engine options for the database at `url`."""
    options: dict[str, Any] = {"json_serializer": _dump_json, "json_deserializer": orjson.loads}
    parsed = make_url(url)
    if parsed.database:
        # The connection used last has the most at hand: pages, plans, prepared statements. What is
        # in memory has a pool of another kind.
        options["pool_use_lifo"] = True
    if parsed.get_backend_name() == "sqlite":
        options["connect_args"] = {"timeout": BUSY_TIMEOUT, "check_same_thread": False}
    else:
        options["connect_args"] = {"connect_timeout": 5}
    return options


def make_engine(url: str) -> Engine:
    """Make an engine with the product's options and behaviour; makes SQLite's directory."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, **engine_options(url))
    prepare_engine(engine)
    return engine


def prepare_engine(engine: Engine, *, read_timeout_ms: int = 0) -> None:
    """Give an engine's connections the behaviour that this module promises.

    Args:
        engine: the engine.
        read_timeout_ms: how long what reads may run: on PostgreSQL a statement, on SQLite a
            transaction; in milliseconds, 0 for as long as it takes. What writes has no limit.
    """
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", lambda connection: _begin_sqlite(connection, read_timeout_ms))
        return
    event.listen(
        engine, "connect", lambda connection, _: _configure_postgresql(connection, read_timeout_ms)
    )
    event.listen(engine, "checkout", _refuse_closed)
    if read_timeout_ms:
        event.listen(engine, "begin", _unlimit_writer)


def _configure_postgresql(connection: Any, read_timeout_ms: int) -> None:
    # Not by the connection's parameters: poolers in front of PostgreSQL refuse those they do not
    # know. Compiling a statement to machine code takes longer than any of ours runs.
    before = connection.autocommit
    connection.autocommit = True
    connection.execute("SET jit = off")
    if read_timeout_ms:
        connection.execute(f"SET statement_timeout = {read_timeout_ms:d}")
    connection.autocommit = before


def _refuse_closed(connection: Any, _record: object, _proxy: object) -> None:
    """Have the pool replace its connections when the server closed this one while it was idle.

    An idle connection on which there is something to read was closed, or is about to be. That is
    seen at once, where asking the server would cost a round trip for each request.
    """
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    if waiting.poll(0):
        raise InvalidatePoolError


def _unlimit_writer(connection: Connection) -> None:
    if connection.get_execution_options().get(_WRITES, False):
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")


def _configure_sqlite(connection: Any, _record: object) -> None:
    # The driver's own transaction control starts none before the first write, so a reader would
    # see another state with every statement: we begin transactions ourselves.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: Connection, read_timeout_ms: int) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    if read_timeout_ms:
        limit_sqlite(connection.connection.driver_connection, 0 if writes else read_timeout_ms)
    if writes:
        # A first refresh writes tens of thousands of rows in no order of theirs: with the default
        # of 2 MB the pages of their indexes would go to the disk and back all the time.
        connection.exec_driver_sql(f"PRAGMA cache_size=-{WRITER_CACHE_KIB}")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql("BEGIN")


def limit_sqlite(driver: Any, milliseconds: int) -> None:
    """Have a connection of SQLite's driver interrupt what runs for longer from now; 0: nothing."""
    deadline = time.monotonic() + milliseconds / 1000
    overdue = (lambda: time.monotonic() > deadline) if milliseconds else None
    driver.set_progress_handler(overdue, _SQLITE_INSTRUCTIONS)


def begin_read(session: Session) -> Connection:
    """Begin a transaction in which all statements see the same state of the database."""
    if session.in_transaction():
        return session.connection()
    if session.get_bind().dialect.name == "postgresql":
        return session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    return session.connection()


def begin_write(session: Session) -> Connection:
    """Begin a transaction that will write; on SQLite it waits here for the one writer before it.

    Raises:
        RuntimeError: the session has begun a transaction already, so it is too late to say.
    """
    if session.in_transaction():
        raise RuntimeError("a transaction that is to write must be begun before its first read")
    return session.connection(execution_options={_WRITES: True})


def begin_writing(connection: Connection) -> RootTransaction:
    """Begin a transaction that will write on a bare connection, as `begin_write` on a session."""
    return connection.execution_options(**{_WRITES: True}).begin()


@contextmanager
def writing(sessions: Callable[[], Session]) -> Iterator[Session]:
    """Open a session for one write: commits and raises the revision, or undoes all of it."""
    with sessions() as session:
        begin_write(session)
        yield session
        raise_revision(session)
        session.commit()


@contextmanager
def reading(sessions: Callable[[], Session]) -> Iterator[Session]:
    """Open a session that sees one state of the database."""
    with sessions() as session:
        begin_read(session)
        yield session


def raise_revision(session: Session) -> None:
    """Count one more committed change; part of the transaction that makes it.

    Last in a transaction: on PostgreSQL the row is locked from here to the commit.
    """
    session.execute(update(Revision).values(number=Revision.number + 1, raised_at=utc_now()))
