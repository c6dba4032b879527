"""Which state the data are in: what every answer that is given again is held against."""

from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from registry import __version__
from registry.models import Revision
from registry.web.database import single_reads

_REVISION = str(select(Revision.number, Revision.epoch))


def data_revision(session: Session) -> str:
    """Name the state of the data that the session sees, and the release that shows it."""
    # As a text, it costs a third of what it would as an expression.
    return _name(*session.connection().exec_driver_sql(_REVISION).one())


def newest_revision(app: Flask | None = None) -> str:
    """Name the state that the data are in now, as `data_revision` does.

    Args:
        app: whose data; None: of the app that serves the request.

    Raises:
        SQLAlchemyError: the database does not answer.
    """
    return _name(*single_reads(app).row(_REVISION))


def newest_revision_if_known(app: Flask) -> str | None:
    """Name the state that the data are in now; None where the database does not answer."""
    try:
        return newest_revision(app)
    except SQLAlchemyError:
        return None


def _name(number: int, epoch: str) -> str:
    return f"{__version__}-{epoch}-{number}"
