"""What was looked at for reports

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not in batches: SQLite would make the tables anew, and dropping the old ones would take all
    # that refers to them along.
    op.add_column(
        "report",
        sa.Column("inode", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
    )
    op.drop_column("workspace", "reports_digest")
    op.add_column("workspace", sa.Column("reports_release", sa.Text(), nullable=True))
    op.add_column("workspace", sa.Column("reports_seen", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("workspace", "reports_seen")
    op.drop_column("workspace", "reports_release")
    op.add_column("workspace", sa.Column("reports_digest", sa.Text(), nullable=True))
    op.drop_column("report", "inode")
