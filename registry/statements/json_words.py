"""What each database calls the functions by which JSON text is put together."""

from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, type_coerce

# The contract's format (section 1), as PostgreSQL writes it.
_TIME_PATTERN = 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'


class JsonWords:
    """Makes SQL expressions whose value is text."""

    # Whether a quoted NULL is `null`, and not NULL.
    quotes_null: bool

    def quote(self, column: Any) -> ColumnElement[str]:
        """Write a value as JSON."""
        raise NotImplementedError

    def time(self, column: Any) -> ColumnElement[str]:
        """Give a timestamp in the contract's format, as a text and not as JSON."""
        raise NotImplementedError

    def join(self, rows: Any) -> ColumnElement[str]:
        """Put the texts of an aggregate's rows together, with commas; NULL of no row."""
        raise NotImplementedError


class _PostgresqlWords(JsonWords):
    """PostgreSQL 14 and later."""

    quotes_null = False

    def quote(self, column: Any) -> ColumnElement[str]:
        return cast(func.to_json(column), Text)

    def time(self, column: Any) -> ColumnElement[str]:
        return func.to_char(func.timezone("UTC", column), _TIME_PATTERN, type_=Text)

    def join(self, rows: Any) -> ColumnElement[str]:
        return func.string_agg(rows, ",", type_=Text)


class _SqliteWords(JsonWords):
    """SQLite 3.38 and later, which have the JSON functions built in."""

    quotes_null = True

    def quote(self, column: Any) -> ColumnElement[str]:
        return func.json_quote(column, type_=Text)

    def time(self, column: Any) -> ColumnElement[str]:
        # Kept as the contract's text.
        return type_coerce(column, Text)

    def join(self, rows: Any) -> ColumnElement[str]:
        return func.group_concat(rows, ",", type_=Text)


def json_words_of(dialect: str) -> JsonWords:
    """Choose by the name of SQLAlchemy's dialect."""
    return _PostgresqlWords() if dialect == "postgresql" else _SqliteWords()
