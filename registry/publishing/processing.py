"""Turns an upload into an artifact, or into the reason why there is none: a job.

Whatever is killed whenever, a version is in one of three states, and never between two: it is still
to be processed (its row names the upload), processed (its row names the artifact), or failed (its
row names nothing, and says why). The row changes in one transaction; files that are put before it,
or are of no use after it, are removed by whoever comes next (`stored_files.py`).
"""

import errno
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, String, cast, exists, func, literal, select, update
from sqlalchemy.orm import Session

from registry.database import reading, writing
from registry.jobs import MAX_ATTEMPTS, Work
from registry.models import Author, Job, Listing, Publication, Version
from registry.models.base import utc_now
from registry.publishing.archive import ArchiveLimits
from registry.publishing.artifact import PackageFacts, make_artifact
from registry.publishing.processing_requests import KIND
from registry.publishing.quota import quota_bytes, used_bytes
from registry.publishing.stored_files import ensure_stored, naming_files, remove_unnamed
from registry.rules.enumerations import JobStatus, VersionStatus
from registry.rules.package_files import Rejected
from registry.settings import Settings
from registry.storage import NotStored, Storage, WorkFile, open_storage

# As long as the registry document's own samples.
_DOWNLOAD_KEY_BYTES = 48
# How long the artifact of a version that is not to be stored can be fetched.
UNSTORED_FOR = timedelta(days=1)

_NOT_PROCESSED = "The server could not process the file; upload it again later."
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

_log = logging.getLogger("registry.publishing")


@dataclass(frozen=True)
class Upload:
    """A version that is to be processed."""

    version_id: int
    author_id: int
    # SHA-256 of the uploaded file; with the version, it says which upload this is.
    sha256: str
    size: int
    deadline: datetime
    facts: PackageFacts


def process_upload(work: Work) -> None:
    """Process the upload that a job names; one that is processed, or replaced, is let be.

    Raises:
        Exception: what kept it from being processed may pass: the job is to be tried again.
    """
    storage = open_storage(work.settings)
    version_id: int = work.payload["version"]
    with reading(work.sessions) as session:
        upload = find_upload(session, version_id, work.settings)
    if upload is None:
        return
    try:
        _process(work, storage, upload)
    except Rejected as rejected:
        fail_upload(work.sessions, upload, rejected.status, rejected.reason)
    except Exception:
        if work.attempt < MAX_ATTEMPTS:
            raise
        # The author shall not wait for what does not come. The worker logs why.
        fail_upload(work.sessions, upload, VersionStatus.FAILED_SERVER, _NOT_PROCESSED)
        raise
    finally:
        remove_unnamed(work.sessions, storage, [upload.sha256])


def find_upload(session: Session, version_id: int, settings: Settings) -> Upload | None:
    """Find what is to be processed of a version; None where nothing is, or there is no version."""
    row = session.execute(
        select(Publication, Version, Listing, Author)
        .join(Version, Version.id == Publication.version_id)
        .join(Listing, Listing.package_id == Version.package_id)
        .join(Author, Author.id == Listing.author_id)
        .where(
            Publication.version_id == version_id,
            Publication.status == VersionStatus.PROCESSING,
            Publication.upload_hash != "",
        )
    ).first()
    if row is None:
        return None
    publication, version, listing, author = row
    return Upload(
        version_id=version_id,
        author_id=author.id,
        sha256=publication.upload_hash,
        size=publication.upload_size,
        deadline=publication.upload_date + timedelta(seconds=settings.processing_timeout),
        facts=PackageFacts(
            identifier=listing.identifier,
            name=listing.name,
            package_type=listing.package_type,
            version=version.version,
            author_id=author.author_id,
            dependencies=publication.dependencies,
            supports_macos=publication.supports_macos,
            supports_windows=publication.supports_windows,
            supports_linux=publication.supports_linux,
        ),
    )


def fail_upload(
    sessions: Callable[[], Session], upload: Upload, status: VersionStatus, reason: str
) -> None:
    """Write down why an upload became no artifact, unless it is no longer that upload's turn."""
    with writing(sessions) as session:
        session.execute(
            update(Publication)
            .where(*_is_this(upload))
            .values(status=status, failure_reason=reason, upload_hash="", upload_size=0)
        )


def abort_overdue(sessions: Callable[[], Session], settings: Settings, now: datetime) -> int:
    """Give up on the uploads that have been processing for too long, and tell how many."""
    began_before = now - timedelta(seconds=settings.processing_timeout)
    overdue = (
        Publication.status == VersionStatus.PROCESSING,
        Publication.upload_hash != "",
        Publication.upload_date <= began_before,
    )
    with reading(sessions) as session:
        if session.scalar(select(func.count()).select_from(Publication).where(*overdue)) == 0:
            return 0
    with writing(sessions) as session:
        aborted = session.scalars(
            update(Publication)
            .where(*overdue)
            .values(
                status=VersionStatus.ABORTED,
                failure_reason="Processing took too long and was given up; upload the file again.",
                upload_hash="",
                upload_size=0,
            )
            .returning(Publication.version_id)
            .execution_options(synchronize_session=False)
        ).all()
    _log.warning("%d uploads were given up: they took too long", len(aborted))
    return len(aborted)


