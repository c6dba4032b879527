"""External packages, and what dependencies ask a registry for; evidence of issues

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TIMESTAMP = sa.String(24).with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
CODE_POINT_TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "external_package",
        sa.Column("name", CODE_POINT_TEXT, nullable=False),
        sa.Column("found", sa.Boolean(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("latest", sa.Text(), nullable=False),
        sa.Column("versions", sa.JSON(), nullable=False),
        sa.Column("deprecated", sa.JSON(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("fetched_at", TIMESTAMP, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_external_package")),
    )
    empty = sa.text("''")
    with op.batch_alter_table("dependency") as batch:
        batch.add_column(
            sa.Column("registry_name", CODE_POINT_TEXT, nullable=False, server_default=empty)
        )
        batch.add_column(
            sa.Column("registry_range", sa.Text(), nullable=False, server_default=empty)
        )
    op.create_index(op.f("ix_dependency_registry_name"), "dependency", ["registry_name"])
    with op.batch_alter_table("issue") as batch:
        batch.add_column(sa.Column("evidence", sa.JSON(), nullable=True))
    op.execute("UPDATE issue SET evidence = '{}'")
    with op.batch_alter_table("issue") as batch:
        batch.alter_column("evidence", nullable=False)
    # What the new columns hold follows from the manifests: the next refresh reads them again.
    op.execute("UPDATE workspace SET members_digest = ''")


def downgrade() -> None:
    with op.batch_alter_table("issue") as batch:
        batch.drop_column("evidence")
    op.drop_index(op.f("ix_dependency_registry_name"), table_name="dependency")
    with op.batch_alter_table("dependency") as batch:
        batch.drop_column("registry_range")
        batch.drop_column("registry_name")
    op.drop_table("external_package")
