"""Uploads that come in pieces, and go on where they broke off.

A session is a row, which says what is uploaded, and a partial file, which says how much of it is
there. When the last byte is there, the file goes the way of one that came in one request, and the
transaction that makes the version marks the session as finished. The last byte counts as taken in
only then: if the server is killed before, the client sees a byte missing, sends it again, and
learns how it ends.
"""

import errno
import logging
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from registry.database import begin_write, reading
from registry.errors import Conflict, InsufficientStorage, InvalidInput, NotFound, NotYours
from registry.models import Author, UploadSession
from registry.models.base import utc_now
from registry.publishing.announced_uploads import Announced, read_announced_version
from registry.publishing.fields import read_own_identifier
from registry.publishing.quota import quota_bytes, used_bytes
from registry.publishing.uploads import (
    NewVersion,
    Uploads,
    check_new_version,
    find_retriable,
    hash_private_key,
    make_private_key,
    waiting_bytes,
)
from registry.storage import NotHere, PartialFile, Storage

_ID_BYTES = 32
_FULL = {errno.ENOSPC, errno.EDQUOT}
# The disk's free space is looked at again after so many bytes.
_LOOK_EVERY = 16 * 1024 * 1024

_log = logging.getLogger("registry.publishing")


@dataclass(frozen=True)
class Begun:
    """A session that was begun."""

    id: str
    # The only sight of it; None: the version is to be public, or has one already.
    private_key: str | None
    expires_at: datetime


@dataclass(frozen=True)
class Standing:
    """How a session stands."""

    id: str
    # The package's, in its partial form.
    identifier: str
    # Bytes that were taken in, and those of the whole file; equal: there is a version of it.
    offset: int
    length: int
    expires_at: datetime


