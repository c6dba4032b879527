"""Columns as reads want them."""

from typing import Any, TypeAlias

from sqlalchemy import Row

# A row of columns, by name: what reads return, and representations show.
Columns: TypeAlias = Row[*tuple[Any, ...]]
