"""Leaving work behind: a job that exists if and only if the caller's transaction commits."""

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import event, select, text, update
from sqlalchemy.orm import Session

from registry.database import begin_write
from registry.jobs.queue import JobQueue
from registry.models import Job
from registry.models.base import utc_now
from registry.rules.enumerations import JobStatus
from registry.statements.upsert import upsert_into

# What a session's `info` holds the queue by: `sessionmaker(engine, info={QUEUE: queue})`.
QUEUE = "registry.queue"
# Whether the transaction leaves work behind.
_AWAKENS = "registry.queue.awakens"
_ID_BYTES = 16


def submit_job(
    sessions: Callable[[], Session],
    kind: str,
    payload: Mapping[str, Any] | None = None,
    *,
    key: str | None = None,
    asked: bool = False,
) -> str:
    """Enqueue a job in a transaction of its own and give its id; arguments as `enqueue_job`'s."""
    with sessions() as session:
        begin_write(session)
        job_id = enqueue_job(session, kind, payload, key=key, asked=asked)
        session.commit()
    return job_id


def enqueue_job(
    session: Session,
    kind: str,
    payload: Mapping[str, Any] | None = None,
    *,
    key: str | None = None,
    asked: bool = False,
) -> str:
    """Enqueue a job in the caller's transaction, and give its id.

    Best last in the transaction: on PostgreSQL, others that enqueue the same key wait for its end.

    Args:
        session: in a transaction that was begun to write.
        kind: names the function that does it (`registry/worker/kinds.py`).
        payload: what the function needs to know, as plain JSON.
        key: jobs of one key are the same work: while one of them waits for a worker, its id is
            given and no other is made.
        asked: whether somebody asks for it now. If that job failed and waits to be tried again, it
            need not wait any longer: what was wrong may be mended.
    """
    _wake_after_commit(session)
    while True:
        if (job_id := _insert(session, kind, payload or {}, key)) is not None:
            return job_id
        if asked and (hastened := _hasten(session, key)) is not None:
            return hastened
        # Held until the caller commits: the worker that begins it must see what the caller wrote.
        queued = session.scalar(
            select(Job.id)
            .where(Job.key == key, Job.status == JobStatus.QUEUED)
            .with_for_update(read=True)
        )
        # Else a worker has begun it in between, too early for what the caller writes.
        if queued is not None:
            return queued


def _insert(session: Session, kind: str, payload: Mapping[str, Any], key: str | None) -> str | None:
    now = utc_now()
    job_id: str | None = session.scalar(
        upsert_into(session, Job)
        .values(
            id=secrets.token_urlsafe(_ID_BYTES),
            kind=kind,
            key=key,
            payload=dict(payload),
            status=JobStatus.QUEUED,
            created_at=now,
            run_after=now,
        )
        # In the index's own words, and no parameter: PostgreSQL tells the index by them.
        .on_conflict_do_nothing(index_elements=[Job.key], index_where=text("status = 'queued'"))
        .returning(Job.id)
    )
    return job_id


def _hasten(session: Session, key: str | None) -> str | None:
    """Let the job of a key that waits to be tried again be due, and give its id if there is one."""
    now = utc_now()
    hastened: str | None = session.scalar(
        update(Job)
        .where(Job.key == key, Job.status == JobStatus.QUEUED, Job.run_after > now)
        .values(run_after=now)
        .returning(Job.id)
    )
    return hastened


def _wake_after_commit(session: Session) -> None:
    """Wake a worker once the transaction is committed; one that is rolled back wakes nobody."""
    queue: JobQueue | None = session.info.get(QUEUE)
    if queue is None:
        return
    if _AWAKENS not in session.info:
        event.listen(session, "after_commit", _wake)
        event.listen(session, "after_rollback", _let_sleep)
    session.info[_AWAKENS] = True


def _wake(session: Session) -> None:
    if session.info[_AWAKENS] and not session.in_nested_transaction():
        session.info[_AWAKENS] = False
        session.info[QUEUE].wake()


def _let_sleep(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info[_AWAKENS] = False
