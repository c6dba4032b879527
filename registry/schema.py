"""The database's schema: the migrations in `migrations/`, run by Alembic."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from registry.database import begin_writing

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
# Any number, the same for all that migrate: the key of PostgreSQL's advisory lock.
_LOCK_KEY = 0x7265_6769


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def head_revision() -> str:
    """Name the newest migration that this release has."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise RuntimeError(f"{MIGRATIONS} holds no migration")
    return head


def current_revision(engine: Engine) -> str | None:
    """Name the migration that the database is at; None for an empty one."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database up to a migration, in one transaction; others that migrate wait."""
    _run(engine, command.upgrade, revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the database back to a migration (`base`: none), in one transaction."""
    _run(engine, command.downgrade, revision)


def _run(engine: Engine, action: Callable[[Config, str], None], revision: str) -> None:
    config = _config()
    with engine.connect() as connection, begin_writing(connection):
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
        config.attributes["connection"] = connection
        action(config, revision)
