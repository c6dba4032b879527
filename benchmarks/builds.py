"""Asks for a package with a hundred builds and one with a million, in turns.

    python -m benchmarks.builds [--builds 1000000] [--rounds 200] [--database sqlite]

Both databases get the same catalogue of two packages. The rows of the large one's builds are made
by the database itself, over 900 days and 50 branches; what they come to by day is worked out from
them, as the writes of single builds would have kept it. Then the detail route, GraphQL's rate and
the first page of builds are asked for in turns, each time in other words, so that no kept answer
is given; and single builds are told of. Prints the medians in milliseconds and their ratio.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import Connection, func, insert, literal_column, select, text
from sqlalchemy.orm import Session

from app import create_app
from registry.database import begin_write, begin_writing, make_engine
from registry.health.build_figures import update_figures
from registry.health.scores import update_scores
from registry.models import Build, BuildDay, BuildFigure, Package, Workspace
from registry.rules.times import format_time
from registry.settings import Settings
from tests.databases import Databases

SMALL, LARGE = "small", "large"
_DAYS, _BRANCHES = 900, 50


def main() -> None:
    """Measure on SQLite and on PostgreSQL."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--builds", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=200)
    kinds = ("sqlite", "postgresql")
    parser.add_argument("--database", choices=kinds, action="append")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        databases = Databases(Path(directory))
        for kind in options.database or kinds:
            url = databases.make(kind)
            _fill(url, options.builds)
            print(f"{kind}: 100 builds and {options.builds:,}, {options.rounds} rounds")
            _measure(url, Path(directory), options.rounds)
            databases.drop(url)


def _fill(url: str, builds: int) -> None:
    engine = make_engine(url)
    with Session(engine) as session:
        begin_write(session)
        workspace = Workspace(path="/srv/monorepo", branch="branch-0", scanned_at=datetime.now(UTC))
        session.add(workspace)
        session.flush()
        rows = [
            Package(workspace_id=workspace.id, name=name, path=f"packages/{name}")
            for name in (SMALL, LARGE)
        ]
        session.add_all(rows)
        session.commit()
        ids = [row.id for row in rows]
    with engine.connect() as connection, begin_writing(connection):
        for package_id, number in zip(ids, (100, builds), strict=True):
            _insert_builds(connection, package_id, number)
        _sum_up(connection)
    with Session(engine) as session:
        begin_write(session)
        update_figures(session, ids, days=90)
        update_scores(session, ids)
        session.commit()
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()


def _insert_builds(connection: Connection, package_id: int, number: int) -> None:
    """Make builds that are spread evenly over days, branches and verdicts."""
    if connection.dialect.name == "postgresql":
        series = "generate_series(0, :number - 1) AS step(n)"
        start = "date_trunc('day', now()) - (n % :days) * interval '1 day'"
        finish = f"{start} + interval '1 minute'"
    else:
        series = (
            "(WITH RECURSIVE step(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM step "
            "WHERE n < :number - 1) SELECT n FROM step)"
        )
        day = "date('now', '-' || (n % :days) || ' days')"
        start, finish = f"{day} || 'T00:00:00.000Z'", f"{day} || 'T00:01:00.000Z'"
    connection.execute(
        text(
            "INSERT INTO build (package_id, run_id, status, commit_hash, branch, url, "  # noqa: S608 -- our own words
            "started_at, finished_at, duration) SELECT :package, 'run-' || n, "
            "CASE WHEN n % 3 = 0 THEN 'failed' ELSE 'success' END, '', "
            f"'branch-' || (n / :days % :branches), '', {start}, {finish}, 60000 FROM {series}"
        ),
        {"package": package_id, "number": number, "days": _DAYS, "branches": _BRANCHES},
    )


def _sum_up(connection: Connection) -> None:
    """Sum the builds up by day, as `registry.health.build_figures` keeps them."""
    if connection.dialect.name == "postgresql":
        day = func.date(func.timezone("UTC", Build.finished_at))
    else:
        day = func.substr(Build.finished_at, 1, 10)
    sums = select(
        Build.package_id,
        Build.branch,
        day.label("day"),
        func.count().filter(Build.status == "success"),
        func.count().filter(Build.status == "failed"),
        func.count(),
        func.sum(Build.duration),
    ).group_by(Build.package_id, Build.branch, literal_column("day"))
    columns = ["package_id", "branch", "day", "succeeded", "failed", "timed", "duration"]
    connection.execute(insert(BuildDay).from_select(columns, sums))


def _measure(url: str, directory: Path, rounds: int) -> None:
    app = create_app(
        Settings(database_url=url, instance_path=directory, open_writes=True, log_level="ERROR")
    )
    client = app.test_client()
    for name, ask in _questions(client).items():
        took: dict[str, list[float]] = {SMALL: [], LARGE: []}
        for number in range(rounds):
            for package in (SMALL, LARGE) if number % 2 else (LARGE, SMALL):
                before = time.perf_counter()
                ask(package, number)
                took[package].append(1_000 * (time.perf_counter() - before))
        small, large = (statistics.median(took[package]) for package in (SMALL, LARGE))
        print(f"  {name:28} {small:7.2f} : {large:7.2f} ms   ratio {large / small:.2f}")
    engine = make_engine(url)
    with Session(engine) as session:
        for row in session.execute(
            select(Package.name, BuildFigure.finished, BuildFigure.succeeded)
            .join(Package, Package.id == BuildFigure.package_id)
            .order_by(Package.name)
        ):
            print(f"  {row.name}: {row.finished:,} builds count, {row.succeeded:,} succeeded")
    engine.dispose()


def _questions(client: FlaskClient) -> dict[str, Callable[[str, int], None]]:
    def detail(package: str, number: int) -> None:
        response = client.get(f"/api/packages/{package}?commits={number % 1_000}")
        assert response.status_code == 200

    def rate(package: str, number: int) -> None:
        query = (
            f'{{ package(name: "{package}") {{ successRate averageDuration '
            f"builds(first: {1 + number % 50}) {{ nodes {{ runId status }} }} }} }}"
        )
        response = client.post("/graphql", json={"query": query})
        assert "errors" not in (response.json or {})

    def page(package: str, number: int) -> None:
        response = client.get(f"/api/packages/{package}/builds?limit={1 + number % 50}")
        assert response.status_code == 200

    def tell(package: str, number: int) -> None:
        start = datetime.now(UTC) - timedelta(minutes=5)
        response = client.post(
            f"/api/packages/{package}/builds",
            json={
                "runId": f"new-{number}",
                "status": "success",
                "branch": "branch-0",
                "startedAt": format_time(start),
                "finishedAt": format_time(start + timedelta(minutes=1)),
            },
        )
        assert response.status_code == 201

    return {
        "detail": detail,
        "GraphQL rate and builds": rate,
        "a page of builds": page,
        "a build is told of": tell,
    }


if __name__ == "__main__":
    main()
