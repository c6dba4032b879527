"""Reports and the history of health

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TIMESTAMP = sa.String(24).with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CODE_POINT_TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")

EVIDENCE = {
    "build_id": "build",
    "coverage_report_id": "report",
    "lint_report_id": "report",
    "audit_report_id": "report",
}


def upgrade() -> None:
    op.create_table(
        "report",
        sa.Column("id", KEY, nullable=False),
        sa.Column("package_id", KEY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("path", CODE_POINT_TEXT, nullable=False),
        sa.Column("measured_at", TIMESTAMP, nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("coverage", sa.Double(), nullable=True),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.ForeignKeyConstraint(
            ["package_id"],
            ["package.id"],
            name=op.f("fk_report_package_id_package"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
        sa.UniqueConstraint(
            "package_id", "kind", "path", name=op.f("uq_report_package_id_kind_path")
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "health_day",
        sa.Column("id", KEY, nullable=False),
        sa.Column("package_id", KEY, nullable=False),
        sa.Column("day", CODE_POINT_TEXT, nullable=False),
        sa.Column("overall_score", sa.Integer(), nullable=False),
        sa.Column("confidence", sa.Integer(), nullable=False),
        sa.Column("build_status", sa.Text(), nullable=False),
        sa.Column("test_coverage", sa.Double(), nullable=True),
        sa.Column("lint_status", sa.Text(), nullable=False),
        sa.Column("security_audit", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["package_id"],
            ["package.id"],
            name=op.f("fk_health_day_package_id_package"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_health_day")),
        sa.UniqueConstraint("package_id", "day", name=op.f("uq_health_day_package_id_day")),
    )
    # Not in a batch: that would make SQLite's table anew, and with the old one go its packages.
    op.add_column("workspace", sa.Column("reports_digest", sa.Text(), nullable=True))
    with op.batch_alter_table("health") as table:
        for column, referred in EVIDENCE.items():
            table.add_column(sa.Column(column, KEY, nullable=True))
            table.create_foreign_key(
                op.f(f"fk_health_{column}_{referred}"),
                referred,
                [column],
                ["id"],
                ondelete="SET NULL",
            )
            table.create_index(op.f(f"ix_health_{column}"), [column])


def downgrade() -> None:
    with op.batch_alter_table("health") as table:
        for column, referred in EVIDENCE.items():
            table.drop_index(op.f(f"ix_health_{column}"))
            table.drop_constraint(op.f(f"fk_health_{column}_{referred}"), type_="foreignkey")
            table.drop_column(column)
    op.drop_column("workspace", "reports_digest")
    op.drop_table("health_day")
    op.drop_table("report")
