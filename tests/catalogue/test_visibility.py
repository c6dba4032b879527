"""An author's own are the versions of the author's own listings, and no others."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased, sessionmaker

from registry.catalogue.visibility import (
    listing_is_visible,
    package_is_visible,
    publication_is_visible,
    version_is_visible,
)
from registry.database import raise_revision
from registry.models import Author, Listing, Package, Publication, Version
from registry.rules.enumerations import VersionStatus
from registry.rules.permissions import Permission
from registry.rules.viewer import ANONYMOUS, Viewer

ADA, BOB = 1, 2


@pytest.fixture
def session(sessions: sessionmaker[Session]) -> Iterator[Session]:
    """Fill a database with two authors, who each have one private version."""
    with sessions() as session:
        for key, name in ((ADA, "ada"), (BOB, "bob")):
            session.add(Author(id=key, author_id=name, name=name, name_key=name))
            session.add(Package(id=key, name=name))
            session.flush()
            session.add(
                Listing(
                    package_id=key,
                    author_id=key,
                    identifier=f"{name}.package",
                    name=name,
                    name_key=name,
                    package_type="other",
                )
            )
            session.add(Version(id=key, package_id=key, version="1.0.0", sort_key=b"1"))
            session.flush()
            session.add(
                Publication(
                    version_id=key,
                    status=VersionStatus.PROCESSED,
                    is_public=False,
                    is_stored=True,
                )
            )
        yield session


@pytest.mark.parametrize(
    ("viewer", "seen"),
    [
        (ANONYMOUS, []),
        (Viewer(ADA, Permission.ViewPackages), [ADA]),
        (Viewer(BOB, Permission.Admin), [BOB]),
        (Viewer(BOB, Permission.UploadResources), []),
        (Viewer(3, Permission.ViewPackages), []),
    ],
    ids=["nobody", "ada", "bob", "bob without the permission", "a stranger"],
)
def test_private_versions_are_seen_by_their_own_author(
    session: Session, viewer: Viewer, seen: list[int]
) -> None:
    package, version, publication = aliased(Package), aliased(Version), aliased(Publication)

    versions = select(version.id).where(version_is_visible(version, viewer))
    publications = select(publication.version_id).where(publication_is_visible(publication, viewer))
    # As the reads of a package have it: inside another query.
    nested = select(package.id).where(
        exists(
            select(version.id)
            .where(version.package_id == package.id, version_is_visible(version, viewer))
            .correlate(package)
        )
    )

    assert session.scalars(versions).all() == seen
    assert session.scalars(publications).all() == seen
    assert session.scalars(nested).all() == seen
    # With nothing in them for anyone else, neither the listing nor its package is told of.
    listings = select(Listing.package_id).where(listing_is_visible(Listing, viewer))
    packages = select(package.id).where(package_is_visible(package, viewer))
    assert session.scalars(listings).all() == seen
    assert session.scalars(packages).all() == seen


def test_a_listing_with_only_private_versions_is_none_over_graphql(
    session: Session, client: FlaskClient
) -> None:
    session.commit()
    query = '{ listing(packageId: "ada.package") { packageId } }'

    before = client.post("/graphql", json={"query": query}).get_json()
    session.get_one(Publication, ADA).is_public = True
    raise_revision(session)
    session.commit()
    after = client.post("/graphql", json={"query": query}).get_json()

    assert before["data"] == {"listing": None}
    assert after["data"] == {"listing": {"packageId": "ada.package"}}
