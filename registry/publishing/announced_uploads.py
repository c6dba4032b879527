"""What an author says of a version whose file will come in pieces."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from registry.errors import InvalidInput
from registry.publishing.fields import read_own_identifier, read_version
from registry.publishing.uploads import NewVersion, read_new_version
from registry.rules.versions import RegistryVersion

_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class FailedVersion:
    """The version that a file is to be uploaded to again."""

    identifier: str
    version: RegistryVersion


@dataclass(frozen=True)
class Announced:
    """What an author says of a file that will come in pieces, checked."""

    fields: Mapping[str, str]
    version: NewVersion | FailedVersion
    # Bytes of the whole file.
    length: int
    # Its SHA-256 in hex; empty: not said.
    file_hash: str


def read_announced(
    fields: Mapping[str, object], length: int, repository: str, *, is_retry: bool
) -> Announced:
    """Check the fields that `POST /packages/upload` or `/retry` takes, without their file.

    Args:
        fields: what was sent; `fileHash` besides, the SHA-256 of the file in hex.
        length: bytes of the file.
        repository: this registry's own name, where partial identifiers belong.
        is_retry: whether the file is for a version that failed.

    Raises:
        InvalidInput: with the document's code for what is wrong; `invalid_hash`.
    """
    texts: dict[str, str] = {}
    for name, value in fields.items():
        if not isinstance(value, str):
            raise InvalidInput.of(name, "must be a text", code="invalid_or_empty_str")
        texts[name] = value
    file_hash = texts.pop("fileHash", "").strip().lower()
    if file_hash and not _SHA256.fullmatch(file_hash):
        raise InvalidInput.of("fileHash", "must be a SHA-256 in hex", code="invalid_hash")
    version = read_announced_version(texts, repository, is_retry=is_retry)
    return Announced(texts, version, length, file_hash)


def read_announced_version(
    fields: Mapping[str, str], repository: str, *, is_retry: bool
) -> NewVersion | FailedVersion:
    """Check what the fields say of the version, as the routes that take a whole file do.

    Raises:
        InvalidInput: with the document's code for what is wrong.
    """
    if not is_retry:
        return read_new_version(fields, repository)
    return FailedVersion(
        read_own_identifier(fields.get("packageId"), repository),
        read_version(fields.get("packageVersion"), "packageVersion"),
    )
