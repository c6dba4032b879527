"""Which store the settings name."""

from importlib.util import find_spec
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from registry.logs import take_secrets_out
from registry.storage.behaviour import Storage
from registry.storage.directory import DirectoryStorage


class StorageSettings(Protocol):
    """Those of the settings that say where files are kept."""

    @property
    def storage_uri(self) -> str:
        """The bucket; empty for a directory."""
        ...

    @property
    def instance_path(self) -> Path:
        """Where the service writes."""
        ...

    @property
    def s3_endpoint_url(self) -> str:
        """The service of the bucket; empty for Amazon's."""
        ...

    @property
    def s3_region(self) -> str:
        """The bucket's region."""
        ...


class InvalidStorage(ValueError):
    """The setting names no store that there is."""


def open_storage(settings: StorageSettings) -> Storage:
    """Give the store that the settings name; nothing is written or asked of it yet.

    Raises:
        InvalidStorage: `REGISTRY_STORAGE_URI` names none, or one whose client is not installed.
    """
    uri = settings.storage_uri
    instance = settings.instance_path.resolve()
    if not uri:
        return DirectoryStorage(instance / "storage")
    parts = urlsplit(uri)
    if parts.scheme != "s3" or not parts.netloc or parts.query or parts.fragment:
        raise InvalidStorage(
            f"REGISTRY_STORAGE_URI is {take_secrets_out(uri)!r}: write s3://bucket/prefix, or "
            "leave it empty"
        )
    if find_spec("boto3") is None:
        raise InvalidStorage(
            "REGISTRY_STORAGE_URI names an S3-compatible store, whose client is not installed: "
            "install registry[s3]"
        )
    # Half a second to import, and not needed for a directory.
    from registry.storage.s3 import S3Storage  # noqa: PLC0415 -- see above

    return S3Storage(
        bucket=parts.netloc,
        prefix=parts.path,
        endpoint_url=settings.s3_endpoint_url or None,
        region=settings.s3_region,
        work_directory=instance / "work",
    )
