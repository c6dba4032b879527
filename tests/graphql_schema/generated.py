"""Catalogues of any size, made up but always the same for the same seed."""

import hashlib
import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Engine, insert

from registry.database import begin_writing
from registry.models import (
    Author,
    Base,
    Build,
    BuildFigure,
    Commit,
    Dependency,
    FormerCommit,
    Health,
    HealthDay,
    Issue,
    Listing,
    Package,
    PackageCommit,
    Publication,
    Report,
    Version,
    Workspace,
)
from registry.rules.enumerations import (
    BuildStatus,
    CheckStatus,
    DependencyKind,
    PackageKind,
    PackageType,
    ReportKind,
    Severity,
    VersionStatus,
)

START = datetime(2020, 1, 1, tzinfo=UTC)
WORKSPACE_ID = 1
_COMMIT_TYPES = ("feat", "fix", "chore", "docs", "refactor", "other")
_WORDS = (
    "fast",
    "small",
    "typed",
    "router",
    "parser",
    "cache",
    "client",
    "server",
    "stream",
    "layout",
    "theme",
    "query",
)


@dataclass(frozen=True)
class Size:
    """How much there is of everything, per package where nothing else is said."""

    packages: int
    versions: int = 4
    commits: int = 8
    dependencies: int = 4
    authors: int = 3
    # Every so many packages, one is listed by an author, and has publications.
    listed_every: int = 3
    # Packages that only a listing knows, outside the workspace (in all).
    listed_only: int = 2


def fill(engine: Engine, size: Size, *, seed: int = 1) -> None:
    """Fill an empty database with a catalogue; ids start at 1 and have no gaps."""
    with engine.connect() as connection, begin_writing(connection):
        _Filler(connection, size, random.Random(seed)).run()  # noqa: S311 -- no secret
    if engine.dialect.name == "postgresql":
        # Without statistics the planner guesses, and a measurement would measure the guess.
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


