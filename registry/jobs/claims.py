"""What becomes of jobs: claimed by one worker, done, failed, tried again, taken from the dead.

Each is one short transaction. A claim is known by job and attempt, so a worker that was taken for
dead and is not cannot end, or report on, what another has begun since.
"""

import math
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Engine, and_, delete, exists, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased, sessionmaker

from registry.database import begin_write, reading
from registry.errors import RegistryError, Unavailable
from registry.jobs.presence import find_absent, read_note
from registry.jobs.work import Progress
from registry.models import Job
from registry.models.base import utc_now
from registry.rules.enumerations import JobStatus

MAX_ATTEMPTS = 5
# The wait after the first failure; each further one is four times as long.
FIRST_DELAY = timedelta(seconds=5)
# What is told of a job that took too long, and of one whose worker is gone.
_OVERSTAYED, _LOST = "job_timed_out", "worker_lost"
# How long a job is kept once it has ended.
KEPT = timedelta(days=7)

Sessions = Callable[[], Session]


def claim_job(sessions: Sessions, worker: str, kinds: Collection[str]) -> Job | None:
    """Claim the job that has waited longest, of these kinds, for a worker; None: none is due.

    A job whose key is being worked on waits for the end of that.
    """
    now = utc_now()
    running = aliased(Job)
    same = exists().where(running.key == Job.key, running.status == JobStatus.RUNNING)
    due = (
        select(Job)
        .where(
            _is_due(now),
            Job.kind.in_(kinds),
            ~same,
        )
        .order_by(Job.run_after, Job.created_at, Job.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=Job)
    )
    # Look before asking for SQLite's one write lock, which a refresh may hold for long.
    if not any_due(sessions):
        return None
    with sessions() as session:
        begin_write(session)
        job = session.scalar(due)
        if job is None:
            return None
        job.status, job.worker, job.attempts = JobStatus.RUNNING, worker, job.attempts + 1
        job.started_at = job.heartbeat_at = now
        job.progress_done, job.progress_total, job.progress_what = 0, None, ""
        session.commit()
        session.refresh(job)
        session.expunge(job)
        return job


def any_due(sessions: Sessions) -> bool:
    """Tell whether a job waits for a worker now."""
    with reading(sessions) as session:
        return session.scalar(select(exists().where(_is_due(utc_now())))) or False


def _is_due(now: datetime) -> ColumnElement[bool]:
    """Tell of a job that it waits, and not for a moment to come.

    None is put off for longer than `_delay` says: one that is due later than that was queued before
    the clock was set back, and shall not wait until it is as late again.
    """
    never_so_late = Job.run_after > now + 2 * _delay(MAX_ATTEMPTS)
    return and_(Job.status == JobStatus.QUEUED, or_(Job.run_after <= now, never_so_late))


def record_heartbeats(sessions: Sessions, running: Sequence[tuple[Job, Progress]]) -> None:
    """Note that jobs are being worked on, and how far they are."""
    if not running:
        return
    with sessions() as session:
        begin_write(session)
        for job, progress in running:
            session.execute(
                update(Job)
                .where(_is_claim(job))
                .values(
                    heartbeat_at=utc_now(),
                    progress_done=progress.done,
                    progress_total=progress.total,
                    progress_what=progress.what,
                )
            )
        session.commit()


def finish_job(sessions: Sessions, job: Job, progress: Progress) -> None:
    """Note that a job is done, unless it is another worker's by now."""
    now = utc_now()
    with sessions() as session:
        begin_write(session)
        session.execute(
            update(Job)
            .where(_is_claim(job))
            .values(
                status=JobStatus.DONE,
                finished_at=now,
                heartbeat_at=now,
                progress_done=progress.done if progress.total is None else progress.total,
                progress_total=progress.total,
                progress_what=progress.what,
                error_code="",
                error="",
            )
        )
        session.commit()


