"""What local dependencies point to

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not in a batch: SQLite would make the table anew, and dropping the old one would take all
    # that refers to it along.
    op.add_column("workspace", sa.Column("local_targets", sa.JSON(), nullable=True))
    # No digest is like this one, so the next refresh looks for what manifests point to.
    op.execute("UPDATE workspace SET members_digest = ''")


def downgrade() -> None:
    op.drop_column("workspace", "local_targets")
