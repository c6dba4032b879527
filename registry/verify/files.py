"""The store's files against the rows that name them, byte by byte."""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import islice

from sqlalchemy import func, or_, select

from registry.database import reading
from registry.models import Publication
from registry.rules.enumerations import Severity
from registry.storage import NotStored, Storage, open_storage
from registry.verify.finding import Finding, Verification, gather

# Files whose rows are asked for together.
_BATCH = 200
_SWEPT = "None is needed: a worker removes them within minutes, once nobody is at them."
_LOST = (
    "Restore the file into the store from its backup, or remove the version and have its author "
    "publish it again."
)


def check_files(view: Verification) -> Iterator[Finding]:
    """See that each file that a row names is in the store with its size and its SHA-256."""
    storage = open_storage(view.settings)
    try:
        yield from gather(
            _wrong(view, storage), "artifacts and uploads are not in the store as they were", _LOST
        )
        yield from gather(
            _unnamed(view, storage),
            "files in the store are named by no version",
            _SWEPT,
            Severity.WARNING,
        )
        abandoned = (path.name for path in storage.work_files.abandoned())
        yield from gather(
            abandoned, "files were being written by who is gone", _SWEPT, Severity.WARNING
        )
    except Exception as error:  # noqa: BLE001 -- each store fails in its own way
        what = f"the store cannot be read: {error}"
        mend = "See that it can be reached and read; `registry doctor` tells which it is."
        yield Finding(Severity.ERROR, what, 1, (), mend)


def _wrong(view: Verification, storage: Storage) -> Iterator[str]:
    named = select(Publication.hash, Publication.size).where(Publication.download_key.is_not(None))
    uploads = select(Publication.upload_hash, Publication.upload_size).where(
        Publication.upload_hash != ""
    )
    both = named.union(uploads)
    with reading(view.sessions) as session:
        total = session.scalar(select(func.count()).select_from(both.subquery()))
        rows = session.execute(both.execution_options(yield_per=1_000))
        for done, (sha256, size) in enumerate(rows):
            view.progress(done, total)
            fault = _fault(storage, sha256, size)
            # It may have been removed meanwhile, and its row changed before that.
            if fault and sha256 in _named_now(view, [sha256]):
                yield f"{sha256}: {fault}"


def _fault(storage: Storage, sha256: str, size: int) -> str:
    """Tell what is wrong with a file; empty where nothing is."""
    try:
        stored = storage.find(sha256).size
        if stored != size:
            return f"it has {stored:,} bytes instead of {size:,}"
        digest = hashlib.sha256()
        for chunk in storage.read(sha256):
            digest.update(chunk)
    except NotStored:
        return "it is not there"
    except OSError as error:
        return f"it cannot be read ({error.strerror})"
    return "" if digest.hexdigest() == sha256 else "its content is another one"


def _unnamed(view: Verification, storage: Storage) -> Iterator[str]:
    files = storage.files()
    while batch := list(islice(files, _BATCH)):
        named = _named_now(view, [file.sha256 for file in batch])
        for file in batch:
            if file.sha256 not in named:
                yield f"{file.sha256} ({file.size:,} bytes, {file.modified:%Y-%m-%d %H:%M} UTC)"


def _named_now(view: Verification, files: Sequence[str]) -> set[str]:
    """Give those of some files that a row names at this moment."""
    with reading(view.sessions) as session:
        rows = session.execute(
            select(Publication.hash, Publication.upload_hash).where(
                or_(
                    Publication.hash.in_(files) & Publication.download_key.is_not(None),
                    Publication.upload_hash.in_(files),
                )
            )
        )
        return {sha256 for row in rows for sha256 in row}
