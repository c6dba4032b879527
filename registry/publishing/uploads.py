"""Takes uploads in: what an author says of a version, and the file, which a job then processes."""

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from registry.errors import InvalidInput
from registry.models import Listing, Publication, Version
from registry.models.base import utc_now
from registry.publishing.fields import (
    read_own_identifier,
    read_selection,
    read_version,
)
from registry.publishing.listings import not_yours
from registry.publishing.processing_requests import request_processing
from registry.publishing.provenance import attach_commit, read_commit_hash
from registry.publishing.quota import quota_bytes, used_bytes
from registry.publishing.relations import Pairs, read_dependencies, read_incompatibilities
from registry.publishing.stored_files import ensure_stored, naming_files, remove_unnamed
from registry.rules.enumerations import VersionStatus
from registry.rules.selections import Selection
from registry.rules.versions import RegistryVersion
from registry.settings import Settings
from registry.storage import Storage, WorkFile

_PRIVATE_KEY_BYTES = 32
_BOOLEANS = {"true": True, "false": False}
# Those that a file can be uploaded to again.
RETRIABLE = frozenset(
    status
    for status in VersionStatus
    if status.startswith("failed_") or status is VersionStatus.ABORTED
)


@dataclass(frozen=True)
class NewVersion:
    """What an author says of a version, checked."""

    identifier: str
    version: RegistryVersion
    xp_selection: Selection
    is_public: bool
    is_private: bool
    is_stored: bool
    dependencies: Pairs
    incompatibilities: Pairs
    supports_macos: bool
    supports_windows: bool
    supports_linux: bool
    # The full hash of the commit that it was built from; empty: not said.
    commit: str


def read_new_version(fields: Mapping[str, str], repository: str) -> NewVersion:
    """Check the documented fields of `POST /packages/upload`.

    Args:
        fields: what was sent, all of it text.
        repository: this registry's own name, where partial identifiers belong.

    Raises:
        InvalidInput: with the document's code for what is wrong.
    """
    identifier = read_own_identifier(fields.get("packageId"), repository)
    version = read_version(fields.get("packageVersion"), "packageVersion")
    field = "xplaneSelection" if "xplaneSelection" in fields else "xpSelection"
    xp_selection = read_selection(fields.get(field), field)
    is_public, is_private, is_stored = (
        _read_boolean(fields, name) for name in ("isPublic", "isPrivate", "isStored")
    )
    if is_public and (is_private or not is_stored):
        raise InvalidInput.of(
            "isPublic",
            "cannot be true with isPrivate, nor without isStored",
            code="invalid_access_config",
        )
    macos, windows, linux = (
        _read_boolean(fields, name)
        for name in ("supportsMacOS", "supportsWindows", "supportsLinux")
    )
    if not (macos or windows or linux):
        raise InvalidInput.of("supportsMacOS", "name one platform at least", code="plat_supp")
    dependencies = read_dependencies(_read_json(fields, "dependencies"), identifier, repository)
    incompatibilities = read_incompatibilities(
        _read_json(fields, "incompatibilities"), identifier, repository, dependencies
    )
    return NewVersion(
        identifier=identifier,
        version=version,
        xp_selection=xp_selection,
        is_public=is_public,
        is_private=is_private,
        is_stored=is_stored,
        dependencies=dependencies,
        incompatibilities=incompatibilities,
        supports_macos=macos,
        supports_windows=windows,
        supports_linux=linux,
        commit=read_commit_hash(fields["commit"]) if fields.get("commit") else "",
    )


Also = Callable[[Session], None]


def _nothing(_: Session) -> None:
    """Do nothing besides."""


