"""Who sees a version: one rule, as SQL predicates that every read on both doors uses.

Everyone sees a version that git knows, and a publication that is public and processed. Its author
sees it always, with a token that has ViewPackages (`docs/security.md`).
"""

from sqlalchemy import ColumnElement, and_, exists, false, or_, select
from sqlalchemy.orm import aliased
from sqlalchemy.orm.util import AliasedClass

from registry.models import Listing, Publication, Version
from registry.rules.enumerations import VersionStatus
from registry.rules.permissions import Permission
from registry.rules.viewer import Viewer


def publication_is_visible(
    publication: AliasedClass[Publication] | type[Publication],
    version: AliasedClass[Version] | type[Version],
    viewer: Viewer,
) -> ColumnElement[bool]:
    """Say which publications a viewer sees; `version` is the one that the publication is of."""
    for_everyone = and_(
        publication.is_public.is_(True), publication.status == VersionStatus.PROCESSED
    )
    return or_(for_everyone, _is_own(version, viewer))


def version_is_visible(
    version: AliasedClass[Version] | type[Version], viewer: Viewer
) -> ColumnElement[bool]:
    """Say which versions a viewer sees."""
    publication = aliased(Publication)
    published = exists(
        select(publication.version_id).where(
            publication.version_id == version.id,
            publication_is_visible(publication, version, viewer),
        )
    )
    return or_(version.from_git.is_(True), published)


def _is_own(version: AliasedClass[Version] | type[Version], viewer: Viewer) -> ColumnElement[bool]:
    if not viewer.may(Permission.ViewPackages):
        return false()
    listing = aliased(Listing)
    # Said in so many words: of its own accord SQLAlchemy correlates with the nearest query only,
    # and further in would put a second `version` in the FROM, whose every row would do.
    return exists(
        select(listing.package_id)
        .where(listing.package_id == version.package_id, listing.author_id == viewer.author_id)
        .correlate(version)
    )
