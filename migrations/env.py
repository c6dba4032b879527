"""Alembic's environment: runs migrations on the connection that `registry/schema.py` hands over."""

from typing import Any

from alembic import context

from registry.models.base import Timestamp
from registry.models.partial_indexes import whole_metadata


def render_item(kind: str, item: Any, _context: object) -> str | bool:
    """Write the product's own column types in SQLAlchemy's, so that a migration never changes."""
    if kind == "type" and isinstance(item, Timestamp):
        return "TIMESTAMP"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=whole_metadata(),
    # SQLite alters a table by making it anew.
    render_as_batch=True,
    compare_type=True,
    compare_server_default=True,
    render_item=render_item,
)
with context.begin_transaction():
    context.run_migrations()