@dataclass(frozen=True)
class Uploads:
    """Where uploads go, and by which settings."""

    sessions: Callable[[], Session]
    storage: Storage
    settings: Settings

    def add_version(self, author_id: int, new: NewVersion, work: WorkFile | None) -> str | None:
        """Publish a version of an author's package: it is processing from now on.

        Args:
            author_id: whose package it must be.
            new: what the author says of it.
            work: the uploaded file; None: there was no space for it, and the version says so.

        Returns:
            The private key of a version that is not public: its only sight.

        Raises:
            NotYours: the author has no such package.
            InvalidInput: `version_exists`.
        """
        private_key = None if new.is_public else make_private_key()
        key_hash = None if private_key is None else hash_private_key(private_key)
        self.add_version_with_key(author_id, new, work, key_hash)
        return private_key

    def add_version_with_key(
        self,
        author_id: int,
        new: NewVersion,
        work: WorkFile | None,
        private_key_hash: bytes | None,
        also: Also = _nothing,
    ) -> None:
        """Publish a version whose private key the author has: `add_version` says the rest.

        Args:
            author_id: as there.
            new: as there.
            work: as there.
            private_key_hash: of the key; None: the version is to be public.
            also: what else belongs to the transaction that makes the version.

        Raises:
            NotYours: as there.
            InvalidInput: as there.
        """

        def write(session: Session) -> Publication:
            version = _add_version(session, author_id, new)
            publication = Publication(
                version_id=version.id,
                status=VersionStatus.PROCESSING,
                is_public=new.is_public,
                is_private=new.is_private,
                is_stored=new.is_stored,
                supports_macos=new.supports_macos,
                supports_windows=new.supports_windows,
                supports_linux=new.supports_linux,
                private_key_hash=private_key_hash,
                dependencies=new.dependencies,
                incompatibilities=new.incompatibilities,
                xp_selection=new.xp_selection.canonical,
            )
            session.add(publication)
            session.flush()
            if new.commit:
                attach_commit(session, version, new.commit)
            also(session)
            return publication

        self._take(author_id, work, write)

    def retry_version(
        self,
        author_id: int,
        identifier: str,
        version: RegistryVersion,
        work: WorkFile | None,
        also: Also = _nothing,
    ) -> None:
        """Upload a file again to a version that failed or was aborted: it is processing anew.

        Args:
            author_id: whose package it must be.
            identifier: the package's, in its partial form.
            version: which one.
            work: the uploaded file; None: there was no space for it, and the version says so.
            also: what else belongs to the transaction that names the file.

        Raises:
            NotYours: the author has no such package.
            InvalidInput: `version_not_exist`; `cant_retry`: it did not fail.
        """

        def write(session: Session) -> Publication:
            publication = find_retriable(session, author_id, identifier, version)
            also(session)
            return publication

        self._take(author_id, work, write)

    def _take(
        self, author_id: int, work: WorkFile | None, write: Callable[[Session], Publication]
    ) -> None:
        """Store a file and name it in the row that `write` gives, with the job that processes it.

        What becomes of none of it, is removed at once.
        """
        if work is not None:
            self.storage.put(work)
        named = False
        try:
            with naming_files(self.sessions) as session:
                publication = write(session)
                named = work is not None and self._name(session, author_id, publication, work)
                if not named:
                    publication.status = VersionStatus.FAILED_NOT_ENOUGH_SPACE
                if work is None:
                    publication.failure_reason = (
                        "The server has not enough space for the file now; upload it again later."
                    )
        finally:
            if work is not None and not named:
                remove_unnamed(self.sessions, self.storage, [work.sha256])

    def _name(
        self, session: Session, author_id: int, publication: Publication, work: WorkFile
    ) -> bool:
        """Name the uploaded file, if the author's quota leaves room; tell whether it does."""
        publication.upload_date = utc_now()
        publication.failure_reason = ""
        quota = quota_bytes(session, author_id, self.settings)
        used = used_bytes(session, author_id) + waiting_bytes(session, author_id)
        if used + work.size > quota:
            publication.failure_reason = (
                f"The file has {work.size:,} bytes, more than are left of your {quota:,}: remove "
                "other versions first."
            )
            return False
        ensure_stored(self.storage, work)
        publication.status = VersionStatus.PROCESSING
        publication.upload_hash, publication.upload_size = work.sha256, work.size
        version_id = publication.version_id
        request_processing(session, version_id)
        return True


