"""Where artifacts are kept: one small behaviour, a directory or an S3-compatible store."""

from registry.storage.behaviour import NotStored, Storage, StoredFile
from registry.storage.choice import InvalidStorage, open_storage
from registry.storage.partial_files import NotHere, PartialFile, PartialFiles
from registry.storage.work_files import WorkFile, WorkFiles

__all__ = [
    "InvalidStorage",
    "NotHere",
    "NotStored",
    "PartialFile",
    "PartialFiles",
    "Storage",
    "StoredFile",
    "WorkFile",
    "WorkFiles",
    "open_storage",
]