@dataclass(frozen=True)
class UploadSessions:
    """The sessions of the uploads that go where `uploads` says."""

    uploads: Uploads

    def begin(self, author_id: int, announced: Announced) -> Begun:
        """Begin a session: from now on, pieces can be sent.

        Raises:
            NotYours: the author has no such package.
            InvalidInput: `version_exists`; of a retry, `version_not_exist` or `cant_retry`.
            Conflict: `too_many_uploads`: the author has as many open as is allowed.
            InsufficientStorage: the author's quota, or the disk, has no room for the file.
        """
        files = self._storage.partial_files
        session_id = secrets.token_urlsafe(_ID_BYTES)
        is_new = isinstance(announced.version, NewVersion)
        needs_key = isinstance(announced.version, NewVersion) and not announced.version.is_public
        private_key = make_private_key() if needs_key else None
        expires_at = utc_now() + timedelta(seconds=self.uploads.settings.upload_lifetime)
        self._look_for_room(announced.length)
        with files.new(session_id), self._write() as session:
            # Sessions of one author begin one after another: each counts those before.
            session.execute(select(Author.id).where(Author.id == author_id).with_for_update())
            self._check(session, author_id, announced)
            session.add(
                UploadSession(
                    id=session_id,
                    author_id=author_id,
                    is_retry=not is_new,
                    fields=dict(announced.fields),
                    length=announced.length,
                    file_hash=announced.file_hash,
                    private_key_hash=None if private_key is None else hash_private_key(private_key),
                    expires_at=expires_at,
                )
            )
        return Begun(session_id, private_key, expires_at)

    def find(self, author_id: int, session_id: str) -> Standing:
        """Tell how an author's session stands.

        Raises:
            NotFound: there is none of this id, it has expired, or it is another's; which of these
                is not told.
            Conflict: `upload_elsewhere`: what was sent before is not on this machine.
        """
        row = self._find(author_id, session_id)
        if row.finished_at is None:
            try:
                with self._storage.partial_files.open(session_id) as file:
                    return self._standing(row, _offset(file, row))
            except NotHere:
                row = self._find_finished(author_id, session_id)
        return self._standing(row, row.length)

    def receive(
        self, author_id: int, session_id: str, offset: int, pieces: Iterable[bytes]
    ) -> Standing:
        """Take in the next bytes; with the last one, publish the version.

        What was taken in before something fails or breaks off, stays.

        Args:
            author_id: whose session it must be.
            session_id: which one.
            offset: where in the file the pieces begin: where it ends now.
            pieces: the bytes, no more of them than the file has left.

        Raises:
            NotFound: as `find`.
            Conflict: as `find`; `offset_mismatch`: the file does not end at the offset.
            InsufficientStorage: the disk is full; what is there stays.
            NotYours: the author has no such package any more; the session is over.
            InvalidInput: what the publishing of a version says, or `hash_mismatch`: the file is not
                the one that was announced; the session is over.
        """
        row = self._find(author_id, session_id)
        if row.finished_at is None:
            try:
                with self._storage.partial_files.open(session_id) as file:
                    end = self._append(file, row, offset, pieces)
            except NotHere:
                row = self._find_finished(author_id, session_id)
            else:
                return self._standing(row, end)
        elif offset != row.length:
            raise _mismatch(offset, row.length)
        return self._standing(row, row.length)

    def cancel(self, author_id: int, session_id: str) -> None:
        """End a session; a version that it led to stays.

        Raises:
            NotFound: as `find`.
        """
        self._find(author_id, session_id)
        self._forget(session_id)

    @property
    def _storage(self) -> Storage:
        return self.uploads.storage

    def _find(self, author_id: int, session_id: str) -> UploadSession:
        with reading(self.uploads.sessions) as session:
            row = session.scalar(
                select(UploadSession).where(
                    UploadSession.id == session_id,
                    UploadSession.author_id == author_id,
                    UploadSession.expires_at > utc_now(),
                )
            )
        if row is None:
            raise _not_found()
        return row

    def _standing(self, row: UploadSession, offset: int) -> Standing:
        identifier = read_own_identifier(
            row.fields.get("packageId"), self.uploads.settings.repository_name
        )
        return Standing(row.id, identifier, offset, row.length, row.expires_at)

    @contextmanager
    def _write(self) -> Iterator[Session]:
        """Open a session for a write that changes nothing that anybody reads."""
        with self.uploads.sessions() as session:
            begin_write(session)
            yield session
            session.commit()

    def _find_finished(self, author_id: int, session_id: str) -> UploadSession:
        """Find a session whose file was just found missing: another request may have finished it.

        Raises:
            NotFound: it was cancelled, or has expired.
            Conflict: it is not finished, so the file is on another machine.
        """
        row = self._find(author_id, session_id)
        if row.finished_at is None:
            raise Conflict(
                "What was sent of this upload is not on the server that answers: have all requests "
                "of one upload reach the same server, or begin anew.",
                code="upload_elsewhere",
            )
        return row

    def _append(
        self, file: PartialFile, row: UploadSession, offset: int, pieces: Iterable[bytes]
    ) -> int:
        """Write pieces, publish the version if they are the last, and tell where they ended."""
        if offset != (expected := _offset(file, row)):
            raise _mismatch(offset, expected)
        for piece in pieces:
            self._write_piece(file, row, offset, piece)
            offset += len(piece)
        file.sync()
        if offset == row.length:
            with file.lock():
                self._finish(row.author_id, row.id, file)
        return offset

    def _check(self, session: Session, author_id: int, announced: Announced) -> None:
        if isinstance(announced.version, NewVersion):
            check_new_version(session, author_id, announced.version)
        else:
            find_retriable(
                session, author_id, announced.version.identifier, announced.version.version
            )
        open_ones, their_bytes = session.execute(
            select(func.count(), func.coalesce(func.sum(UploadSession.length), 0)).where(
                UploadSession.author_id == author_id,
                UploadSession.finished_at.is_(None),
                UploadSession.expires_at > utc_now(),
            )
        ).one()
        most = self.uploads.settings.max_open_uploads
        if open_ones >= most:
            raise Conflict(
                f"{most} uploads of yours are open: finish or cancel one of them, or wait until "
                "one expires.",
                code="too_many_uploads",
            )
        used = used_bytes(session, author_id) + waiting_bytes(session, author_id) + their_bytes
        quota = quota_bytes(session, author_id, self.uploads.settings)
        if used + announced.length > quota:
            raise InsufficientStorage(
                f"The file has {announced.length:,} bytes, more than are left of your {quota:,}: "
                "remove other versions first.",
                code="quota_exceeded",
            )

    def _look_for_room(self, needed: int) -> None:
        free = self._storage.partial_files.free_bytes() - self.uploads.settings.min_free_bytes
        if free < needed:
            raise _no_room()

    def _write_piece(self, file: PartialFile, row: UploadSession, at: int, piece: bytes) -> None:
        if at // _LOOK_EVERY != (at + len(piece)) // _LOOK_EVERY:
            self._look_for_room(min(_LOOK_EVERY, row.length - at))
        try:
            if not file.write(piece, at, row.length):
                raise _mismatch(at, file.size)
        except OSError as error:
            if error.errno in _FULL:
                raise _no_room() from error
            raise

    def _finish(self, author_id: int, session_id: str, file: PartialFile) -> None:
        """Publish the version of a whole file, unless another request just did; called locked."""
        row = self._find(author_id, session_id)
        if row.finished_at is not None:
            return

        def mark(session: Session) -> None:
            session.execute(
                update(UploadSession)
                .where(UploadSession.id == session_id)
                .values(finished_at=utc_now())
            )

        work = file.as_work_file()
        try:
            if row.file_hash not in ("", work.sha256):
                raise InvalidInput.of(
                    "fileHash",
                    f"the file that came has the SHA-256 {work.sha256}",
                    code="hash_mismatch",
                )
            version = read_announced_version(
                row.fields, self.uploads.settings.repository_name, is_retry=row.is_retry
            )
            if isinstance(version, NewVersion):
                self.uploads.add_version_with_key(
                    author_id, version, work, row.private_key_hash, mark
                )
            else:
                self.uploads.retry_version(
                    author_id, version.identifier, version.version, work, mark
                )
        except (InvalidInput, NotYours):
            self._forget(session_id)
            raise
        self._storage.partial_files.remove(session_id)

    def _forget(self, session_id: str) -> None:
        with self._write() as session:
            session.execute(delete(UploadSession).where(UploadSession.id == session_id))
        self._storage.partial_files.remove(session_id)


