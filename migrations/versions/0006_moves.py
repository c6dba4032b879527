"""Moves, and packages as the contract shows them

Revision ID: 0006
Revises: 0005
"""

import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TIMESTAMP = sa.String(24).with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# What the contract shows of a package, each with its column.
SHOWN = {
    "name": "name",
    "version": "version",
    "type": "type",
    "createdAt": "created_at",
    "lastUpdated": "last_updated",
    "dependencies": "dependencies",
    "maintainers": "maintainers",
    "path": "path",
    "description": "description",
    "license": "license",
    "repository": "repository",
    "scripts": "scripts",
    "devDependencies": "dev_dependencies",
    "peerDependencies": "peer_dependencies",
}


def upgrade() -> None:
    # Not by a batch: SQLite would make the table anew, and dropping the old one would take all
    # that refers to it along.
    op.add_column("package", sa.Column("document", sa.Text(), nullable=False, server_default=sa.text("''")))
    _write_documents()


def downgrade() -> None:
    op.drop_column("package", "document")


def _write_documents() -> None:
    package = sa.table(
        "package",
        sa.column("id", sa.BigInteger()),
        sa.column("document", sa.Text()),
        *(sa.column(name, _type_of(name)) for name in SHOWN.values()),
    )
    connection = op.get_bind()
    rows = connection.execute(sa.select(package).order_by(package.c.id)).mappings().all()
    documents = [
        {
            "key": row["id"],
            "text": json.dumps(
                {key: _shown(row[name]) for key, name in SHOWN.items()},
                ensure_ascii=False,
                separators=(",", ":"),
            ),
        }
        for row in rows
    ]
    if documents:
        connection.execute(
            sa.update(package)
            .where(package.c.id == sa.bindparam("key"))
            .values(document=sa.bindparam("text")),
            documents,
        )


def _type_of(name: str) -> sa.types.TypeEngine:
    if name in ("created_at", "last_updated"):
        return TIMESTAMP
    maps = ("dependencies", "maintainers", "repository", "scripts")
    return sa.JSON() if name in maps or name.endswith("_dependencies") else sa.Text()


def _shown(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z"
    return value
