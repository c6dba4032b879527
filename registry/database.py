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
    Dialect,
    Engine,
    RootTransaction,
    create_engine,
    event,
    make_url,
    update,
)
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, InvalidRequestError
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
        _limit_sqlite(connection.connection.driver_connection, 0 if writes else read_timeout_ms)
    if writes:
        # A first refresh writes tens of thousands of rows in no order of theirs: with the default
        # of 2 MB the pages of their indexes would go to the disk and back all the time.
        connection.exec_driver_sql(f"PRAGMA cache_size=-{WRITER_CACHE_KIB}")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql("BEGIN")


def _limit_sqlite(driver: Any, milliseconds: int) -> None:
    """Have a connection interrupt what runs for longer; 0: nothing."""
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


class SingleReads:
    """Runs single statements that read, each of which sees a state of its own.

    There is no transaction around them, for on PostgreSQL its begin and end would each be a round
    trip; and nothing of SQLAlchemy but its pool, which for a small answer takes longer than the
    database does.
    """

    def __init__(self, engine: Engine, *, read_timeout_ms: int = 0) -> None:
        """Read from an engine's database, until the engine is disposed.

        Args:
            engine: a prepared one.
            read_timeout_ms: as for `prepare_engine`.
        """
        self._engine = engine
        self._dialect: Any = engine.dialect
        self._timeout_ms = read_timeout_ms
        # Told of each statement, and how many seconds it took.
        self.observe: Callable[[str, float], None] | None = None
        if engine.dialect.name == "postgresql":
            # Connections of their own: telling each time that there is to be no transaction, and
            # undoing one that there was not, takes as long as a small statement.
            url = engine.url.render_as_string(hide_password=False)
            self._engine = create_engine(
                url, isolation_level="AUTOCOMMIT", pool_reset_on_return=None, **engine_options(url)
            )
            prepare_engine(self._engine, read_timeout_ms=read_timeout_ms)
            event.listen(engine, "engine_disposed", lambda _: self._engine.dispose())

    @property
    def dialect(self) -> Dialect:
        """The database's."""
        return self._engine.dialect

    def row(self, statement: str, values: Any = ()) -> tuple[Any, ...]:
        """Give the one row of a statement: as `first`, where there must be one.

        Raises:
            SQLAlchemyError: as `first`; there is no row.
        """
        row = self.first(statement, values)
        if row is None:
            raise InvalidRequestError(f"no row, and not one: {statement}")
        return row

    def first(self, statement: str, values: Any = ()) -> tuple[Any, ...] | None:
        """Give the row of a statement of one row at most, as the driver gives it; None: no row.

        Args:
            statement: in the driver's words.
            values: its parameters, as the driver takes them.

        Raises:
            SQLAlchemyError: the database does not answer, or not in time; there are several rows.
        """
        driver_error = self._dialect.loaded_dbapi.Error
        try:
            lent = self._engine.raw_connection()
        except driver_error as error:
            raise self._explain(error, statement, values) from error
        try:
            if self._timeout_ms and self._dialect.name == "sqlite":
                _limit_sqlite(lent.driver_connection, self._timeout_ms)
            cursor = lent.cursor()
            began = time.perf_counter()
            cursor.execute(statement, values)
            if self.observe is not None:
                self.observe(statement, time.perf_counter() - began)
            rows = cursor.fetchmany(2)
        except BaseException as error:
            # Whatever it is about, nobody is to get this one again.
            lent.invalidate()
            if not isinstance(error, driver_error):
                raise
            raise self._explain(error, statement, values) from error
        lent.close()
        if len(rows) > 1:
            raise InvalidRequestError(f"several rows, and not one: {statement}")
        return rows[0] if rows else None

    def _explain(self, error: Exception, statement: str, values: Any) -> BaseException:
        """Make the error that SQLAlchemy would raise."""
        return DBAPIError.instance(
            statement,
            values,
            error,
            self._dialect.loaded_dbapi.Error,
            hide_parameters=True,
            connection_invalidated=self._dialect.is_disconnect(error, None, None),
            dialect=self._dialect,
        )


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
