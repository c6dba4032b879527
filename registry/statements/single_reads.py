"""Runs single statements without SQLAlchemy, each of which sees a state of its own."""

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Dialect, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, InvalidRequestError

from registry.database import engine_options, limit_sqlite, prepare_engine

# In characters or bytes: of what is larger, the connection that it came over is not kept.
_LARGE = 2**21


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
        self._is_postgresql = engine.dialect.name == "postgresql"
        if self._is_postgresql:
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
        if not values and self._is_postgresql and "%" not in statement:
            # Even for an empty list, psycopg looks for the places of parameters: a third of a small
            # statement's time.
            values = None
        try:
            lent = self._engine.raw_connection()
        except driver_error as error:
            raise self._explain(error, statement, values) from error
        try:
            if self._timeout_ms and self._dialect.name == "sqlite":
                limit_sqlite(lent.driver_connection, self._timeout_ms)
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
        if self._is_postgresql and rows and _is_large(rows[0]):
            # While a connection lasts, libpq keeps room for the largest answer that it has had.
            lent.invalidate()
        else:
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


def _is_large(row: tuple[Any, ...]) -> bool:
    return any(isinstance(value, str | bytes) and len(value) > _LARGE for value in row)