def hash_private_key(private_key: str) -> bytes:
    """Hash a private key as the database keeps it; fast is right, for it is 256 random bits."""
    return hashlib.sha256(private_key.encode(errors="surrogatepass")).digest()


def make_private_key() -> str:
    """Make the key to a version that is not public."""
    return secrets.token_urlsafe(_PRIVATE_KEY_BYTES)


def check_new_version(session: Session, author_id: int, new: NewVersion) -> None:
    """See that a version could be published now; whether it can, the publishing tells.

    Raises:
        NotYours: the author has no such package.
        InvalidInput: `version_exists`.
    """
    package_id = _own_package(session, author_id, new.identifier)
    published = (
        select(Publication.version_id)
        .join(Version, Version.id == Publication.version_id)
        .where(Version.package_id == package_id, Version.version == str(new.version))
    )
    if session.scalar(published) is not None:
        raise _version_exists(new)


def find_retriable(
    session: Session, author_id: int, identifier: str, version: RegistryVersion
) -> Publication:
    """Find a version that a file can be uploaded to again, and lock it where that is to be.

    Raises:
        NotYours: the author has no such package.
        InvalidInput: `version_not_exist`; `cant_retry`: it did not fail.
    """
    package_id = _own_package(session, author_id, identifier)
    publication = session.scalar(
        select(Publication)
        .join(Version, Version.id == Publication.version_id)
        .where(Version.package_id == package_id, Version.version == str(version))
        .with_for_update(of=Publication)
    )
    if publication is None:
        raise InvalidInput.of(
            "packageVersion", "there is no such version", code="version_not_exist"
        )
    if publication.status not in RETRIABLE:
        raise InvalidInput.of(
            "packageVersion",
            f"is {publication.status}; a file goes only to a version that failed",
            code="cant_retry",
        )
    return publication


def _version_exists(new: NewVersion) -> InvalidInput:
    return InvalidInput.of("packageVersion", f"{new.version} exists already", code="version_exists")


def _own_package(session: Session, author_id: int, identifier: str) -> int:
    package_id = session.scalar(
        select(Listing.package_id).where(
            Listing.identifier == identifier, Listing.author_id == author_id
        )
    )
    if package_id is None:
        raise not_yours()
    return package_id


def _add_version(session: Session, author_id: int, new: NewVersion) -> Version:
    """Find the version that git knows, or add it; one that is published is in use."""
    package_id = _own_package(session, author_id, new.identifier)
    text = str(new.version)
    in_use = _version_exists(new)
    found = select(Version).where(Version.package_id == package_id, Version.version == text)
    version = session.scalar(found)
    if version is None:
        version = Version(
            package_id=package_id, version=text, sort_key=new.version.sort_key(), date=utc_now()
        )
        try:
            with session.begin_nested():
                session.add(version)
        except IntegrityError:
            # Another upload of it was faster.
            raise in_use from None
    # Locked, so that of two that find git's version one goes first.
    session.execute(select(Version.id).where(Version.id == version.id).with_for_update())
    if session.get(Publication, version.id) is not None:
        raise in_use
    return version


def waiting_bytes(session: Session, author_id: int) -> int:
    """Tell how many bytes of an author's uploads are to be processed, by the key of the row."""
    return (
        session.scalar(
            select(func.coalesce(func.sum(Publication.upload_size), 0))
            .join(Version, Version.id == Publication.version_id)
            .join(Listing, Listing.package_id == Version.package_id)
            .where(Listing.author_id == author_id)
        )
        or 0
    )


def _read_boolean(fields: Mapping[str, str], name: str) -> bool:
    value = _BOOLEANS.get(fields.get(name, "").strip().lower())
    if value is None:
        raise InvalidInput.of(name, "must be true or false", code="not_bool")
    return value


def _read_json(fields: Mapping[str, str], name: str) -> object:
    text = fields.get(name, "").strip()
    short = name[:3]
    if not text:
        raise InvalidInput.of(name, "must be a text that holds JSON", code=f"{short}_not_str")
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidInput.of(name, "is not JSON", code=f"bad_{short}_arr") from None
    return value
