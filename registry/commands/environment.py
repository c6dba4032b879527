"""The settings and the database, for commands: what is wrong with them is said in sentences."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import click
from pydantic import ValidationError
from sqlalchemy import Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from registry.database import make_engine
from registry.logs import take_secrets_out
from registry.settings import Settings

PREFIX = "REGISTRY_"


def read_settings() -> Settings:
    """Read the settings from the environment.

    Raises:
        click.ClickException: a variable holds what its setting cannot.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise click.ClickException("\n".join(describe_invalid(error))) from error


def describe_invalid(error: ValidationError) -> list[str]:
    """Say of each wrong variable what is wrong; never what it holds, which may be a secret."""
    return [
        f"{PREFIX}{str(wrong['loc'][0]).upper()} is wrong: {wrong['msg']}."
        for wrong in error.errors(include_url=False)
    ]


def mask_address(address: str) -> str:
    """Write a database's URL without its password."""
    return take_secrets_out(make_url(address).render_as_string(hide_password=True))


@contextmanager
def open_database(settings: Settings) -> Iterator[Engine]:
    """Connect to the database; what fails there becomes a sentence that tells how to mend it.

    Raises:
        click.ClickException: the database cannot be reached, or is not migrated.
    """
    engine = connect(settings.database_address())
    try:
        yield engine
    except DBAPIError as error:
        _explain(engine, error)
    finally:
        engine.dispose()


def connect(address: str) -> Engine:
    """Make an engine for the database at an address.

    Raises:
        click.ClickException: the address is none, or names a database that is not supported.
    """
    try:
        engine = make_engine(address)
    except (ArgumentError, ModuleNotFoundError) as error:
        raise click.ClickException(
            f"{PREFIX}DATABASE_URL is no address of a database: write sqlite:///path or "
            "postgresql+psycopg://user:password@host/name."
        ) from error
    except OSError as error:
        raise click.ClickException(
            f"The database's directory cannot be made ({error.strerror}: {error.filename}); "
            f"mend that, or set {PREFIX}DATABASE_URL or {PREFIX}INSTANCE_PATH."
        ) from error
    return engine


def require_migrated(engine: Engine) -> None:
    """See that the database has this release's schema.

    Raises:
        click.ClickException: it has not; the message tells what to do.
    """
    # Alembic takes a while to import, and most commands only need it when something is wrong.
    from registry.schema import current_revision, head_revision  # noqa: PLC0415 -- see above

    current, head = current_revision(engine), head_revision()
    if current != head:
        where = mask_address(engine.url.render_as_string(hide_password=False))
        state = f"is at migration {current}, not {head}" if current else "has no tables yet"
        raise click.ClickException(f"The database {where} {state}: run `registry migrate`.")


def _explain(engine: Engine, error: DBAPIError) -> NoReturn:
    """Turn a failure of the database into what lies behind it."""
    try:
        require_migrated(engine)
    except SQLAlchemyError:
        where = mask_address(engine.url.render_as_string(hide_password=False))
        raise click.ClickException(
            f"The database {where} cannot be used: {first_line(error.orig)}. "
            f"See that it runs, or set {PREFIX}DATABASE_URL."
        ) from error
    raise click.ClickException(f"The database failed: {first_line(error.orig)}.") from error


def first_line(error: BaseException | None) -> str:
    """Give the first line of what an error says."""
    said = (str(error).strip().splitlines() or ["no reason given"])[0].rstrip(".")
    return take_secrets_out(said)
