"""Which versions git knows of each package, and which commit introduced each."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, update

from registry.history.manifests import LONGEST_VERSION
from registry.models import Package, Publication, Version
from registry.refresh.bulk import batches, insert_rows
from registry.rules.release_tags import TagNames
from registry.rules.semver import sort_key
from registry.rules.times import format_time

_COLUMNS = ("package_id", "version", "sort_key", "from_git", "date", "tag", "commit_id")


@dataclass(frozen=True, order=True)
class Origin:
    """When a version came up, as the contract writes it, and the id of the commit it came with."""

    date: str
    commit_id: int


class KnownVersions:
    """Gathers the earliest commit of each version of each package."""

    def __init__(self) -> None:
        self._origins: dict[tuple[int, str], Origin] = {}

    def add(self, package_id: int, version: str, origin: Origin) -> None:
        """Note that a package's manifest held a version at a commit."""
        key = (package_id, version)
        known = self._origins.get(key)
        if known is None or origin < known:
            self._origins[key] = origin

    @property
    def packages(self) -> set[int]:
        """The packages of which versions were noted."""
        return {package_id for package_id, _ in self._origins}

    def write(
        self,
        connection: Connection,
        rebuilt: Collection[int],
        tag_for: Callable[[int, str], str],
    ) -> int:
        """Bring the versions up to date and give how many are new.

        Of packages in `rebuilt` all of history was read again: what it does not hold any more is
        gone. Of others only new commits were read, which can add a version, or an earlier commit
        of one.

        Args:
            connection: the transaction that writes.
            rebuilt: see above.
            tag_for: gives the tag of a package's version. A row that is written with it need not be
                found and written again.
        """
        existing = _load(connection, self.packages | set(rebuilt))
        new, changed = [], []
        # Most packages of a workspace are released together.
        key_of = cache(sort_key)
        for (package_id, version), origin in self._origins.items():
            known = existing.pop((package_id, version), None)
            if known is None:
                key, tag = key_of(version), tag_for(package_id, version)
                new.append((package_id, version, key, True, origin.date, tag, origin.commit_id))
            elif _supersedes(origin, known, rebuilt=package_id in rebuilt):
                at, tag = datetime.fromisoformat(origin.date), tag_for(package_id, version)
                changed.append({"key": known.id, "origin": origin.commit_id, "at": at, "name": tag})
        _forget(connection, [row for row in existing.values() if row.package_id in rebuilt])
        insert_rows(connection, Version, _COLUMNS, new)
        if changed:
            connection.execute(
                update(Version)
                .where(Version.id == bindparam("key"))
                .values(
                    from_git=True,
                    commit_id=bindparam("origin"),
                    date=bindparam("at"),
                    tag=bindparam("name"),
                ),
                changed,
            )
        return len(new)


def forget_git_versions(connection: Connection, package_ids: Collection[int]) -> None:
    """Drop what git knew of packages that left the workspace; what was published stays."""
    _forget(connection, list(_load(connection, package_ids).values()))


def _load(connection: Connection, package_ids: Iterable[int]) -> dict[tuple[int, str], Any]:
    columns = (
        Version.id,
        Version.package_id,
        Version.version,
        Version.from_git,
        Version.date,
        Version.commit_id,
    )
    return {
        (row.package_id, row.version): row
        for batch in batches(package_ids)
        for row in connection.execute(select(*columns).where(Version.package_id.in_(batch)))
    }


def _supersedes(origin: Origin, known: Any, *, rebuilt: bool) -> bool:
    if not known.from_git or known.commit_id is None or known.date is None:
        return True
    before = Origin(format_time(known.date), known.commit_id)
    return origin != before if rebuilt else origin < before


def _forget(connection: Connection, rows: Collection[Any]) -> None:
    """Drop what git does not know any more; a published version stays, as published only."""
    published = {
        version_id
        for batch in batches([row.id for row in rows])
        for version_id in connection.scalars(
            select(Publication.version_id).where(Publication.version_id.in_(batch))
        )
    }
    for batch in batches([row.id for row in rows if row.id not in published]):
        connection.execute(delete(Version).where(Version.id.in_(batch)))
    for batch in batches([row.id for row in rows if row.id in published and row.from_git]):
        connection.execute(
            update(Version)
            .where(Version.id.in_(batch))
            .values(from_git=False, tag="", commit_id=None)
        )


def write_uncommitted(connection: Connection, workspace_id: int, tags: TagNames) -> int:
    """Add the versions that manifests on disk have and history has not yet; drop stale ones.

    Such a version has neither date nor commit.
    """
    current = select(Package.version).where(Package.id == Version.package_id).scalar_subquery()
    members = select(Package.id).where(Package.workspace_id == workspace_id)
    connection.execute(
        delete(Version).where(
            Version.package_id.in_(members),
            Version.from_git.is_(True),
            Version.commit_id.is_(None),
            Version.version != current,
            Version.id.not_in(select(Publication.version_id)),
        )
    )
    missing = connection.execute(
        select(Package.id, Package.name, Package.version)
        .outerjoin(
            Version, (Version.package_id == Package.id) & (Version.version == Package.version)
        )
        .where(
            Package.workspace_id == workspace_id,
            Package.version != "",
            Version.id.is_(None),
        )
    ).all()
    rows = [
        (id_, version, sort_key(version), True, None, tags.tag_for(name, version), None)
        for id_, name, version in missing
        if len(version) <= LONGEST_VERSION
    ]
    insert_rows(connection, Version, _COLUMNS, rows)
    return len(rows)


def newest_version(connection: Connection) -> int:
    """Give the highest id of a version; 0 where there is none."""
    return connection.scalar(select(func.coalesce(func.max(Version.id), 0))) or 0


def write_tags(connection: Connection, workspace_id: int, tags: TagNames, newest: int) -> int:
    """Give versions of the workspace the tag that names each; gives how many changed.

    Args:
        connection: the transaction that writes.
        workspace_id: the workspace's.
        tags: what names versions.
        newest: the highest id of a version before this refresh wrote any: later ones have their
            tag already.
    """
    versions = (
        select(Version.id, Version.version, Version.tag, Package.name)
        .join(Package, Package.id == Version.package_id)
        .where(
            Package.workspace_id == workspace_id,
            Version.from_git.is_(True),
            Version.id <= newest,
        )
    )
    changed = [
        {"key": row.id, "name": tag}
        for row in connection.execute(versions)
        if (tag := tags.tag_for(row.name, row.version)) != row.tag
    ]
    if changed:
        connection.execute(
            update(Version).where(Version.id == bindparam("key")).values(tag=bindparam("name")),
            changed,
        )
    return len(changed)
