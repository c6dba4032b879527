"""Counts installs: each version's total, and how many fell into each hour."""

from datetime import UTC, datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from registry.models import InstallHour, Publication
from registry.statements.upsert import upsert_into


def hour_of(moment: datetime) -> datetime:
    """Cut an aware datetime to the hour that it is in, in UTC."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def record_install(session: Session, version_id: int, now: datetime) -> None:
    """Count one install of a published version, in its total and in the hour of `now`.

    Two statements, none of which reads: installs at one moment all count. The transaction is the
    caller's; so is the revision, which an install raises like any other write.
    """
    session.execute(
        update(Publication)
        .where(Publication.version_id == version_id)
        .values(installs=Publication.installs + 1)
        .execution_options(synchronize_session=False)
    )
    values = {"version_id": version_id, "hour": hour_of(now), "installs": 1}
    key = [InstallHour.version_id, InstallHour.hour]
    one_more = {"installs": InstallHour.installs + 1}
    insert = upsert_into(session, InstallHour).values(values)
    session.execute(insert.on_conflict_do_update(index_elements=key, set_=one_more))
