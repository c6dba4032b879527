"""A database with rows in every table, made from the models alone."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Column, Connection, Engine, Table, insert, select

from registry.backup.manifest import Kind
from registry.database import begin_writing
from registry.models import Base

ROWS = 3
# What a form could lose on its way: quotes, lines, what looks like an escape, other scripts.
_TEXT = "a \"b\" 'c'\t\\N\n\\. ü 😀 {} "
_BEGAN = datetime(2023, 8, 24, 21, 15, 44, 117000, UTC)

Rows = dict[str, list[tuple[Any, ...]]]


def fill_every_table(engine: Engine) -> None:
    """Write rows into every table but the revision's, whose one row is there."""
    with engine.connect() as connection, begin_writing(connection):
        for table in Base.metadata.sorted_tables:
            if table.name != "revision":
                for number in range(1, ROWS + 1):
                    connection.execute(insert(table), _row(table, number))
        _count_on(connection)


def read_every_table(engine: Engine) -> Rows:
    """Read all rows, by table, in the order of their keys."""
    with engine.connect() as connection:
        return {
            table.name: [
                tuple(row) for row in connection.execute(_all(table)) if table.name != "revision"
            ]
            for table in Base.metadata.sorted_tables
        }


def _all(table: Table) -> Any:
    return select(table).order_by(*table.primary_key)


def _row(table: Table, number: int) -> dict[str, Any]:
    """Make a row; the database gives its id, where it gives ids."""
    counted = table.autoincrement_column
    return {
        column.name: _value(column, number) for column in table.columns if column is not counted
    }


def _value(column: Column[Any], number: int) -> Any:
    """Make a value for a row; the last row has nothing where nothing may be."""
    if column.foreign_keys:
        return None if column.nullable and number == ROWS else number
    if column.nullable and number == ROWS and not column.primary_key:
        return None
    values: dict[Kind, Any] = {
        Kind.BOOLEAN: number % 2 == 0,
        Kind.BYTES: bytes([number, 0, 255]),
        Kind.DATE: date(2024, 2, 29) + timedelta(days=number),
        Kind.INTEGER: number,
        Kind.JSON: {"z": [number, None, 0.5], "a": _TEXT, "": {}},
        Kind.NUMBER: 80.0 + number / 10,
        Kind.TEXT: f"{_TEXT}{number}",
        Kind.TIME: _BEGAN + timedelta(milliseconds=number),
    }
    return values[Kind.of(column.type)]


def _count_on(connection: Connection) -> None:
    """Give a table's largest id away again, which then must not come back."""
    package = Base.metadata.tables["package"]
    columns = _row(package, 200) | {"workspace_id": 1, "last_commit_id": 1}
    for _ in range(9):
        gone = connection.scalar(insert(package).values(columns).returning(package.c.id))
        connection.execute(package.delete().where(package.c.id == gone))
