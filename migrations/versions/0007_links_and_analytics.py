"""Links and analytics

Revision ID: 0007
Revises: 0006
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TIMESTAMP = sa.String(24).with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

TOKEN = sa.table(
    "token", sa.column("id"), sa.column("permissions"), sa.column("packages", sa.JSON())
)
# The permissions on specific packages, as they were numbered when this was written.
LIMITED = {
    "UploadVersionSpecificPackages": 1 << 4,
    "UpdateDescriptionSpecificPackages": 1 << 5,
    "UpdateVersionDataSpecificPackages": 1 << 12,
    "ViewAnalyticsSpecificPackages": 1 << 14,
}


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
    # Nullable, so that SQLite need not make the table anew: with the old one would go all rows that
    # refer to it.
    op.add_column("package", sa.Column("listing_identifier", sa.Text(), nullable=True))
    _add_to_publication()
    _add_to_revision()
    _add_to_listing()
    _add_to_token()


def _add_to_publication() -> None:
    with op.batch_alter_table("publication") as table:
        table.add_column(sa.Column("commit_hash", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("publication") as table:
        table.alter_column("commit_hash", server_default=None)


def _add_to_revision() -> None:
    with op.batch_alter_table("revision") as table:
        table.add_column(sa.Column("raised_at", TIMESTAMP, nullable=True))
    revision_row = sa.table("revision", sa.column("raised_at", TIMESTAMP))
    sqlite = op.get_bind().dialect.name == "sqlite"
    now = datetime.now(UTC)
    at = now.strftime("%Y-%m-%dT%H:%M:%S.000Z") if sqlite else now
    op.execute(sa.update(revision_row).values(raised_at=at))
    with op.batch_alter_table("revision") as table:
        table.alter_column("raised_at", nullable=False)


def _add_to_listing() -> None:
    with op.batch_alter_table("listing") as table:
        table.add_column(sa.Column("home_id", KEY, nullable=True))
        table.add_column(sa.Column("allowed_package", sa.Text(), nullable=False, server_default=""))
    listing = sa.table("listing", sa.column("home_id"), sa.column("package_id"))
    op.execute(sa.update(listing).values(home_id=listing.c.package_id))
    with op.batch_alter_table("listing") as table:
        table.alter_column("home_id", nullable=False)
        table.alter_column("allowed_package", server_default=None)
        table.drop_constraint(op.f("pk_listing"), type_="primary")
        table.create_primary_key(op.f("pk_listing"), ["home_id"])
        table.create_unique_constraint(op.f("uq_listing_package_id"), ["package_id"])
        table.create_foreign_key(
            op.f("fk_listing_home_id_package"), "package", ["home_id"], ["id"], ondelete="CASCADE"
        )


def _add_to_token() -> None:
    with op.batch_alter_table("token") as table:
        table.add_column(sa.Column("name", sa.Text(), nullable=False, server_default=""))
        table.add_column(sa.Column("description", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("token") as table:
        table.alter_column("name", server_default=None)
        table.alter_column("description", server_default=None)
    connection = op.get_bind()
    for row in connection.execute(sa.select(TOKEN)).all():
        held = {name: row.packages for name, bit in LIMITED.items() if row.permissions & bit}
        packages = held if row.packages else {}
        connection.execute(sa.update(TOKEN).where(TOKEN.c.id == row.id).values(packages=packages))


def downgrade() -> None:
    connection = op.get_bind()
    for row in connection.execute(sa.select(TOKEN)).all():
        packages = sorted({each for limited in row.packages.values() for each in limited})
        connection.execute(sa.update(TOKEN).where(TOKEN.c.id == row.id).values(packages=packages))
    with op.batch_alter_table("token") as table:
        table.drop_column("description")
        table.drop_column("name")
    with op.batch_alter_table("listing") as table:
        table.drop_constraint(op.f("fk_listing_home_id_package"), type_="foreignkey")
        table.drop_constraint(op.f("uq_listing_package_id"), type_="unique")
        table.drop_constraint(op.f("pk_listing"), type_="primary")
        table.create_primary_key(op.f("pk_listing"), ["package_id"])
        table.drop_column("allowed_package")
        table.drop_column("home_id")
    with op.batch_alter_table("revision") as table:
        table.drop_column("raised_at")
    with op.batch_alter_table("publication") as table:
        table.drop_column("commit_hash")
    # Not in a batch: see above.
    op.drop_column("package", "listing_identifier")
    op.drop_table("install_hour")
