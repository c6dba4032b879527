"""A store in a bucket of any S3-compatible service: `PREFIX/SHA-256`.

One PUT for each file, however large: the service keeps all of it or nothing, and no parts of broken
uploads are left to be found and paid for. A single PUT takes 5 GiB.
"""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from registry.storage.behaviour import CHUNK, NotStored, StoredFile
from registry.storage.partial_files import PartialFiles
from registry.storage.work_files import WorkFile, WorkFiles

_MISSING = {"404", "NoSuchKey", "NotFound"}
_SHA256_LENGTH = 64


class S3Storage:
    """Files in a bucket; what is being written lies in a directory of this machine before."""

    def __init__(
        self,
        *,
        bucket: str,
        prefix: str,
        endpoint_url: str | None,
        region: str,
        work_directory: Path,
    ) -> None:
        """Make a client; nothing is asked of the service yet.

        Credentials come from where S3 clients look for them: `AWS_ACCESS_KEY_ID` and
        `AWS_SECRET_ACCESS_KEY`, a shared file, the machine's role.
        """
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._client: Any = boto3.client(
            "s3",
            endpoint_url=endpoint_url,
            region_name=region,
            config=Config(
                # Bucket names as host names need a DNS that most services of one's own lack.
                s3={"addressing_style": "auto" if endpoint_url is None else "path"},
                # We send the SHA-256 ourselves; older services do not know the client's own sums.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                retries={"mode": "standard", "max_attempts": 4},
                # Seconds; the default is a minute for each attempt.
                connect_timeout=5,
            ),
        )
        self.work_files = WorkFiles(work_directory)
        self.partial_files = PartialFiles(work_directory.with_name("uploads"))

    def put(self, work: WorkFile) -> StoredFile:
        """Store a finished work file; the service checks its SHA-256."""
        sha256 = work.sha256
        self._client.put_object(
            Bucket=self._bucket,
            Key=self._key(sha256),
            Body=work.reader(),
            ContentLength=work.size,
            ChecksumSHA256=base64.b64encode(bytes.fromhex(sha256)).decode(),
        )
        return StoredFile(sha256, work.size, datetime.now(UTC))

    def find(self, sha256: str) -> StoredFile:
        """Describe a file."""
        with _not_stored(sha256):
            found = self._client.head_object(Bucket=self._bucket, Key=self._key(sha256))
        return StoredFile(sha256, found["ContentLength"], found["LastModified"])

    def read(self, sha256: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Read a file or a part of it, in chunks."""
        if length == 0:
            self.find(sha256)
            return iter(())
        end = "" if length is None else str(start + length - 1)
        # An empty file has no byte 0 to begin at, so the whole is asked for without a range.
        span = {"Range": f"bytes={start}-{end}"} if start or end else {}
        with _not_stored(sha256):
            found = self._client.get_object(Bucket=self._bucket, Key=self._key(sha256), **span)
        return _chunks(found["Body"])

    @contextmanager
    def open(self, sha256: str) -> Iterator[BinaryIO]:
        """Copy a file to this machine for reading in any order."""
        with self.work_files.new() as work:
            for chunk in self.read(sha256):
                work.write(chunk)
            yield work.reader()

    def delete(self, sha256: str) -> None:
        """Remove a file, if it is there."""
        self._client.delete_object(Bucket=self._bucket, Key=self._key(sha256))

    def files(self) -> Iterator[StoredFile]:
        """List the files; what else lies below the prefix is none of them."""
        pages = self._client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix):
            for found in page.get("Contents", ()):
                name = found["Key"].removeprefix(self._prefix)
                if len(name) == _SHA256_LENGTH:
                    yield StoredFile(name, found["Size"], found["LastModified"])

    def _key(self, sha256: str) -> str:
        return f"{self._prefix}{sha256}"


@contextmanager
def _not_stored(sha256: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in _MISSING:
            raise NotStored(sha256) from None
        raise


def _chunks(body: Any) -> Iterator[bytes]:
    with body:
        yield from body.iter_chunks(CHUNK)