class _Filler:
    def __init__(self, connection: Connection, size: Size, chance: random.Random) -> None:
        self._connection = connection
        self._size = size
        self._chance = chance
        self._members = range(1, size.packages + 1)
        self._others = range(size.packages + 1, size.packages + size.listed_only + 1)

    def run(self) -> None:
        self._insert(
            Workspace,
            [{"id": WORKSPACE_ID, "path": "/srv/monorepo", "tool": "pnpm", "branch": "main"}],
        )
        self._insert(
            Author,
            (
                {
                    "id": number,
                    "author_id": f"Author{number}",
                    "name": f"Author {number}",
                    "name_key": f"author {number}",
                }
                for number in range(1, self._size.authors + 1)
            ),
        )
        commits = self._insert_commits()
        self._insert(Package, (self._package(key) for key in (*self._members, *self._others)))
        self._insert_links(commits)
        self._insert(Dependency, self._dependencies())
        self._insert(Listing, (self._listing(key) for key in self._listed()))
        self._insert_versions(commits)
        self._insert(Issue, self._issues())
        self._insert(Build, self._builds())
        self._insert(Report, self._reports())
        # After what it names as its evidence.
        self._insert(Health, (self._health(key) for key in self._members))
        self._insert(HealthDay, self._health_days())
        self._insert(BuildFigure, self._build_figures())

    def _insert(self, model: type[Base], rows: Iterable[dict[str, Any]]) -> None:
        rows = iter(rows)
        while batch := list(islice(rows, 2_000)):
            self._connection.execute(insert(model), batch)
        if self._connection.dialect.name == "postgresql" and model not in (
            BuildFigure,
            Commit,
            PackageCommit,
            FormerCommit,
            Listing,
            Publication,
        ):
            table = model.__tablename__
            self._connection.exec_driver_sql(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"
            )

    def _insert_commits(self) -> list[datetime]:
        # Half as many as there are links: a commit touches two packages on average.
        count = max(1, self._size.packages * self._size.commits // 2)
        # Several bear the same moment, as a rebase leaves them.
        dates = [START + timedelta(minutes=7 * (number // 3)) for number in range(count)]
        self._insert(
            Commit,
            (
                {
                    "id": number,
                    "workspace_id": WORKSPACE_ID,
                    "hash": hashlib.sha1(b"%d" % number, usedforsecurity=False).hexdigest(),
                    "date": date,
                    "authored_date": date - timedelta(hours=number % 5),
                    "author_name": f"Dev {number % 11}",
                    "author_email": f"dev{number % 11}@example.com",
                    "message": f"{kind}: {self._words(5)} (#{number})",
                    "type": kind,
                    "scope": "",
                    "breaking": number % 17 == 0,
                    "merge": False,
                }
                for number, date in enumerate(dates, 1)
                for kind in [_COMMIT_TYPES[number % len(_COMMIT_TYPES)]]
            ),
        )
        return dates

    def _insert_links(self, dates: list[datetime]) -> None:
        def links(package: int, numbers: Iterable[int]) -> Iterable[dict[str, Any]]:
            for number in numbers:
                yield {"package_id": package, "date": dates[number - 1], "commit_id": number}

        wanted = min(self._size.commits, len(dates))
        every = range(1, len(dates) + 1)
        own = {package: self._chance.sample(every, wanted) for package in self._members}
        # Every other package has moved: a few of the commits before, and between, its own.
        former = {
            package: [number for number in every if number % 7 == package % 7][: wanted // 2 + 1]
            for package in self._members[::2]
        }
        for package in self._members:
            self._insert(PackageCommit, links(package, own[package]))
            others = set(former.get(package, ())) - set(own[package])
            self._insert(FormerCommit, links(package, sorted(others)))

    def _package(self, key: int) -> dict[str, Any]:
        member = key in self._members
        scope = ("", "@acme/", "@Org/")[key % 3]
        return {
            "id": key,
            "workspace_id": WORKSPACE_ID if member else None,
            "name": f"{scope}{_WORDS[key % len(_WORDS)]}-{key}",
            "path": f"packages/{_WORDS[key % len(_WORDS)]}-{key}" if member else None,
            "version": f"{key % 5}.{key % 7}.0",
            "type": list(PackageKind)[key % 4],
            "description": self._words(9),
            "license": "MIT",
            "private": key % 4 == 0,
            "maintainers": [f"Dev {key % 11} <dev{key % 11}@example.com>"],
            "repository": {"type": "git", "url": "https://example.com/monorepo.git"},
            "scripts": {"build": "tsc", "test": "vitest"},
            "dependencies": {},
            "created_at": START + timedelta(days=key),
            "last_updated": START + timedelta(days=key, hours=key % 24),
        }

    def _health(self, key: int) -> dict[str, Any]:
        return {
            "id": key,
            "package_id": key,
            "overall_score": key * 37 % 101,
            "build_status": list(BuildStatus)[key % 6],
            "test_coverage": None if key % 4 == 0 else key * 13 % 1000 / 10,
            "lint_status": list(CheckStatus)[key % 4],
            "security_audit": list(CheckStatus)[key // 4 % 4],
            # The first build of every other package, and the first report of every third.
            "build_id": (key + 1) // 2 if key % 2 else None,
            "coverage_report_id": (key - 1) // 3 + 1 if key % 3 == 1 else None,
            "lint_report_id": (key - 1) // 3 + 1 if key % 3 == 1 else None,
            "audit_report_id": None,
            "created_at": START,
            "updated_at": START + timedelta(days=key),
        }

    def _dependencies(self) -> Iterable[dict[str, Any]]:
        kinds = list(DependencyKind)
        number = 0
        for package in self._members:
            for position in range(self._size.dependencies):
                number += 1
                # Every other one is a member of the workspace; some packages depend on each other.
                target = self._chance.choice(self._members) if position % 2 == 0 else None
                name = f"external-{position}" if target is None else f"member-{position}-{target}"
                yield {
                    "id": number,
                    "package_id": package,
                    "kind": kinds[position % len(kinds)],
                    "name": name,
                    "range": "workspace:*" if target else f"^{position}.0.0",
                    "protocol": "workspace" if target else "registry",
                    "target_id": target,
                    "latest": f"{position}.1.0",
                    "outdated": position % 3 == 0,
                    "status": "",
                }

    def _listed(self) -> list[int]:
        return [*self._members[:: self._size.listed_every], *self._others]

    def _listing(self, key: int) -> dict[str, Any]:
        return {
            "package_id": key,
            "author_id": key // self._size.listed_every % self._size.authors + 1,
            "identifier": f"acme.package_{key}",
            "name": f"Package {key}",
            "name_key": f"package {key}",
            "package_type": list(PackageType)[key % 6],
            "description": self._words(6),
            "created_at": START,
        }

    def _insert_versions(self, dates: list[datetime]) -> None:
        listed = set(self._listed())
        statuses = list(VersionStatus)
        versions: list[dict[str, Any]] = []
        publications: list[dict[str, Any]] = []
        for package in (*self._members, *self._others):
            for position in range(self._size.versions):
                number = len(versions) + 1
                commit = None if position % 4 == 3 else (number * 7919) % len(dates) + 1
                from_git = package in self._members and not (package in listed and position % 3)
                versions.append(
                    {
                        "id": number,
                        "package_id": package,
                        "version": f"{position // 4}.{position % 4}.0",
                        "sort_key": bytes([1, position // 4, position % 4]),
                        "from_git": from_git,
                        "date": dates[commit - 1] if commit else None,
                        "tag": f"v{position // 4}.{position % 4}.0" if position % 2 else "",
                        "commit_id": commit if package in self._members else None,
                    }
                )
                if package in listed and (not from_git or position % 2):
                    status = statuses[(1, number % 11)[number % 2]]
                    publications.append(
                        {
                            "version_id": number,
                            "status": status,
                            "failure_reason": f"Why {number}."
                            if status.startswith("failed_")
                            else "",
                            "is_public": number % 5 != 0,
                            "is_stored": number % 7 != 0,
                            "installs": number * 31,
                            "size": number * 1_000_003,
                            "installed_size": number * 3_000_000_019,
                            "hash": f"{number:064x}",
                            "loc": f"https://cdn.example.com/{number}",
                            "dependencies": [["acme.other", "1.2-"]],
                            "incompatibilities": [],
                            "upload_date": START + timedelta(days=number % 900),
                        }
                    )
        self._insert(Version, versions)
        self._insert(Publication, publications)

    def _issues(self) -> Iterable[dict[str, Any]]:
        for number, package in enumerate(self._members[::4], 1):
            yield {
                "id": number,
                "workspace_id": WORKSPACE_ID,
                "package_id": package,
                "path": f"packages/{package}/package.json",
                "code": "duplicate_name",
                "severity": list(Severity)[number % 3],
                "message": "Another manifest has this name.",
            }

    def _builds(self) -> Iterable[dict[str, Any]]:
        for number, package in enumerate([*self._members[::2]] * 3, 1):
            yield {
                "id": number,
                "package_id": package,
                "run_id": f"run-{number}",
                "status": list(BuildStatus)[(number + package) % 6],
                "branch": ("main", "", "next")[number % 3],
                "commit_hash": hashlib.sha1(b"%d" % number, usedforsecurity=False).hexdigest(),
                # Some at the same moment, and some that have not begun.
                "started_at": START + timedelta(hours=number // 2) if number % 7 else None,
                "duration": number * 1_001,
            }

    def _reports(self) -> Iterable[dict[str, Any]]:
        for number, package in enumerate(sorted([*self._members[::3]] * 2), 1):
            yield {
                "id": number,
                "package_id": package,
                "kind": list(ReportKind)[(number + package) % 4],
                "path": f"packages/é/{number}.json" if number % 3 else "",
                "measured_at": START + timedelta(hours=number),
                "format": "eslint",
                "verdict": list(CheckStatus)[number % 4],
                "coverage": None if number % 3 else number / 7,
                "figures": {"errors": number, 'a "quoted" one': None},
                "problem": "" if number % 5 else 'line 1: "no"',
            }

    def _health_days(self) -> Iterable[dict[str, Any]]:
        for number, package in enumerate([*self._members[::3]] * 3, 1):
            yield {
                "id": number,
                "package_id": package,
                "day": (START + timedelta(days=number)).date().isoformat(),
                "overall_score": number % 101,
                "confidence": number % 5 * 25,
                "build_status": list(BuildStatus)[number % 6],
                "test_coverage": None if number % 2 else number / 3,
                "lint_status": list(CheckStatus)[number % 4],
                "security_audit": list(CheckStatus)[number // 2 % 4],
            }

    def _build_figures(self) -> Iterable[dict[str, Any]]:
        for package in self._members[::2]:
            yield {
                "package_id": package,
                "branch": "main",
                "since": START.date(),
                "finished": package % 5,
                "succeeded": package % 5 // 2,
                "timed": package % 5,
                "duration": package % 5 * 100_003,
            }

    def _words(self, count: int) -> str:
        return " ".join(self._chance.choices(_WORDS, k=count))
