"""Checks of the database: is it there, and has it this release's schema."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from registry.database import make_engine
from registry.doctor.check import Check, fail, first_line, ok
from registry.doctor.configuration import mask
from registry.schema import current_revision, head_revision

_MIGRATE = "Run `registry migrate`."


@contextmanager
def open_checked(address: str) -> Iterator[tuple[list[Check], Engine | None]]:
    """Lend the checks of a database, and the database itself where all of them went well."""
    try:
        file = sqlite_file(address)
        if file is not None and not file.exists():
            yield [fail("database", f"{file} is not there", _MIGRATE)], None
            return
        engine = make_engine(address)
        with engine.connect() as connection:
            version = ".".join(map(str, connection.dialect.server_version_info or ()))
    except (SQLAlchemyError, ImportError, OSError) as error:
        mend = "See that it runs, and that REGISTRY_DATABASE_URL is right."
        reason = first_line(getattr(error, "orig", None) or error)
        yield [fail("database", f"{mask(address)}: {reason}", mend)], None
        return
    try:
        reached = ok("database", f"{mask(address)}, {engine.dialect.name} {version}")
        migrated = _check_migrations(engine)
        yield [reached, migrated], None if migrated.mend else engine
    finally:
        engine.dispose()


def _check_migrations(engine: Engine) -> Check:
    current, head = current_revision(engine), head_revision()
    if current == head:
        return ok("migrations", f"at {head}, the newest")
    if current is None:
        return fail("migrations", "the database has no tables", _MIGRATE)
    return fail("migrations", f"at {current}, while the newest is {head}", _MIGRATE)


def sqlite_file(address: str) -> Path | None:
    """Name the file of a SQLite database; None for other databases, and for what is no address."""
    try:
        url = make_url(address)
    except ArgumentError:
        return None
    if url.get_backend_name() != "sqlite" or not url.database:
        return None
    return Path(url.database)