def sweep_sessions(sessions: Callable[[], Session], storage: Storage, now: datetime) -> int:
    """Remove the sessions that have expired, and the partial files that no open session has.

    Files of this machine only, where machines share no directory: each has a worker that sweeps.

    Returns:
        How many files were removed.
    """
    with reading(sessions) as session:
        overdue = session.scalars(
            select(UploadSession.id).where(UploadSession.expires_at <= now)
        ).all()
    if overdue:
        with sessions() as session:
            begin_write(session)
            session.execute(delete(UploadSession).where(UploadSession.expires_at <= now))
            session.commit()

    def is_open(session_id: str) -> bool:
        with reading(sessions) as session:
            found = select(UploadSession.id).where(
                UploadSession.id == session_id, UploadSession.finished_at.is_(None)
            )
            return session.scalar(found) is not None

    removed = 0
    for name in storage.partial_files.names():
        removed += storage.partial_files.remove_unless(name, is_open)
    if removed:
        _log.info("%d partial files that no upload goes on with were removed", removed)
    return removed


def _offset(file: PartialFile, row: UploadSession) -> int:
    return min(file.size, row.length - 1)


def _not_found() -> NotFound:
    return NotFound("There is no such upload: begin it anew.", code="upload_not_found")


def _mismatch(sent: int, expected: int) -> Conflict:
    return Conflict(
        f"Upload-Offset is {sent}, but {expected} bytes were taken in: go on from there.",
        code="offset_mismatch",
    )


def _no_room() -> InsufficientStorage:
    return InsufficientStorage(
        "The server has not enough space for the file now; try again later.",
        code="not_enough_space",
    )
