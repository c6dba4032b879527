"""Figures for Prometheus that the database knows: refreshes, jobs, the revision.

Refreshes and jobs run in other processes than the one that is asked, so their figures are read when
they are asked for.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from registry.database import reading
from registry.models import Job, Revision, Scan
from registry.models.base import utc_now
from registry.rules.enumerations import JobStatus

_MILLISECOND = 0.001


class DatabaseMetrics(Collector):
    """Reads the figures, in one transaction, when they are asked for."""

    def __init__(self, sessions: Callable[[], Session]) -> None:
        self._sessions = sessions

    def collect(self) -> Iterable[Metric]:
        """Give the figures; without a database, only that there is none."""
        up = GaugeMetricFamily("registry_database_up", "1 if the database answers, else 0.")
        try:
            with reading(self._sessions) as session:
                found = [*_revision(session), *_refreshes(session), *_jobs(session, utc_now())]
        except SQLAlchemyError:
            up.add_metric([], 0)
            return [up]
        up.add_metric([], 1)
        return [up, *found]


def _revision(session: Session) -> Iterable[Metric]:
    number = session.scalar(select(Revision.number))
    yield GaugeMetricFamily(
        "registry_revision", "How many writes were committed.", value=number or 0
    )


def _refreshes(session: Session) -> Iterable[Metric]:
    scan = session.scalar(select(Scan).order_by(Scan.id.desc()).limit(1))
    # Old scans are forgotten, but their ids go on.
    yield CounterMetricFamily(
        "registry_refreshes", "Refreshes that were completed.", value=scan.id if scan else 0
    )
    if scan is None:
        return
    yield GaugeMetricFamily(
        "registry_refresh_finished_timestamp_seconds",
        "When the newest refresh was completed, in seconds since 1970.",
        value=scan.finished_at.timestamp(),
    )
    phases = GaugeMetricFamily(
        "registry_refresh_phase_duration_seconds",
        "How long each phase of the newest refresh took.",
        labels=["phase"],
    )
    for phase, milliseconds in scan.durations.items():
        phases.add_metric([phase], milliseconds * _MILLISECOND)
    yield phases


def _jobs(session: Session, now: datetime) -> Iterable[Metric]:
    jobs = GaugeMetricFamily(
        "registry_jobs",
        "Jobs by where they stand; those that ended are forgotten after a week.",
        labels=["kind", "status"],
    )
    counts = select(Job.kind, Job.status, func.count()).group_by(Job.kind, Job.status)
    for kind, status, count in session.execute(counts):
        jobs.add_metric([kind, status], count)
    yield jobs
    due = select(func.min(Job.run_after)).where(
        Job.status == JobStatus.QUEUED, Job.run_after <= now
    )
    oldest = session.scalar(due)
    yield GaugeMetricFamily(
        "registry_job_oldest_due_seconds",
        "For how long the job that has waited longest has been due; 0: none is.",
        value=(now - oldest).total_seconds() if oldest else 0,
    )
