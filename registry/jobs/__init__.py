"""Work that is done after the answer.

A write that leaves work behind enqueues it in its own transaction:

    with writing(app_sessions()) as session:
        ...
        job_id = enqueue_job(session, "process-upload", {"version": 7}, key="process-upload:7")

The job exists if and only if that transaction commits; a worker is woken then. `submit_job` is the
same in a transaction of its own. Answer 202 with `/api/jobs/JOB_ID`, where its progress is told.

A kind of job is a function that takes a `Work`, named in `registry/worker/kinds.py`:

    def process_upload(work: Work) -> None:
        version = work.payload["version"]
        work.report(1, 3, "checking")
        with writing(work.sessions) as session:
            ...

- It must be idempotent: the job of a worker that was killed is run again from the start.
- It opens its own sessions, of `work.sessions`, and holds no write open for long.
- It fails by raising. An error of `registry.errors` is told to clients in its own words, any other
  only as `internal_error`. `Unavailable` and errors that are none of ours are tried again, up to
  `MAX_ATTEMPTS` times and ever later; other errors of ours are final.
- `work.report` only notes, so it costs nothing and may be called within a transaction.

Jobs of one `key` are the same work: enqueued twice before a worker begins, it is one job, and two
of them never run at the same time. Once the first has begun, a new one is queued behind it, since
the first may have read what has changed since. A payload is plain JSON; ids, not secrets.
"""

from registry.jobs.claims import MAX_ATTEMPTS
from registry.jobs.enqueue import enqueue_job, submit_job
from registry.jobs.queue import JobQueue
from registry.jobs.reads import find_job
from registry.jobs.work import Work

__all__ = [
    "MAX_ATTEMPTS",
    "JobQueue",
    "Work",
    "enqueue_job",
    "find_job",
    "submit_job",
]
