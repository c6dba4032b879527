"""Links and analytics

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TIMESTAMP = sa.String(24).with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "install_hour",
        sa.Column("version_id", KEY, nullable=False),
        sa.Column("hour", TIMESTAMP, nullable=False),
        sa.Column("installs", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["version.id"],
            name=op.f("fk_install_hour_version_id_version"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("version_id", "hour", name=op.f("pk_install_hour")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("install_hour")
