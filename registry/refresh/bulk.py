"""Many rows at once, as fast as each database takes them.

Rows are tuples of what the database keeps; timestamps are the contract's text, which PostgreSQL
reads and SQLite keeps (see `registry.models.base.Timestamp`).
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Self, TypeAlias, TypeVar

from sqlalchemy import Connection

from registry.models import Base

# SQLite's oldest limit on parameters of one statement is 999.
_BATCH = 500

T = TypeVar("T")
# A model, its columns, and rows of these.
RowsOf: TypeAlias = tuple[type[Base], Sequence[str], list[tuple[Any, ...]]]


def insert_rows(
    connection: Connection,
    model: type[Base],
    columns: Sequence[str],
    rows: Collection[tuple[Any, ...]],
) -> None:
    """Insert rows into a model's table: COPY on PostgreSQL, one prepared statement on SQLite."""
    insert_into(connection, model.__tablename__, columns, rows)


def insert_into(
    connection: Connection, table: str, columns: Sequence[str], rows: Collection[tuple[Any, ...]]
) -> None:
    """Insert rows into a table that may be none of this release's models."""
    if rows:
        _insert(connection, connection.connection.driver_connection, table, columns, rows)


class RowWriter:
    """Inserts rows into several tables; on PostgreSQL, its caller can go on meanwhile.

    Use it in a `with`, and the connection only after `wait`. SQLite's driver gives up the
    interpreter for every row, and would have to wait for it each time: there, nothing goes on.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._driver: Any = connection.connection.driver_connection
        self._thread = (
            ThreadPoolExecutor(1, thread_name_prefix="rows")
            if connection.dialect.name == "postgresql"
            else None
        )
        self._writing: Future[None] | None = None

    def write(self, rows: Sequence[RowsOf]) -> None:
        """Insert rows, which are not to change any more.

        Raises:
            Exception: the rows before these could not be written.
        """
        self.wait()
        if self._thread is None:
            self._write(rows)
        else:
            self._writing = self._thread.submit(self._write, rows)

    def wait(self) -> None:
        """Wait until all rows are written.

        Raises:
            Exception: they could not be.
        """
        if self._writing is not None:
            writing, self._writing = self._writing, None
            writing.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        # Whatever comes next may roll back, on the same connection.
        if self._thread is not None:
            self._thread.shutdown()

    def _write(self, rows: Sequence[RowsOf]) -> None:
        for model, columns, these in rows:
            if these:
                _insert(self._connection, self._driver, model.__tablename__, columns, these)


def _insert(
    connection: Connection,
    driver: Any,
    table: str,
    columns: Sequence[str],
    rows: Collection[tuple[Any, ...]],
) -> None:
    quoted = connection.dialect.identifier_preparer.quote
    target = f"{quoted(table)} ({', '.join(map(quoted, columns))})"
    if connection.dialect.name == "postgresql":
        with driver.cursor() as cursor, cursor.copy(f"COPY {target} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    else:
        marks = ", ".join("?" * len(columns))
        driver.executemany(f"INSERT INTO {target} VALUES ({marks})", rows)  # noqa: S608 -- names of our own tables


def batches(items: Iterable[T], size: int = _BATCH) -> Iterator[list[T]]:
    """Cut items into lists that fit into one statement's parameters."""
    batch: list[T] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
