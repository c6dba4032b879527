"""What all tables share: names of constraints, column types, the clock.

Plain SQLAlchemy; `app.py` hands `Base` to Flask-SQLAlchemy, which adds engine and session.
"""

from datetime import UTC, datetime
from typing import Annotated, Any

from sqlalchemy import (
    JSON,
    TIMESTAMP,
    BigInteger,
    Dialect,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
)
from sqlalchemy.orm import DeclarativeBase, mapped_column, registry
from sqlalchemy.types import TypeEngine

from registry.rules.times import format_time, truncate_time

# Migrations name constraints to drop them, so every one has a name that can be told from its table.
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Timestamp(TypeDecorator[datetime]):
    """A moment in UTC with milliseconds.

    PostgreSQL keeps a `timestamptz`. SQLite has no such type and keeps the contract's own text
    (`2020-12-05T10:43:14.208Z`), which sorts as it should and needs no conversion to be shown.
    """

    impl = String(24)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column's type for the database at hand."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True))
        return dialect.type_descriptor(String(24))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Turn an aware datetime into what the database keeps."""
        if value is None:
            return None
        return truncate_time(value) if dialect.name == "postgresql" else format_time(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 -- as above; the signature is SQLAlchemy's
        """Turn what the database keeps into an aware datetime in UTC."""
        if value is None:
            return None
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        return datetime.fromisoformat(value)


# Sorts by code point on every database (contract, section 2), whatever the server's locale.
CodePointText = String().with_variant(String(collation="C"), "postgresql")

# SQLite makes only an INTEGER PRIMARY KEY an alias of its rowid.
BigKey = BigInteger().with_variant(Integer, "sqlite")

Key = Annotated[int, mapped_column(BigKey, primary_key=True)]


def utc_now() -> datetime:
    """Tell the time, in UTC and to the millisecond that every database can keep."""
    return truncate_time(datetime.now(UTC))


class Base(DeclarativeBase):
    """The base of every model."""

    # JSON, not JSONB: the documented maps keep the order in which the manifest has them.
    registry = registry(
        metadata=MetaData(naming_convention=NAMING_CONVENTION),
        type_annotation_map={
            datetime: Timestamp(),
            str: Text(),
            dict[str, str]: JSON(),
            dict[str, Any]: JSON(),
            list[Any]: JSON(),
            list[str]: JSON(),
        },
    )
