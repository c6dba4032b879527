"""What a backup says of itself, and in what form it keeps values."""

from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict
from sqlalchemy import JSON, Boolean, Date, Float, Integer, LargeBinary, String
from sqlalchemy.types import TypeEngine

from registry.models.base import Timestamp
from registry.rules.times import format_time


class Kind(StrEnum):
    """What a column holds, whatever database it is in."""

    BOOLEAN = "boolean"
    BYTES = "bytes"
    DATE = "date"
    INTEGER = "integer"
    JSON = "json"
    NUMBER = "number"
    TEXT = "text"
    TIME = "time"

    @classmethod
    def of(cls, column_type: TypeEngine[Any]) -> "Kind":
        """Tell what a model's column holds.

        Raises:
            TypeError: the format has no form for it yet.
        """
        for kinds, kind in _KINDS:
            if isinstance(column_type, kinds):
                return kind
        raise TypeError(f"backups have no form for {column_type!r}")

    def to_json(self, value: Any) -> Any:
        """Turn what SQLAlchemy gives into what JSON can hold."""
        return value if value is None or self not in _ENCODED else _ENCODED[self](value)

    def from_json(self, value: Any) -> Any:
        """Turn what JSON held into what both databases take (see `registry.refresh.bulk`)."""
        if self is Kind.JSON:
            return orjson.dumps(value).decode()
        return b64decode(value) if self is Kind.BYTES and value is not None else value


_KINDS: tuple[tuple[type[Any], Kind], ...] = (
    (Timestamp, Kind.TIME),
    (Date, Kind.DATE),
    (Boolean, Kind.BOOLEAN),
    (Integer, Kind.INTEGER),
    (Float, Kind.NUMBER),
    (LargeBinary, Kind.BYTES),
    (JSON, Kind.JSON),
    (String, Kind.TEXT),
)


def _encode_bytes(value: bytes) -> str:
    return b64encode(value).decode()


def _encode_date(value: date) -> str:
    return value.isoformat()


_ENCODED: dict[Kind, Callable[[Any], str]] = {
    Kind.BYTES: _encode_bytes,
    Kind.DATE: _encode_date,
    Kind.TIME: format_time,
}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TableContent(_Part):
    """A table in a backup."""

    name: str
    # In the order of each row's values.
    columns: dict[str, Kind]
    rows: int
    # The largest id that was ever given, by which no id comes back; null: the table counts none.
    last_id: int | None


class Manifest(_Part):
    """What is in a backup; the last thing in it, for only then all of it is known."""

    format: Literal[1] = 1
    # The release that made it, and the migration that its database was at.
    release: str
    revision: str
    created_at: datetime
    tables: list[TableContent]
    # How many files of the store follow the tables, and their bytes.
    files: int
    bytes: int
    # Whether the store's files were left out.
    without_files: bool
    # SHA-256s of files that rows name and that the store does not have, or has damaged.
    lost: list[str]

    @property
    def rows(self) -> int:
        """How many rows there are in all."""
        return sum(table.rows for table in self.tables)