def fail_job(sessions: Sessions, job: Job, error: Exception) -> None:
    """Note that an attempt failed: the job is tried again later, or has failed for good."""
    told = error if isinstance(error, RegistryError) else _UNTOLD
    final = isinstance(error, RegistryError) and not isinstance(error, Unavailable)
    with sessions() as session:
        begin_write(session)
        current = session.scalar(select(Job).where(_is_claim(job)).with_for_update())
        if current is not None:
            current.error_code, current.error = told.code, told.detail
            _put_back(session, current, final=final, delay=_delay(current.attempts))
        session.commit()


class JobOverstayed(RegistryError):
    """A job took longer than its kind may: told by the job, and by no answer's status."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"It took longer than {seconds:g} s and was given up.", code=_OVERSTAYED)


def release_abandoned(
    engine: Engine, seconds_for: Callable[[str], float] = lambda _kind: math.inf
) -> int:
    """Put the jobs of workers that are gone back into the queue; gives how many there were.

    A job that had overstayed when its worker was last seen has failed: it would hold up the next.

    Args:
        engine: the database with the jobs.
        seconds_for: tells how long a job of a kind may take.
    """
    sessions = sessionmaker(engine)
    running = Job.status == JobStatus.RUNNING
    with reading(sessions) as session:
        workers = set(session.scalars(select(Job.worker).where(running).distinct()))
    absent = find_absent(engine, workers, clear=False) if workers else set()
    if not absent:
        return 0
    with sessions() as session:
        begin_write(session)
        abandoned = session.scalars(
            select(Job)
            .where(running, Job.worker.in_(absent))
            .order_by(Job.id)
            .with_for_update(skip_locked=True)
        ).all()
        for job in abandoned:
            limit = seconds_for(job.kind)
            overstayed = _seconds_seen(engine, job) >= limit
            job.error_code, job.error = _LOST, "The worker ended in the middle of it."
            if overstayed:
                error = JobOverstayed(limit)
                job.error_code, job.error = error.code, error.detail
            # At once the first time. A job that ends worker after worker waits ever longer.
            again = timedelta(0) if job.attempts == 1 else _delay(job.attempts)
            _put_back(session, job, final=overstayed, delay=again)
        session.commit()
    # Only now: the files beside SQLite told how far those jobs were.
    find_absent(engine, absent)
    return len(abandoned)


def _seconds_seen(engine: Engine, job: Job) -> float:
    """Tell how long a job was worked on for certain, by the last sign of its worker."""
    note = read_note(engine, job.worker, job.id)
    last = datetime.fromisoformat(note.at) if note else job.heartbeat_at
    return (last - job.started_at).total_seconds() if last and job.started_at else 0


def forget_ended(sessions: Sessions) -> None:
    """Drop the jobs that ended long ago."""
    old = Job.finished_at < utc_now() - KEPT
    with sessions() as session:
        if not session.scalar(select(exists().where(old))):
            return
        session.rollback()
        begin_write(session)
        session.execute(delete(Job).where(old))
        session.commit()


_UNTOLD = RegistryError("Something went wrong; the worker's log tells it by the job's id.")


def _is_claim(job: Job) -> ColumnElement[bool]:
    return and_(
        Job.id == job.id,
        Job.status == JobStatus.RUNNING,
        Job.worker == job.worker,
        Job.attempts == job.attempts,
    )


def _put_back(session: Session, job: Job, *, final: bool, delay: timedelta) -> None:
    """Queue a job again, unless this was its last attempt or another of its key is queued."""
    now = utc_now()
    job.worker = ""
    if final or job.attempts >= MAX_ATTEMPTS:
        job.status, job.finished_at = JobStatus.FAILED, now
        return
    try:
        with session.begin_nested():
            job.status, job.run_after = JobStatus.QUEUED, now + delay
    except IntegrityError:
        job.status, job.finished_at = JobStatus.SUPERSEDED, now


def _delay(attempts: int) -> timedelta:
    delay: timedelta = FIRST_DELAY * 4 ** (attempts - 1)
    return delay
