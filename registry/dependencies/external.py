"""Packages of an npm registry, as they were last looked up."""

from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import Connection, select

from registry.models import ExternalPackage
from registry.rules.outdated import Published

# SQLite's oldest limit on parameters of one statement is 999.
_BATCH = 500


def load_published(connection: Connection, names: Collection[str]) -> dict[str, Published | None]:
    """Give what is known of some packages: None for one that the registry does not have.

    A package that was never looked up is not in the map.
    """
    known: dict[str, Published | None] = {}
    for batch in in_batches(sorted(names)):
        for row in connection.execute(
            select(
                ExternalPackage.name,
                ExternalPackage.found,
                ExternalPackage.latest,
                ExternalPackage.versions,
                ExternalPackage.deprecated,
                ExternalPackage.tags,
            ).where(ExternalPackage.name.in_(batch))
        ):
            known[row.name] = (
                Published(row.latest, row.versions, frozenset(row.deprecated), row.tags)
                if row.found
                else None
            )
    return known


def in_batches(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut names into lists that fit into one statement's parameters."""
    return (names[start : start + _BATCH] for start in range(0, len(names), _BATCH))
