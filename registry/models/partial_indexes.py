"""Indexes of some rows of a table, which only migrations need to know of.

What they leave out is said to each database apart, and SQLAlchemy loads a database's dialect to
hear it: PostgreSQL's, which a server on SQLite has no other use for, among them.
"""

from functools import cache
from typing import Any

from sqlalchemy import Index, MetaData, text

from registry.models.base import Base
from registry.models.job import Job
from registry.models.package import Package


@cache
def whole_metadata() -> MetaData:
    """Give all tables, with these indexes too: what migrations come to."""
    # Of the jobs that nobody has begun, one for each key.
    _index_some("ix_job_queued_key", Job.key, where="status = 'queued'", unique=True)
    # The members by name: a page reads as many rows as it shows, however many there are.
    _index_some(
        "ix_package_members_name", Package.name, Package.id, where="workspace_id IS NOT NULL"
    )
    return Base.metadata


def _index_some(name: str, *columns: Any, where: str, unique: bool = False) -> None:
    """Add an index to the table of its columns."""
    some = text(where)
    Index(name, *columns, unique=unique, postgresql_where=some, sqlite_where=some)
