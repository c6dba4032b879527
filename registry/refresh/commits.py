"""Commits and their links to packages, written while git is still telling of them."""

from collections.abc import Iterable, Sequence
from typing import Any, Self

from sqlalchemy import Connection, func, select

from registry.history.log import LoggedCommit
from registry.models import Commit, Departure, FormerCommit, PackageCommit
from registry.refresh.bulk import RowWriter, batches
from registry.refresh.versions import Origin
from registry.rules.conventional import parse_subject
from registry.rules.times import format_time, time_of_seconds

# Every pass over history owns a block of commit ids, filled from its top down, since git tells
# the newest commit first: so ids rise with history though nobody knows beforehand how many come.
_BLOCK = 1 << 24
_FLUSH_EVERY = 2_000

_COMMIT_COLUMNS = (
    "id",
    "workspace_id",
    "hash",
    "date",
    "authored_date",
    "author_name",
    "author_email",
    "message",
    "type",
    "scope",
    "breaking",
    "merge",
)
_LINK_COLUMNS = ("package_id", "date", "commit_id")
_DEPARTURE_COLUMNS = ("commit_id", "path", "name")


class CommitWriter:
    """Takes commits as git tells of them, newest first, and writes them in batches.

    Use it in a `with`, and the connection only after `wait` or `flush`.
    """

    def __init__(self, connection: Connection, workspace_id: int) -> None:
        self._rows = RowWriter(connection)
        self._workspace_id = workspace_id
        newest: int = connection.scalar(select(func.coalesce(func.max(Commit.id), 0))) or 0
        self._next_id = (newest // _BLOCK + 2) * _BLOCK - 1
        self._commits: list[tuple[Any, ...]] = []
        self._links: list[tuple[int, str, int]] = []
        self._former_links: list[tuple[int, str, int]] = []
        self._departures: list[tuple[int, str, str]] = []
        self.added = 0

    def add(
        self, commit: LoggedCommit, package_ids: Sequence[int], former_ids: Iterable[int]
    ) -> Origin:
        """Write a new commit and link it to packages; gives what a version of it comes from.

        Args:
            commit: what git told.
            package_ids: the packages that it touched.
            former_ids: those that it touched where they were before they moved.
        """
        commit_id = self._next_id
        self._next_id -= 1
        date = format_time(time_of_seconds(commit.committed))
        authored = (
            date
            if commit.authored == commit.committed
            else format_time(time_of_seconds(commit.authored))
        )
        meaning = parse_subject(commit.subject)
        self._commits.append(
            (
                commit_id,
                self._workspace_id,
                commit.hash,
                date,
                authored,
                commit.author_name,
                commit.author_email,
                commit.subject,
                meaning.type,
                meaning.scope,
                meaning.breaking,
                commit.merge,
            )
        )
        self.added += 1
        for departure in commit.departures:
            self._departures.append((commit_id, departure.path, departure.name))
        origin = Origin(date, commit_id)
        self.link(package_ids, former_ids, origin)
        return origin

    def link(self, package_ids: Sequence[int], former_ids: Iterable[int], commit: Origin) -> None:
        """Say that a commit, new or already written, touched packages, as `add` does."""
        for package_id in package_ids:
            self._links.append((package_id, commit.date, commit.commit_id))
        for package_id in former_ids:
            if package_id not in package_ids:
                self._former_links.append((package_id, commit.date, commit.commit_id))
        links = len(self._links) + len(self._former_links)
        if len(self._commits) >= _FLUSH_EVERY or links >= 2 * _FLUSH_EVERY:
            self._write()

    def flush(self) -> None:
        """Write what is still held back, and wait until all is written."""
        self._write()
        self.wait()

    def wait(self) -> None:
        """Wait until nothing is being written."""
        self._rows.wait()

    def __enter__(self) -> Self:
        self._rows.__enter__()
        return self

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        self._rows.__exit__(kind, error, traceback)

    def _write(self) -> None:
        self._rows.write(
            [
                (Commit, _COMMIT_COLUMNS, self._commits),
                (PackageCommit, _LINK_COLUMNS, self._links),
                (FormerCommit, _LINK_COLUMNS, self._former_links),
                (Departure, _DEPARTURE_COLUMNS, self._departures),
            ]
        )
        self._commits, self._links, self._former_links, self._departures = [], [], [], []


def find_commits(
    connection: Connection, workspace_id: int, hashes: Sequence[str]
) -> dict[str, Origin]:
    """Find catalogued commits by hash."""
    found: dict[str, Origin] = {}
    for batch in batches(hashes):
        rows = connection.execute(
            select(Commit.hash, Commit.date, Commit.id).where(
                Commit.workspace_id == workspace_id, Commit.hash.in_(batch)
            )
        )
        found.update({row.hash: Origin(format_time(row.date), row.id) for row in rows})
    return found
