"""Listings: an author registers a package and says what it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import exists, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from registry.errors import InvalidInput, NotYours
from registry.models import Listing, Package
from registry.publishing.fields import (
    read_description,
    read_new_identifier,
    read_package_type,
    read_text,
)
from registry.rules.enumerations import PackageType
from registry.rules.names import InvalidName, clean_name, holds_word, name_key
from registry.rules.reserved import is_reserved

MIN_NAME_LENGTH, MAX_NAME_LENGTH = 3, 32


@dataclass(frozen=True)
class NewListing:
    """What an author says of a new package, checked."""

    identifier: str
    name: str
    package_type: PackageType
    description: str


def read_new_listing(
    fields: dict[str, object], *, repository: str, refused_words: Sequence[str]
) -> NewListing:
    """Check the documented fields of `POST /packages/new`.

    Args:
        fields: what was sent.
        repository: this registry's own name, which no identifier may begin with.
        refused_words: what neither the name nor the description may hold.

    Raises:
        InvalidInput: `invalid_or_empty_str`, `full_id_or_invalid`, `invalid_name`, `profane_name`,
            `bad_desc_len`, `profane_desc` or `invalid_pkg_type`; `id_in_use`: it is reserved.
    """
    identifier = read_new_identifier(fields.get("packageId"))
    name = _read_name(fields.get("packageName"), refused_words)
    package_type = read_package_type(fields.get("packageType"))
    description = read_listing_description(fields.get("description"), "description", refused_words)
    if is_reserved(identifier, repository):
        raise InvalidInput.of("packageId", f"{identifier} is reserved", code="id_in_use")
    return NewListing(identifier, name, package_type, description)


def read_listing_description(value: object, field: str, refused_words: Sequence[str]) -> str:
    """Check a description.

    Raises:
        InvalidInput: `invalid_or_empty_str`, `bad_desc_len` or `profane_desc`.
    """
    description = read_description(value, field)
    if holds_word(description, refused_words):
        raise InvalidInput.of(field, "holds a word that is refused here", code="profane_desc")
    return description


def create_listing(session: Session, author_id: int, new: NewListing) -> None:
    """Register a package for an author; of two at once with one identifier or name, one wins.

    Raises:
        InvalidInput: `id_in_use` or `name_in_use`: somebody has it, this author perhaps.
    """
    key = name_key(new.name)
    try:
        # A savepoint, so that the refusal leaves the caller's transaction as it was.
        with session.begin_nested():
            package = Package(name=new.identifier, description=new.description)
            session.add(package)
            session.flush()
            session.add(
                Listing(
                    package_id=package.id,
                    author_id=author_id,
                    identifier=new.identifier,
                    name=new.name,
                    name_key=key,
                    package_type=new.package_type,
                    description=new.description,
                )
            )
    except IntegrityError:
        if session.scalar(select(exists().where(Listing.identifier == new.identifier))):
            raise InvalidInput.of(
                "packageId", f"{new.identifier} is in use", code="id_in_use"
            ) from None
        if session.scalar(select(exists().where(Listing.name_key == key))):
            raise InvalidInput.of(
                "packageName", "is the name of another package", code="name_in_use"
            ) from None
        raise


def update_description(session: Session, author_id: int, identifier: str, description: str) -> None:
    """Say anew what an author's package is.

    Raises:
        NotYours: the author has no package of this identifier.
    """
    listing = session.scalar(
        select(Listing).where(Listing.identifier == identifier, Listing.author_id == author_id)
    )
    if listing is None:
        raise not_yours()
    listing.description = description
    # What the package says of itself while it is listed only; in the workspace, the manifest does.
    session.execute(
        update(Package)
        .where(Package.id == listing.home_id, Package.workspace_id.is_(None))
        .values(description=description)
    )


def not_yours() -> NotYours:
    """Make the refusal for a package that is another's, or nobody's."""
    return NotYours("This account has no package with this identifier.")


def _read_name(value: object, refused_words: Sequence[str]) -> str:
    text = read_text(value, "packageName")
    try:
        name = clean_name(text, shortest=MIN_NAME_LENGTH, longest=MAX_NAME_LENGTH)
    except InvalidName as error:
        raise InvalidInput.of("packageName", str(error), code="invalid_name") from None
    if holds_word(name, refused_words):
        raise InvalidInput.of(
            "packageName", "holds a word that is refused here", code="profane_name"
        )
    return name
