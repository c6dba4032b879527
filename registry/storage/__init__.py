"""Where artifacts are kept: one small behaviour, a directory or an S3-compatible store."""

from registry.storage.behaviour import NotStored, Storage, StoredFile
from registry.storage.choice import InvalidStorage, open_storage
from registry.storage.work_files import WorkFile, WorkFiles

__all__ = [
    "InvalidStorage",
    "NotStored",
    "Storage",
    "StoredFile",
    "WorkFile",
    "WorkFiles",
    "open_storage",
]
