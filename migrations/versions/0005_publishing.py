"""Publishing

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TIMESTAMP = sa.String(24).with_variant(sa.TIMESTAMP(timezone=True), "postgresql")

# What the publications that are there already are: for every platform, and private if not public.
DEFAULTS = {
    "failure_reason": (sa.Text(), sa.text("''")),
    "is_private": (sa.Boolean(), sa.false()),
    "supports_macos": (sa.Boolean(), sa.true()),
    "supports_windows": (sa.Boolean(), sa.true()),
    "supports_linux": (sa.Boolean(), sa.true()),
    "upload_hash": (sa.Text(), sa.text("''")),
    "upload_size": (sa.BigInteger(), sa.text("0")),
}


def upgrade() -> None:
    op.add_column("author", sa.Column("storage_quota", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("publication") as table:
        for name, (kind, default) in DEFAULTS.items():
            table.add_column(sa.Column(name, kind, nullable=False, server_default=default))
        table.add_column(sa.Column("private_key_hash", sa.LargeBinary(), nullable=True))
        table.add_column(sa.Column("download_key", sa.Text(), nullable=True))
        table.add_column(sa.Column("stored_until", TIMESTAMP, nullable=True))
    publication = sa.table("publication", sa.column("is_public"), sa.column("is_private"))
    op.execute(sa.update(publication).values(is_private=sa.not_(publication.c.is_public)))
    with op.batch_alter_table("publication") as table:
        for name in DEFAULTS:
            table.alter_column(name, server_default=None)
        table.create_unique_constraint(op.f("uq_publication_download_key"), ["download_key"])
        table.create_index(op.f("ix_publication_hash"), ["hash"])
        table.create_index(op.f("ix_publication_upload_hash"), ["upload_hash"])
        table.create_index(op.f("ix_publication_status_upload_date"), ["status", "upload_date"])


def downgrade() -> None:
    with op.batch_alter_table("publication") as table:
        table.drop_index(op.f("ix_publication_status_upload_date"))
        table.drop_index(op.f("ix_publication_upload_hash"))
        table.drop_index(op.f("ix_publication_hash"))
        table.drop_constraint(op.f("uq_publication_download_key"), type_="unique")
        for name in ("stored_until", "download_key", "private_key_hash", *DEFAULTS):
            table.drop_column(name)
    # Not in a batch: that would make SQLite's table anew, and with the old one go its tokens.
    op.drop_column("author", "storage_quota")
