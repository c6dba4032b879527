"""Who sees a version: one rule, as SQL predicates that every read on both doors uses.

Everyone sees a version that git knows, and a publication that is public and processed; a listing
that has one, and its package. Their author sees them always, with a token that has ViewPackages
(`docs/security.md`).

Each subquery says in so many words what it correlates with: of its own accord SQLAlchemy looks at
the nearest query only, and further in would put a second table in the FROM, whose every row would
do.
"""

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import aliased
from sqlalchemy.orm.util import AliasedClass

from registry.models import Listing, Package, Publication, Version
from registry.rules.enumerations import VersionStatus
from registry.rules.permissions import Permission
from registry.rules.viewer import Viewer


def publication_is_visible(
    publication: AliasedClass[Publication] | type[Publication], viewer: Viewer
) -> ColumnElement[bool]:
    """Say which publications a viewer sees."""
    if not viewer.may(Permission.ViewPackages):
        return _is_for_everyone(publication)
    version, listing = aliased(Version), aliased(Listing)
    own = exists(
        select(version.id)
        .join(listing, listing.package_id == version.package_id)
        .where(version.id == publication.version_id, listing.author_id == viewer.author_id)
        .correlate(publication)
    )
    return or_(_is_for_everyone(publication), own)


def analytics_are_visible(
    publication: AliasedClass[Publication] | type[Publication],
    listing: AliasedClass[Listing] | type[Listing],
    viewer: Viewer,
) -> ColumnElement[bool]:
    """Say of which publications a viewer sees how often they are installed, and when.

    Those for everyone, and their author's own with a permission on analytics.
    """
    own = listing.author_id == viewer.author_id
    if viewer.may(Permission.ViewAnalyticsAnyPackage):
        return or_(_is_for_everyone(publication), own)
    specific = Permission.ViewAnalyticsSpecificPackages
    if not viewer.may(specific):
        return _is_for_everyone(publication)
    limited = [identifier for permission, identifier in viewer.packages if permission is specific]
    return or_(_is_for_everyone(publication), and_(own, listing.identifier.in_(limited)))


def version_is_visible(
    version: AliasedClass[Version] | type[Version], viewer: Viewer
) -> ColumnElement[bool]:
    """Say which versions a viewer sees."""
    publication = aliased(Publication)
    published = select(publication.version_id).where(publication.version_id == version.id)
    for_everyone = exists(published.where(_is_for_everyone(publication)).correlate(version))
    if not viewer.may(Permission.ViewPackages):
        return or_(version.from_git.is_(True), for_everyone)
    listing = aliased(Listing)
    listed = select(listing.package_id).where(
        listing.package_id == version.package_id, listing.author_id == viewer.author_id
    )
    own = and_(exists(published.correlate(version)), exists(listed.correlate(version)))
    return or_(version.from_git.is_(True), for_everyone, own)


def listing_is_visible(
    listing: AliasedClass[Listing] | type[Listing], viewer: Viewer
) -> ColumnElement[bool]:
    """Say which listings a viewer sees: those with something to install, and the viewer's own."""
    version, publication = aliased(Version), aliased(Publication)
    for_everyone = exists(
        select(version.id)
        .join(publication, publication.version_id == version.id)
        .where(version.package_id == listing.package_id, _is_for_everyone(publication))
        .correlate(listing)
    )
    if not viewer.may(Permission.ViewPackages):
        return for_everyone
    return or_(listing.author_id == viewer.author_id, for_everyone)


def package_is_visible(
    package: AliasedClass[Package] | type[Package], viewer: Viewer
) -> ColumnElement[bool]:
    """Say which packages a viewer sees: the workspace's, and those of the listings seen."""
    listing = aliased(Listing)
    listed = exists(
        select(listing.package_id)
        .where(listing.package_id == package.id, listing_is_visible(listing, viewer))
        .correlate(package)
    )
    return or_(package.workspace_id.is_not(None), listed)


def _is_for_everyone(
    publication: AliasedClass[Publication] | type[Publication],
) -> ColumnElement[bool]:
    return and_(publication.is_public.is_(True), publication.status == VersionStatus.PROCESSED)