def fail_deserted(sessions: Callable[[], Session]) -> int:
    """Fail the uploads that no job processes any more, and tell how many.

    A job is given up when worker after worker has died of it.
    """
    key = literal(f"{KIND}:").concat(cast(Publication.version_id, String))
    alive = exists().where(Job.key == key, Job.status.in_([JobStatus.QUEUED, JobStatus.RUNNING]))
    deserted = (
        Publication.status == VersionStatus.PROCESSING,
        Publication.upload_hash != "",
        ~alive.correlate(Publication),
    )
    with reading(sessions) as session:
        if session.scalar(select(Publication.version_id).where(*deserted).limit(1)) is None:
            return 0
    with writing(sessions) as session:
        failed = session.scalars(
            update(Publication)
            .where(*deserted)
            .values(
                status=VersionStatus.FAILED_SERVER,
                failure_reason=_NOT_PROCESSED,
                upload_hash="",
                upload_size=0,
            )
            .returning(Publication.version_id)
            .execution_options(synchronize_session=False)
        ).all()
    _log.error("%d uploads were given up: no worker could process them", len(failed))
    return len(failed)


def _process(work: Work, storage: Storage, upload: Upload) -> None:
    settings = work.settings
    limits = ArchiveLimits(settings.max_archive_files, settings.max_unpacked_bytes)

    def go_on() -> None:
        if utc_now() >= upload.deadline:
            raise Rejected(
                VersionStatus.ABORTED,
                "Processing took too long and was given up; upload the file again.",
            )

    try:
        if storage.work_files.free_bytes() < upload.size + settings.min_free_bytes:
            raise _no_space()
        with storage.work_files.new() as artifact:
            with storage.open(upload.sha256) as file:
                installed = make_artifact(file, upload.facts, limits, artifact, go_on=go_on)
            storage.put(artifact)
            try:
                _finish(work, storage, upload, artifact, installed)
            except BaseException:
                remove_unnamed(work.sessions, storage, [artifact.sha256])
                raise
    except NotStored:
        raise Rejected(
            VersionStatus.FAILED_SERVER, "The server has lost the file; upload it again."
        ) from None
    except OSError as error:
        if error.errno in _FULL:
            raise _no_space() from error
        raise


def _finish(
    work: Work, storage: Storage, upload: Upload, artifact: WorkFile, installed_size: int
) -> None:
    """Name the artifact, if it is still this upload's turn, and the author has room for it."""
    with naming_files(work.sessions) as session:
        # All that process uploads of this author wait here: what they add up must not change.
        session.execute(select(Author.id).where(Author.id == upload.author_id).with_for_update())
        mine = select(Publication).where(*_is_this(upload)).with_for_update()
        publication = session.scalar(mine)
        if publication is None:
            raise Rejected(VersionStatus.ABORTED, "Another upload has taken this one's place.")
        quota = quota_bytes(session, upload.author_id, work.settings)
        if used_bytes(session, upload.author_id) + artifact.size > quota:
            raise Rejected(
                VersionStatus.FAILED_NOT_ENOUGH_SPACE,
                f"The artifact takes up {artifact.size:,} bytes, more than are left of your "
                f"{quota:,}: remove other versions first.",
            )
        ensure_stored(storage, artifact)
        key = secrets.token_urlsafe(_DOWNLOAD_KEY_BYTES)
        publication.status = VersionStatus.PROCESSED
        publication.hash = artifact.sha256
        publication.size = artifact.size
        publication.installed_size = installed_size
        publication.download_key = key
        publication.loc = artifact_address(work.settings, key)
        publication.stored_until = None if publication.is_stored else utc_now() + UNSTORED_FOR
        publication.failure_reason = ""
        publication.upload_hash, publication.upload_size = "", 0


def artifact_address(settings: Settings, key: str) -> str:
    """Write the address (`loc`) of the artifact that a download key is for."""
    return f"{settings.public_url.rstrip('/')}/artifacts/{key}"


def _is_this(upload: Upload) -> tuple[ColumnElement[bool], ...]:
    return (
        Publication.version_id == upload.version_id,
        Publication.status == VersionStatus.PROCESSING,
        Publication.upload_hash == upload.sha256,
    )


def _no_space() -> Rejected:
    return Rejected(
        VersionStatus.FAILED_NOT_ENOUGH_SPACE,
        "The server has not enough space for this package now; try again later.",
    )
