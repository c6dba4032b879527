"""The history's part of a refresh: which commits to read, and what follows from them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select, update

from registry.history.errors import HistoryUnreadable
from registry.history.log import LoggedCommit, read_log
from registry.history.manifests import MISSING, FoundVersion, VersionReader
from registry.history.moves import Departure as LoggedDeparture
from registry.history.moves import MoveFolding, NameReader
from registry.history.repository import Repository
from registry.models import Commit, Departure, FormerCommit, Package, PackageCommit, Version
from registry.refresh.ahead import HistoryAhead
from registry.refresh.bulk import batches
from registry.refresh.commits import CommitWriter, find_commits
from registry.refresh.report import Progress, ProgressListener, ScanReport
from registry.refresh.versions import KnownVersions, Origin
from registry.rules.release_tags import TagNames
from registry.rules.territories import ROOT, Territories
from registry.workspace.problems import Problem, ProblemCode, warning

_TELL_EVERY = 500

# A package, and the commit at which its manifest came to be.
ManifestOf = tuple[int, Origin]


@dataclass(frozen=True)
class Member:
    """A package of the workspace and the directory that is its territory."""

    package_id: int
    path: str
    name: str


class HistoryUpdate:
    """Brings commits, links and versions from one head to another, in the caller's transaction.

    Attributes:
        versions_moved: once it ran, whether a version may be new, gone or another commit's.
    """

    def __init__(
        self,
        connection: Connection,
        repository: Repository,
        workspace_id: int,
        *,
        members: Sequence[Member],
        tags: Callable[[], TagNames],
        ahead: HistoryAhead,
        listener: ProgressListener,
        report: ScanReport,
    ) -> None:
        self._connection = connection
        self._repository = repository
        self._workspace_id = workspace_id
        self._members = members
        self._package_ids = [member.package_id for member in members]
        self._names = {member.package_id: member.name for member in members}
        self._tags = tags
        self._ahead = ahead
        self._territories = Territories([member.path for member in members])
        self._listener = listener
        self._report = report
        self._versions = KnownVersions()
        self.versions_moved = False
        self._touched: set[int] = set()
        self._missing_manifests = 0
        self._new_departures: set[LoggedDeparture] = set()

    def run(
        self,
        old: str,
        new: str,
        *,
        rebuilt: Collection[int],
        vanished: bool,
        start_over: bool,
    ) -> None:
        """Read what is needed to get from the commit `old` to `new` (empty: no commit).

        Args:
            old: the head of the last scan.
            new: the head now.
            rebuilt: packages whose links and versions must be made from all of history, because
                they are new or their territory changed.
            vanished: whether there are packages less than before.
            start_over: whether nothing of the old history can be built upon.
        """
        rebuilt = set(rebuilt)
        with (
            VersionReader[ManifestOf](self._repository) as self._manifests,
            NameReader(self._repository) as self._name_reader,
        ):
            dropped = None
            if old and new and not start_over:
                dropped = self._forget_dropped(old, new) if old != new else set()
            if dropped is None:
                rebuilt = {member.package_id for member in self._members}
                self._read_everything(new)
            else:
                rebuilt |= dropped
                if old != new:
                    self._read_new([f"{old}..{new}"], skip=rebuilt)
                    rebuilt |= self._departed(self._new_departures)
                if rebuilt or vanished:
                    rebuilt |= self._around(rebuilt, vanished=vanished)
                if rebuilt:
                    self._relink(new, rebuilt)
            self._take(self._manifests.finish())
        self._listener(Progress("writing"))
        self._report.versions_added = self._versions.write(self._connection, rebuilt, self._tag_for)
        self.versions_moved = bool(self._versions.packages or rebuilt)
        self._point_to_last_commits(self._touched | rebuilt)

    def problems(self) -> list[Problem]:
        """Tell what of the history is not here."""
        found = []
        if self._repository.shallow:
            found.append(
                warning(
                    ProblemCode.HISTORY_SHALLOW,
                    ".",
                    "The clone is shallow: commits and versions before its boundary are unknown. "
                    "Complete it with `git fetch --unshallow`.",
                )
            )
        if self._missing_manifests:
            found.append(
                warning(
                    ProblemCode.HISTORY_INCOMPLETE,
                    ".",
                    f"The clone lacks {self._missing_manifests} manifests of old commits, so the "
                    "versions in them are unknown. Complete it with `git fetch --refetch`.",
                )
            )
        return found

    def _read_everything(self, head: str) -> None:
        removed = self._connection.execute(
            delete(Commit).where(Commit.workspace_id == self._workspace_id)
        )
        self._report.commits_removed = removed.rowcount
        # Links go with their commits; where any did not, a new commit might get the number of one.
        for batch in batches(member.package_id for member in self._members):
            for links in (PackageCommit, FormerCommit):
                self._connection.execute(delete(links).where(links.package_id.in_(batch)))
        if head:
            self._read_new([head], skip=frozenset())

    def _read_new(self, revisions: Sequence[str], *, skip: Collection[int]) -> None:
        """Catalogue commits and link them to packages, but for those that are made anew."""
        log = read_log(
            self._repository,
            revisions,
            self._territories,
            moves=self._follow_moves(),
            begun=self._ahead.log,
        )
        with CommitWriter(self._connection, self._workspace_id) as writer:
            for commit in log:
                owners = [one for one in self._ids(commit.owners) if one not in skip]
                former = [one for one in self._ids(commit.formerly) if one not in skip]
                origin = writer.add(commit, owners, former)
                self._new_departures.update(commit.departures)
                self._note(commit, owners, origin)
                if writer.added % _TELL_EVERY == 0:
                    self._listener(Progress("history", writer.added))
            writer.flush()
        self._report.commits_added = writer.added

    def _relink(self, head: str, rebuilt: AbstractSet[int]) -> None:
        """Link catalogued commits to packages that are new, or whose territory changed."""
        for batch in batches(rebuilt):
            for links in (PackageCommit, FormerCommit):
                self._connection.execute(delete(links).where(links.package_id.in_(batch)))
        with CommitWriter(self._connection, self._workspace_id) as writer:
            for commits in batches(self._read_again(head, rebuilt)):
                writer.wait()
                hashes = [commit.hash for commit in commits]
                origins = find_commits(self._connection, self._workspace_id, hashes)
                for commit in commits:
                    owners = [one for one in self._ids(commit.owners) if one in rebuilt]
                    former = [one for one in self._ids(commit.formerly) if one in rebuilt]
                    writer.link(owners, former, origins[commit.hash])
                    self._note(commit, owners, origins[commit.hash])
            writer.flush()

    def _read_again(self, head: str, rebuilt: AbstractSet[int]) -> Iterator[LoggedCommit]:
        """Tell the commits that touched these packages, where they are or were."""
        if rebuilt.isdisjoint(self._departed(self._all_departures())):
            paths = [member.path for member in self._members if member.package_id in rebuilt]
            return read_log(self._repository, [head], self._territories, pathspecs=paths)
        # How far back a former directory goes is told by all commits between.
        log = read_log(self._repository, [head], self._territories, moves=self._follow_moves())
        return (
            commit
            for commit in log
            if any(one in rebuilt for one in self._ids((*commit.owners, *commit.formerly)))
        )

    def _ids(self, indexes: Iterable[int]) -> list[int]:
        ids = self._package_ids
        return [ids[index] for index in indexes]

    def _follow_moves(self) -> MoveFolding:
        names = {member.name: index for index, member in enumerate(self._members)}
        return MoveFolding(names, [member.path for member in self._members], self._name_reader)

    def _all_departures(self) -> Iterator[LoggedDeparture]:
        """Tell the departures that are catalogued of the names that packages have today."""
        for batch in batches(member.name for member in self._members):
            for path, name in self._connection.execute(
                select(Departure.path, Departure.name)
                .join(Commit, Commit.id == Departure.commit_id)
                .where(Commit.workspace_id == self._workspace_id, Departure.name.in_(batch))
            ):
                yield LoggedDeparture(path, name)

    def _departed(self, departures: Iterable[LoggedDeparture]) -> set[int]:
        """Give the packages that departures say lived elsewhere."""
        named = {member.name: member for member in self._members}
        return {
            member.package_id
            for departure in departures
            if (member := named.get(departure.name)) and member.path != departure.path
        }

    def _around(self, rebuilt: Collection[int], *, vanished: bool) -> set[int]:
        """Give the packages with a former directory in which others came or went.

        Files of packages that are there today belong to these, so it is another one now.
        """
        paths = [f"{each.path}/" for each in self._members if each.package_id in rebuilt]
        return self._departed(
            departure
            for departure in self._all_departures()
            if vanished
            or departure.path == ROOT
            or any(path.startswith(f"{departure.path}/") for path in paths)
        )

    def _note(self, commit: LoggedCommit, owners: Sequence[int], origin: Origin) -> None:
        """Remember which packages a commit touched, and ask what their manifests say there."""
        self._touched.update(owners)
        if not commit.manifests:
            return
        for index, blob in commit.manifests:
            package_id = self._package_ids[index]
            if package_id in owners:
                self._manifests.submit(blob, (package_id, origin))
        self._take(self._manifests.ready())

    def _tag_for(self, package_id: int, version: str) -> str:
        return self._tags().tag_for(self._names[package_id], version)

    def _take(self, answers: Iterable[tuple[ManifestOf, FoundVersion]]) -> None:
        for (package_id, origin), version in answers:
            if version is MISSING:
                self._missing_manifests += 1
            elif version is not None:
                self._versions.add(package_id, version, origin)

    def _forget_dropped(self, old: str, new: str) -> set[int] | None:
        """Forget the commits that a rewrite dropped; gives the packages that lost more than links.

        Where history only grew, there are none. None where `old` itself is gone: nothing tells then
        what was dropped.
        """
        bereft: set[int] = set()
        dropped = self._repository.list_commits(f"{new}..{old}", begun=self._ahead.dropped)
        try:
            for batch in batches(dropped):
                bereft |= self._forget(batch)
        except HistoryUnreadable:
            if self._repository.has_commit(old):
                raise
            return None
        return bereft & self._names.keys()

    def _forget(self, hashes: Sequence[str]) -> set[int]:
        ids = select(Commit.id).where(
            Commit.workspace_id == self._workspace_id, Commit.hash.in_(hashes)
        )
        bereft = set(
            self._connection.scalars(select(Version.package_id).where(Version.commit_id.in_(ids)))
        )
        departures = self._connection.execute(
            select(Departure.path, Departure.name).where(Departure.commit_id.in_(ids))
        )
        bereft |= self._departed(LoggedDeparture(*row) for row in departures)
        self._touched.update(
            self._connection.scalars(
                select(PackageCommit.package_id).where(PackageCommit.commit_id.in_(ids))
            )
        )
        gone = self._connection.execute(delete(Commit).where(Commit.id.in_(ids)))
        self._report.commits_removed += gone.rowcount
        return bereft

    def _point_to_last_commits(self, package_ids: Iterable[int]) -> None:
        last = (
            select(PackageCommit.commit_id)
            .where(PackageCommit.package_id == Package.id)
            .order_by(PackageCommit.date.desc(), PackageCommit.commit_id.desc())
            .limit(1)
            .scalar_subquery()
        )
        for batch in batches(package_ids):
            self._connection.execute(
                update(Package).where(Package.id.in_(batch)).values(last_commit_id=last)
            )
