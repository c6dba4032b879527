"""Makes a generated catalogue larger inside the database, where a million rows take seconds."""

from collections.abc import Iterator

from sqlalchemy import Column, Connection, Table, text

from registry.models import Base

_GROWING = ("commit", "package", "package_commit", "health", "dependency", "version")
# What must differ in each copy; numbers that are keys, or refer to one, are shifted.
_NAMES = {"package.name": "{0} || '-' || copy", "package.path": "{0} || '-' || copy"}
_HASHES = {"commit.hash": "md5({0} || copy) || left({0}, 8)"}


def grow(connection: Connection, times: int) -> None:
    """Copy a PostgreSQL catalogue's workspace until it is `times` as large."""
    tables = [table for table in Base.metadata.sorted_tables if table.name in _GROWING]
    largest = {
        table.name: connection.scalar(text(f'SELECT max(id) FROM "{table.name}"'))  # noqa: S608 -- our own table's name
        for table in tables
        if "id" in table.columns
    }
    for table in tables:
        columns = ", ".join(f'"{column.name}"' for column in table.columns)
        values = ", ".join(_values(table, largest))
        connection.execute(
            text(
                f'INSERT INTO "{table.name}" ({columns}) SELECT {values} '  # noqa: S608 -- names of our own
                f'FROM "{table.name}", generate_series(1, {times - 1}) AS copy'
            )
        )


def _values(table: Table, largest: dict[str, int]) -> Iterator[str]:
    for column in table.columns:
        name = f'"{table.name}"."{column.name}"'
        target = _target(column)
        if written := (_NAMES | _HASHES).get(f"{table.name}.{column.name}"):
            yield written.format(name)
        elif target in largest:
            yield f"{name} + copy * {largest[target]}"
        else:
            yield name


def _target(column: Column[object]) -> str:
    """Name the table whose key a column holds, its own or another's; empty if none."""
    if column.name == "id":
        return column.table.name
    return next((key.column.table.name for key in column.foreign_keys), "")
