"""Writes the demo's authors, listings and publications into the database."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.accounts.authors import create_author
from registry.demo.artifacts import publish_artifact
from registry.demo.listings import PUBLISHERS, Listed, Published, Publisher
from registry.models import Author, Listing, Package, Publication, Version
from registry.publishing.artifact import PackageFacts
from registry.rules.enumerations import VersionStatus
from registry.rules.names import name_key
from registry.rules.versions import RegistryVersion
from registry.settings import Settings
from registry.storage import Storage


def make_publications(session: Session, storage: Storage, settings: Settings) -> None:
    """Write what is not there yet; what is there stays as it is.

    The workspace is catalogued first: a listing of one of its packages joins that package, and a
    published version the version that git knows. The transaction is the caller's, one of
    `naming_files`.
    """
    for publisher in PUBLISHERS:
        author = _author(session, publisher)
        for listed in publisher.listings:
            package = _listed_package(session, author, listed)
            for published in listed.versions:
                publication = _publication(session, package, published)
                if publication is None:
                    continue
                if published.status is VersionStatus.PROCESSED and not published.hash:
                    facts = _facts(author, listed, published)
                    publish_artifact(publication, facts, listed.description, storage, settings)
                session.add(publication)


def _author(session: Session, publisher: Publisher) -> Author:
    author = session.scalar(select(Author).where(Author.author_id == publisher.author_id))
    if author is None:
        author = create_author(session, publisher.name)
        author.author_id = publisher.author_id
        session.flush()
    return author


def _listed_package(session: Session, author: Author, listed: Listed) -> Package:
    """Find the package of a listing; with neither there, make both."""
    in_workspace = _workspace_package(session, listed)
    identified = (
        select(Package)
        .join(Listing, Listing.package_id == Package.id)
        .where(Listing.identifier == listed.identifier)
    )
    package = session.scalar(identified)
    if package is not None and in_workspace is not None and package is not in_workspace:
        # The database has served another workspace since, and the package lost its place in this
        # one: it is listed anew.
        session.delete(package)
        session.flush()
    elif package is not None:
        return package
    package = in_workspace
    if package is None:
        package = Package(name=listed.identifier, description=listed.description)
        session.add(package)
        session.flush()
    session.add(
        Listing(
            package_id=package.id,
            author_id=author.id,
            identifier=listed.identifier,
            name=listed.name,
            name_key=name_key(listed.name),
            package_type=listed.package_type,
            description=listed.description,
        )
    )
    return package


def _workspace_package(session: Session, listed: Listed) -> Package | None:
    return session.scalar(
        select(Package).where(
            Package.workspace_id.is_not(None), Package.name == listed.workspace_package
        )
    )


def _facts(author: Author, listed: Listed, published: Published) -> PackageFacts:
    return PackageFacts(
        identifier=listed.identifier,
        name=listed.name,
        package_type=listed.package_type,
        version=published.version,
        author_id=author.author_id,
        dependencies=[list(pair) for pair in published.dependencies],
        supports_macos=True,
        supports_windows=True,
        supports_linux=True,
    )


def _publication(session: Session, package: Package, published: Published) -> Publication | None:
    """Make a version's publication, and the version where git knows none; None: it is there."""
    version = session.scalar(
        select(Version).where(
            Version.package_id == package.id, Version.version == published.version
        )
    )
    if version is None:
        version = Version(
            package_id=package.id,
            version=published.version,
            sort_key=RegistryVersion.parse(published.version).sort_key(),
            date=published.upload_date,
        )
        session.add(version)
        session.flush()
    if session.get(Publication, version.id) is not None:
        return None
    return Publication(
        version_id=version.id,
        status=published.status,
        is_public=published.is_public,
        is_stored=published.is_stored,
        installs=published.installs,
        size=published.size,
        installed_size=published.installed_size,
        hash=published.hash,
        loc=published.loc,
        dependencies=[list(pair) for pair in published.dependencies],
        incompatibilities=[list(pair) for pair in published.incompatibilities],
        xp_selection=published.xp_selection,
        upload_date=published.upload_date,
    )
