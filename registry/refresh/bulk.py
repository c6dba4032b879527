"""Many rows at once, as fast as each database takes them.

Rows are tuples of what the database keeps; timestamps are the contract's text, which PostgreSQL
reads and SQLite keeps (see `registry.models.base.Timestamp`).
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection

from registry.models import Base

# SQLite's oldest limit on parameters of one statement is 999.
_BATCH = 500

T = TypeVar("T")


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
    if not rows:
        return
    quoted = connection.dialect.identifier_preparer.quote
    target = f"{quoted(table)} ({', '.join(map(quoted, columns))})"
    driver: Any = connection.connection.driver_connection
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
