"""The number that every committed write raises: one row, and it only goes up."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import sessionmaker

from registry.database import reading
from registry.models import Revision
from registry.models.base import utc_now
from registry.rules.enumerations import Severity
from registry.rules.times import format_time
from registry.verify.finding import RESTORE, Finding

# As far as clocks of machines that share a database may be apart.
_APART = timedelta(minutes=5)


def read_revision(engine: Engine) -> Sequence[Any]:
    """Read the rows of the revision, of which there is one."""
    with reading(sessionmaker(engine)) as session:
        statement = select(Revision.number, Revision.epoch, Revision.raised_at)
        return session.execute(statement).all()


def check_revision(before: Sequence[Any], now: Sequence[Any]) -> Iterator[Finding]:
    """See that there is one revision, that it did not fall, and that it is not from the future."""
    if len(now) != 1 or not now[0].epoch or now[0].number < 0:
        what = "there must be one row with a number and an epoch, on which ETags hang"
        yield Finding(Severity.ERROR, what, 1, (f"{len(now)} rows",), RESTORE)
        return
    row = now[0]
    if len(before) == 1 and before[0].epoch == row.epoch and before[0].number > row.number:
        what = "the revision fell: clients may be told that what they have is still so"
        places = (f"from {before[0].number} to {row.number}",)
        mend = "Give it another epoch: UPDATE revision SET epoch = 'any text that was never it'."
        yield Finding(Severity.ERROR, what, 1, places, mend)
    if row.raised_at > utc_now() + _APART:
        what = "the last write is from the future: this machine's clock was set back, or was wrong"
        mend = "Set the clock; nothing hangs on it, but times that were written are shown as such."
        yield Finding(Severity.WARNING, what, 1, (format_time(row.raised_at),), mend)
