"""Checks of the database as such: its structure, and rows that name others."""

from collections.abc import Iterator

from sqlalchemy import ForeignKey, Table, select, text

from registry.database import reading
from registry.models import Base
from registry.verify.finding import RESTORE, Finding, Verification, gather

# What SQLite tells at most.
_MOST_TOLD = 20
# Constraints that were added without a look at the rows there were, and indexes whose making
# failed: PostgreSQL keeps both, and goes by neither as one would think.
_NOT_VALID = text(
    "SELECT conrelid::regclass || '.' || conname FROM pg_constraint "
    "WHERE NOT convalidated AND connamespace = current_schema()::regnamespace "
    "UNION ALL "
    "SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class ON oid = indexrelid "
    "WHERE NOT (indisvalid AND indisready) "
    "AND relnamespace = current_schema()::regnamespace"
)


def check_integrity(view: Verification) -> Iterator[Finding]:
    """See that the database itself finds nothing wrong with its pages, indexes and constraints."""
    with view.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            told = connection.scalars(text(f"PRAGMA integrity_check({_MOST_TOLD})"))
            places = (place for line in told if line != "ok" for place in line.splitlines())
            yield from gather(places, "SQLite finds its file damaged", RESTORE)
        else:
            yield from gather(
                connection.scalars(_NOT_VALID),
                "PostgreSQL does not hold to these constraints and indexes",
                "Mend the rows, then `ALTER TABLE … VALIDATE CONSTRAINT` or `REINDEX INDEX`.",
            )


def check_references(view: Verification) -> Iterator[Finding]:
    """See that every row that another one names is there; asked of the rows, on both databases.

    `PRAGMA foreign_key_check` would do on SQLite. PostgreSQL has no such question, and its own
    constraints may have been off (`session_replication_role`, a restore without triggers).
    """
    keys = [
        (table, key)
        for table in Base.metadata.sorted_tables
        for key in sorted(table.foreign_keys, key=lambda key: key.parent.name)
    ]
    for done, (table, key) in enumerate(keys):
        view.progress(done, len(keys))
        mend = FOREIGN[key.ondelete or ""]
        what = f"rows of {table.name} name a {key.column.table.name} that is not there"
        yield from gather(_astray(view, table, key), what, mend)


FOREIGN = {
    "CASCADE": "Delete these rows: they belong to what is gone.",
    "SET NULL": "Set the column to null in these rows: what they name is gone.",
}


def _astray(view: Verification, table: Table, key: ForeignKey) -> Iterator[str]:
    there = key.column.table.alias()
    named = there.c[key.column.name]
    missing = (
        select(key.parent)
        .select_from(table.outerjoin(there, named == key.parent))
        .where(key.parent.is_not(None), named.is_(None))
    )
    with reading(view.sessions) as session:
        for value in session.scalars(missing.execution_options(yield_per=1_000)):
            yield f"{table.name}.{key.parent.name} = {value}"
