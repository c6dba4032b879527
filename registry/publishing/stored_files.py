"""Which files the store keeps: those that a publication names, and no other.

A file is put before the transaction that names it, so that no row ever names what is not there. A
process that is killed between the two leaves a file that nobody names, and whoever looks for such
files could take one for left behind that is about to be named. So both sides lock: who names files
(many at once) against who removes them. Who names a file sees, under the lock, that it is still
there, and puts it again if not.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

from sqlalchemy import or_, select, text
from sqlalchemy.orm import Session

from registry.database import begin_write, writing
from registry.models import Publication
from registry.storage import NotStored, Storage, WorkFile

# Any number, the same in all processes: the key of PostgreSQL's advisory lock. On SQLite, one
# writer at a time is lock enough.
_LOCK_KEY = 0x7265_6773
# Files that are looked up, and removed, in one transaction.
_BATCH = 200

_log = logging.getLogger("registry.publishing")


@contextmanager
def naming_files(sessions: Callable[[], Session]) -> Iterator[Session]:
    """Open a session for one write whose rows may name stored files; as `writing`."""
    with writing(sessions) as session:
        if session.get_bind().dialect.name == "postgresql":
            session.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": _LOCK_KEY})
        yield session


def list_named_files(session: Session) -> list[str]:
    """List the SHA-256s of the files that publications name: artifacts, and uploads that wait."""
    # A version that was removed still tells its hash.
    artifacts = select(Publication.hash).where(
        Publication.download_key.is_not(None), Publication.hash != ""
    )
    uploads = select(Publication.upload_hash).where(Publication.upload_hash != "")
    return sorted(session.scalars(artifacts.union(uploads)))


def ensure_stored(storage: Storage, work: WorkFile) -> None:
    """See that a file that was put is still there; to be called while `naming_files` is open."""
    try:
        storage.find(work.sha256)
    except NotStored:
        storage.put(work)


def remove_unnamed(
    sessions: Callable[[], Session], storage: Storage, files: Sequence[str]
) -> list[str]:
    """Remove those of some files that no publication names.

    Args:
        sessions: of the database with the publications.
        storage: the store.
        files: SHA-256s, in hex, a few hundred at most.

    Returns:
        Those that were removed.
    """
    with sessions() as session:
        begin_write(session)
        if session.get_bind().dialect.name == "postgresql":
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
        named = session.execute(
            select(Publication.hash, Publication.upload_hash).where(
                or_(
                    # A version that was removed still tells its hash.
                    Publication.hash.in_(files) & Publication.download_key.is_not(None),
                    Publication.upload_hash.in_(files),
                )
            )
        )
        unnamed = sorted(set(files) - {each for row in named for each in row})
        for sha256 in unnamed:
            storage.delete(sha256)
        return unnamed


def sweep_storage(sessions: Callable[[], Session], storage: Storage) -> int:
    """Remove what killed processes left behind: files nobody names, work nobody does.

    Returns:
        How many files were removed.
    """
    removed = storage.work_files.clear_abandoned()
    files = (file.sha256 for file in storage.files())
    while batch := list(islice(files, _BATCH)):
        removed += len(remove_unnamed(sessions, storage, batch))
    if removed:
        _log.info("%d files that nobody needs were removed from the store", removed)
    return removed
