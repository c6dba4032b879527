"""The request's database session: one per request, closed after it."""

import logging
import sqlite3

from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker

from registry.database import begin_read, engine_options, prepare_engine
from registry.errors import RegistryError
from registry.jobs.enqueue import QUEUE
from registry.jobs.queue import JobQueue
from registry.models import Base
from registry.settings import Settings
from registry.statements.single_reads import SingleReads
from registry.web.errors import DatabaseFull, DatabaseReadOnly, DatabaseUnavailable, QueryTooSlow

db = SQLAlchemy(model_class=Base, disable_autonaming=True)

_SESSIONS = "registry.sessions"
_SINGLE_READS = "registry.single_reads"

_log = logging.getLogger("registry.database")

# SQLite calls a misspelt table an OperationalError too. These are about the file, not the query.
_SQLITE_OUT_OF_REACH = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_PROTOCOL,
    }
)
# SQLite's kinds, and PostgreSQL's `disk_full` and `read_only_sql_transaction`.
_WRITES_REFUSED: dict[int | str, type[DatabaseFull | DatabaseReadOnly]] = {
    sqlite3.SQLITE_FULL: DatabaseFull,
    "53100": DatabaseFull,
    sqlite3.SQLITE_READONLY: DatabaseReadOnly,
    "25006": DatabaseReadOnly,
}


def init_database(app: Flask, settings: Settings) -> None:
    """Connect the app to its database; neither makes nor migrates it."""
    address = settings.database_address()
    app.config["SQLALCHEMY_DATABASE_URI"] = address
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(address)
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine, read_timeout_ms=settings.read_timeout_ms)
        app.extensions[_SINGLE_READS] = SingleReads(
            db.engine, read_timeout_ms=settings.read_timeout_ms
        )
        queue = JobQueue(settings)
        app.extensions[_SESSIONS] = sessionmaker(db.engine, info={QUEUE: queue})
        event.listen(db.engine, "engine_disposed", lambda _: queue.close())


def read_session() -> Session:
    """Give the request's session, in a transaction that sees one state of the database."""
    session = db.session()
    begin_read(session)
    return session


def single_reads(app: Flask | None = None) -> SingleReads:
    """Give what runs single statements: an app's; None: of the app that serves the request."""
    reads: SingleReads = (app or current_app).extensions[_SINGLE_READS]
    return reads


def app_sessions() -> sessionmaker[Session]:
    """Make sessions of the app's database other than the request's: what `writing` takes."""
    sessions: sessionmaker[Session] = current_app.extensions[_SESSIONS]
    return sessions


def explain_database_error(error: Exception) -> RegistryError | None:
    """Find what may be told of an error of the database; None: it is a bug, or no such error."""
    if _ran_too_long(error):
        return QueryTooSlow("The answer takes too long to find: ask for less at once.")
    refusal = _WRITES_REFUSED.get(_code_of(error))
    if refusal is not None:
        _log.error("the database cannot be written: %s", getattr(error, "orig", None) or error)
        return refusal("The database cannot be written for now, and nothing was changed.")
    if _is_out_of_reach(error):
        _log.warning("the database is out of reach: %s", getattr(error, "orig", None) or error)
        return DatabaseUnavailable("The database is out of reach or too busy; try again shortly.")
    return None


def _code_of(error: Exception) -> int | str:
    """Give the database's own code of an error: SQLite's kind, PostgreSQL's SQLSTATE; else ''."""
    original = getattr(error, "orig", None)
    if isinstance(original, sqlite3.Error):
        # The low byte is the kind; the others say more about it. The driver's own have none.
        return getattr(original, "sqlite_errorcode", 0) & 0xFF
    return getattr(original, "sqlstate", None) or ""


def _ran_too_long(error: Exception) -> bool:
    original = getattr(error, "orig", None)
    if isinstance(original, sqlite3.OperationalError):
        return original.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT
    # PostgreSQL's `query_canceled`, by its statement_timeout.
    return getattr(original, "sqlstate", None) == "57014"


def _is_out_of_reach(error: Exception) -> bool:
    if isinstance(error, PoolTimeout):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    if not isinstance(error, OperationalError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        return _code_of(error) in _SQLITE_OUT_OF_REACH
    # PostgreSQL's are about connections, resources, shutdown and locks (classes 08, 40, 53 to 58).
    return True
