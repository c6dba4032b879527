"""Statements compiled once for all tests: a fifth of their time went when each compiled its own.

SQLAlchemy keeps compiled statements by engine and dialect, and a test has engines of its own.
"""

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

# More than the product and its tests have.
_KEPT = 5_000


def share_compiled_statements() -> None:
    """Let all engines that this process makes from now on share what they have compiled."""
    for dialect in (SQLiteDialect_pysqlite, PGDialect_psycopg):
        setattr(dialect, "__eq__", _compile_alike)  # noqa: B010 -- mypy takes no other way
        setattr(dialect, "__hash__", _hash)  # noqa: B010
    compiled: LRUCache[Any, Any] = LRUCache(_KEPT)
    # What an engine would keep by itself is not kept.
    shared = property(lambda _engine: compiled, lambda _engine, _own: None)
    setattr(Engine, "_compiled_cache", shared)  # noqa: B010


def _kind(dialect: DefaultDialect) -> tuple[object, ...]:
    """Give all that differs between two dialects of our engines."""
    return type(dialect), dialect._json_serializer, dialect._json_deserializer


def _compile_alike(one: DefaultDialect, other: object) -> bool:
    return isinstance(other, DefaultDialect) and _kind(one) == _kind(other)


def _hash(dialect: DefaultDialect) -> int:
    return hash(_kind(dialect))
