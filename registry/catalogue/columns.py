"""Columns as reads want them."""

from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Row, Text, cast
from sqlalchemy.orm import InstrumentedAttribute

# A row of columns, by name: what reads return, and representations show.
Columns: TypeAlias = Row[*tuple[Any, ...]]


def json_text(column: InstrumentedAttribute[Any]) -> ColumnElement[str]:
    """Select a JSON column as the text it is kept as: it goes into a response as it is.

    Turning a thousand maps into Python values and back would cost more than the rest of the answer.
    """
    return cast(column, Text).label(column.key)
