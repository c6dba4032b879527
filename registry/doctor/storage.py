"""Checks of the store of artifacts: it answers, it can be written, and it is the database's."""

import os
from collections.abc import Iterator

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from registry.doctor.check import Check, fail, first_line, ok
from registry.doctor.configuration import mask
from registry.models import Publication
from registry.rules.enumerations import VersionStatus
from registry.settings import Settings
from registry.storage import InvalidStorage, NotStored, Storage, open_storage

# Of a file that is put and removed again, so that no other can be the same.
_PROBE_BYTES = 32


def check_storage(settings: Settings, engine: Engine | None) -> Iterator[Check]:
    """Look at the store, and for one of the artifacts that the database names."""
    where = mask(settings.storage_uri) or str(settings.instance_path.absolute() / "storage")
    try:
        storage = open_storage(settings)
    except InvalidStorage as error:
        yield fail("storage", first_line(error), "Correct REGISTRY_STORAGE_URI.")
        return
    try:
        yield _check_writable(storage, settings, where)
        if engine is not None:
            yield from _check_artifact(storage, engine, where)
    except Exception as error:  # noqa: BLE001 -- each kind of store fails in ways of its own
        mend = f"Let the service write to {where}, or set REGISTRY_INSTANCE_PATH."
        if settings.storage_uri:
            mend = (
                "Start it, or correct REGISTRY_STORAGE_URI, REGISTRY_S3_ENDPOINT_URL or the "
                "credentials."
            )
        yield fail("storage", f"{where}: {first_line(error)}", mend)


def _check_writable(storage: Storage, settings: Settings, where: str) -> Check:
    if not settings.storage_uri and not storage.work_files.directory.is_dir():
        # Looking makes no directory; whether it can be made, is looked at elsewhere.
        return ok("storage", f"{where} will be made when it is needed")
    with storage.work_files.new() as work:
        work.write(os.urandom(_PROBE_BYTES))
        sha256 = storage.put(work).sha256
        try:
            storage.find(sha256)
        finally:
            storage.delete(sha256)
    return ok("storage", f"{where} is writable")


def _check_artifact(storage: Storage, engine: Engine, where: str) -> Iterator[Check]:
    """Look for the newest artifact: `registry verify` looks for all."""
    with Session(engine) as session:
        sha256 = session.scalar(
            select(Publication.hash)
            .where(
                Publication.status == VersionStatus.PROCESSED,
                Publication.download_key.is_not(None),
            )
            .order_by(Publication.upload_date.desc())
            .limit(1)
        )
    if sha256 is None:
        return
    try:
        storage.find(sha256)
    except NotStored:
        yield fail(
            "artifacts",
            f"{where} lacks the newest artifact that the database names ({sha256[:12]}…)",
            "Set REGISTRY_STORAGE_URI or REGISTRY_INSTANCE_PATH to the store that this database "
            "was used with, or restore both from one backup.",
        )
    else:
        yield ok("artifacts", "the newest one is there")
