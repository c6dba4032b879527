"""Jobs: those that run have a worker, those that wait are not due in another age."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import String, cast, exists, literal, select

from registry.database import reading
from registry.jobs.presence import find_absent
from registry.models import Job, Package, Publication, Version
from registry.models.base import utc_now
from registry.publishing.processing_requests import KIND as PROCESS_UPLOAD
from registry.rules.enumerations import JobStatus, Severity, VersionStatus
from registry.verify.finding import Finding, Verification, gather

# Any worker looks for jobs that others left behind every few seconds.
_SOON = timedelta(minutes=1)
# The longest wait before another attempt is some minutes.
_FAR = timedelta(hours=1)
_WORKER = "Start `registry worker`, or `registry serve`: it runs them again."
_ENDED = frozenset({JobStatus.DONE, JobStatus.FAILED, JobStatus.SUPERSEDED})


def check_jobs(view: Verification) -> Iterator[Finding]:
    """See that no job hangs: left by its worker, due in another age, or ended and not so."""
    now = utc_now()
    with reading(view.sessions) as session:
        running = session.scalars(select(Job).where(Job.status == JobStatus.RUNNING)).all()
        far = session.scalars(
            select(Job.id).where(Job.status == JobStatus.QUEUED, Job.run_after > now + _FAR)
        ).all()
        unended = session.scalars(
            select(Job.id).where(Job.finished_at.is_(None), Job.status.in_(sorted(_ENDED)))
        ).all()
    absent = find_absent(view.engine, {job.worker for job in running}, clear=False)
    left = [job for job in running if job.worker in absent]
    just = [job for job in left if _is_fresh(job.heartbeat_at, now)]
    what = "jobs are said to run, but their worker is gone"
    yield from gather((job.id for job in left if job not in just), what, _WORKER)
    yield from gather((job.id for job in just), what, _WORKER, Severity.WARNING)
    yield from gather(
        far,
        "jobs wait for a moment far away: the clock was set back since they were queued",
        "Start `registry worker`, or `registry serve`: it runs them at once.",
        Severity.WARNING,
    )
    yield from gather(unended, "jobs have ended, but not said when", "Delete these jobs.")
    yield from gather(
        _deserted(view), "versions are processing, and no job does it", _WORKER, Severity.WARNING
    )


def _is_fresh(heartbeat: datetime | None, now: datetime) -> bool:
    return heartbeat is not None and abs(now - heartbeat) < _SOON


def _deserted(view: Verification) -> Iterator[str]:
    key = literal(f"{PROCESS_UPLOAD}:").concat(cast(Publication.version_id, String))
    alive = exists().where(Job.key == key, Job.status.in_([JobStatus.QUEUED, JobStatus.RUNNING]))
    statement = (
        select(Package.name, Version.version)
        .join(Version, Version.package_id == Package.id)
        .join(Publication, Publication.version_id == Version.id)
        .where(
            Publication.status == VersionStatus.PROCESSING,
            Publication.upload_hash != "",
            ~alive.correlate(Publication),
        )
    )
    with reading(view.sessions) as session:
        for row in session.execute(statement.execution_options(yield_per=1_000)):
            yield f"{row.name} {row.version}"
