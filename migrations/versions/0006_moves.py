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
CODE_POINT_TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
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
    op.add_column(
        "package", sa.Column("document", sa.Text(), nullable=False, server_default=sa.text("''"))
    )
    _write_documents()
    op.create_index(op.f("ix_package_path"), "package", ["path"])

    op.create_table(
        "departure",
        sa.Column("commit_id", KEY, nullable=False),
        sa.Column("path", CODE_POINT_TEXT, nullable=False),
        sa.Column("name", CODE_POINT_TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["commit_id"],
            ["commit.id"],
            name=op.f("fk_departure_commit_id_commit"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("commit_id", "path", name=op.f("pk_departure")),
    )
    op.create_index(op.f("ix_departure_name"), "departure", ["name"])
    op.create_table(
        "former_commit",
        sa.Column("package_id", KEY, nullable=False),
        sa.Column("date", TIMESTAMP, nullable=False),
        sa.Column("commit_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["commit_id"],
            ["commit.id"],
            name=op.f("fk_former_commit_commit_id_commit"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["package_id"],
            ["package.id"],
            name=op.f("fk_former_commit_package_id_package"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("package_id", "date", "commit_id", name=op.f("pk_former_commit")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_former_commit_commit_id"), "former_commit", ["commit_id"])
    # No digest is like this one, so the next refresh reads all of history, and the moves in it.
    op.execute("UPDATE workspace SET shallow_digest = 'without moves' WHERE head <> ''")


def downgrade() -> None:
    op.drop_table("former_commit")
    op.drop_table("departure")
    op.drop_index(op.f("ix_package_path"), "package")
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
