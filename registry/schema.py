"""The database's schema: the migrations in `migrations/`, run by Alembic.

Alembic is loaded by what migrates alone: it would be a fifth of a server's start, which only asks
which migration the database is at.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from registry.database import begin_writing

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
# Any number, the same for all that migrate: the key of PostgreSQL's advisory lock.
_LOCK_KEY = 0x7265_6769
# Where Alembic keeps which migration a database is at.
_TABLE = "alembic_version"


# The line of a migration that names it, and the one that names what it comes after.
_NAMED = re.compile(r'^(down_)?revision = "(\w+)"$', re.MULTILINE)


def head_revision() -> str:
    """Name the newest migration that this release has: the one that none comes after."""
    named, followed = _read_migrations()
    heads = named - followed
    if len(heads) != 1:
        raise RuntimeError(f"{MIGRATIONS} holds no migration, or some that do not make one row")
    return heads.pop()


def known_revisions() -> set[str]:
    """Name all migrations that this release has."""
    return _read_migrations()[0]


def _read_migrations() -> tuple[set[str], set[str]]:
    """Name the migrations, and those that others come after."""
    named: set[str] = set()
    followed: set[str] = set()
    for file in (MIGRATIONS / "versions").glob("*.py"):
        for after, name in _NAMED.findall(file.read_text(encoding="utf-8")):
            (followed if after else named).add(name)
    return named, followed


def current_revision(engine: Engine) -> str | None:
    """Name the migration that the database is at; None for an empty one."""
    with engine.connect() as connection:
        return read_revision(connection)


def read_revision(connection: Connection) -> str | None:
    """Name the migration that a connection's database is at; None for an empty one."""
    if not inspect(connection).has_table(_TABLE):
        return None
    revision: str | None = connection.scalar(text(f"SELECT version_num FROM {_TABLE}"))  # noqa: S608 -- a name of ours
    return revision


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database up to a migration, in one transaction; others that migrate wait."""
    with engine.connect() as connection, begin_writing(connection):
        upgrade_within(connection, revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the database back to a migration (`base`: none), in one transaction."""
    with engine.connect() as connection, begin_writing(connection):
        downgrade_within(connection, revision)


def upgrade_within(connection: Connection, revision: str = "head") -> None:
    """Bring a database up to a migration, as a part of the caller's transaction, which writes."""
    from alembic.command import upgrade as migrate_up  # noqa: PLC0415 -- see above

    _run(connection, migrate_up, revision)


def downgrade_within(connection: Connection, revision: str) -> None:
    """Take a database back to a migration, as a part of the caller's transaction, which writes."""
    from alembic.command import downgrade as migrate_down  # noqa: PLC0415 -- see above

    _run(connection, migrate_down, revision)


def _run(connection: Connection, action: Callable[["Config", str], None], revision: str) -> None:
    from alembic.config import Config  # noqa: PLC0415 -- see above

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
    config.attributes["connection"] = connection
    action(config, revision)
