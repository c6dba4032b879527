"""Which state the data are in: what every answer that is given again is held against."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Flask, request
from sqlalchemy import Dialect, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from registry import __version__
from registry.models import Revision
from registry.statements.single import Reader
from registry.statements.single_reads import SingleReads
from registry.web.database import single_reads

# By the table: naming the class has all classes set up, which a start need not wait for.
_REVISION = str(select(Revision.__table__.c.number, Revision.__table__.c.epoch))
# Where a request's environment has the revision that it read.
_READ = "registry.read_revision"


def data_revision(session: Session) -> str:
    """Name the state of the data that the session sees, and the release that shows it."""
    # As a text, it costs a third of what it would as an expression.
    return _name(*session.connection().exec_driver_sql(_REVISION).one())


class _Alone:
    """Runs the one statement that a request reads, and notes which revision it told of."""

    def __init__(self, reads: SingleReads) -> None:
        self._reads = reads

    @property
    def dialect(self) -> Dialect:
        return self._reads.dialect

    def first(self, statement: str, values: Mapping[str, Any]) -> Sequence[Any] | None:
        row = self._reads.first(statement, values)
        if row is not None:
            request.environ[_READ] = _name(*row[-2:])
        return row


def read_alone() -> Reader:
    """Give what runs the request's only statement that reads: one that `prepare_single` made."""
    return _Alone(single_reads())


def read_revision(session: Callable[[], Session]) -> str:
    """Name the state of the data that the request at hand has read, as `data_revision` does.

    Args:
        session: gives the request's, in the transaction that all was read in, where it was not
            read by `read_alone`.
    """
    read: str | None = request.environ.get(_READ)
    return data_revision(session()) if read is None else read


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
