"""Holds a catalogue against git's own answers, on a real repository.

    .venv/bin/python -m benchmarks.acceptance PATH [--members FILE] [--database URL]

Refreshes a fresh database from the repository at PATH and compares:

- the packages with FILE, a path a line, as the workspace's own tool lists them;
- every package's commits with `git log --full-history --no-merges` on its directory;
- the versions of a sample of packages with every value that `git log` knows of its manifest;
- the wall time of the first refresh with a bare `git log --raw --no-renames`, and of a second one;
- the flagship query's time and its number of SQL statements.

Ends with status 1 where anything differs.
"""

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from app import create_app
from registry import schema
from registry.database import make_engine
from registry.models import Commit, Issue, Package, PackageCommit, Version
from registry.refresh import refresh_workspace
from registry.rules.territories import nested_paths
from registry.settings import Settings
from registry.workspace.problems import ProblemCode

ROOT = Path(__file__).parent.parent
FLAGSHIP = (ROOT / "graphql_schema" / "explorer" / "flagship.graphql").read_text()
ROUNDS = 5


def git(repository: Path, *arguments: str) -> str:
    """Run git and give what it printed."""
    return subprocess.run(
        ["git", "-C", str(repository), *arguments],
        check=True,
        capture_output=True,
        text=True,
        errors="replace",
    ).stdout


def timed(action: Callable[[], object]) -> float:
    """Run something and give its wall time in seconds."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def bare_git_pass(repository: Path) -> None:
    """Let git alone do what the refresh asks of it."""
    subprocess.run(
        ["git", "-C", str(repository), "log", "--raw", "--no-abbrev", "--no-renames", "-z"],
        check=True,
        stdout=subprocess.DEVNULL,
    )


@contextmanager
def counted_statements(engine: Engine) -> Iterator[list[str]]:
    """Collect the SQL statements that are executed inside."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


def compare_members(session: Session, listed: Path) -> dict[str, Any]:
    """Compare the packages' paths with the list of the workspace's own tool.

    Of manifests that share a name the first is the package and each other one an issue (contract,
    section 0), so both count as found.
    """
    wanted = {line.strip().removeprefix("./") for line in listed.read_text().splitlines()} - {""}
    packages = set(session.scalars(select(Package.path).where(Package.path.is_not(None))))
    duplicates = set(
        session.scalars(select(Issue.path).where(Issue.code == ProblemCode.NAME_DUPLICATE))
    )
    found = {path for path in packages | duplicates if path is not None}
    return {
        "found": len(found),
        "with_a_name_of_another": len(duplicates),
        "listed": len(wanted),
        "missing": sorted(wanted - found),
        "surplus": sorted(found - wanted),
    }


def compare_commits(session: Session, repository: Path) -> dict[str, Any]:
    """Compare every package's commits with git's answer for its directory."""
    packages = session.execute(
        select(Package.id, Package.path).where(Package.path.is_not(None))
    ).all()
    paths = [package.path for package in packages]
    wrong = []
    links = 0
    for number, package in enumerate(packages, start=1):
        ours = set(
            session.scalars(
                select(Commit.hash)
                .join(PackageCommit, PackageCommit.commit_id == Commit.id)
                .where(PackageCommit.package_id == package.id)
            )
        )
        excluded = [
            f":(top,exclude,literal){nested}" for nested in nested_paths(package.path, paths)
        ]
        where = ":(top)" if package.path == "." else f":(top,literal){package.path}"
        theirs = set(
            git(
                repository,
                *("log", "--full-history", "--no-merges", "--format=%H", "HEAD", "--"),
                where,
                *excluded,
            ).split()
        )
        links += len(ours)
        if ours != theirs:
            wrong.append(
                {"path": package.path, "missing": len(theirs - ours), "surplus": len(ours - theirs)}
            )
        print(f"\rcommits: {number} of {len(packages)} packages", end="", file=sys.stderr)
    print(file=sys.stderr)
    return {"packages": len(packages), "links": links, "wrong": wrong}


def compare_versions(session: Session, repository: Path, sample: int) -> dict[str, Any]:
    """Compare the versions of some packages with all that history has in their manifests."""
    packages = session.execute(
        select(Package.id, Package.path).where(Package.path.is_not(None)).order_by(Package.path)
    ).all()
    chosen = random.Random(1).sample(packages, min(sample, len(packages)))  # noqa: S311 -- a repeatable choice, no secret
    wrong = []
    versions = 0
    for package in chosen:
        manifest = "package.json" if package.path == "." else f"{package.path}/package.json"
        ours = set(
            session.scalars(
                select(Version.version).where(
                    Version.package_id == package.id, Version.commit_id.is_not(None)
                )
            )
        )
        theirs = set()
        log = git(
            repository,
            *("log", "--full-history", "--no-merges", "--no-renames", "--format=%H"),
            *('-G"version"', "HEAD", "--", f":(top,literal){manifest}"),
        )
        for commit in log.split():
            try:
                version = json.loads(git(repository, "show", f"{commit}:{manifest}")).get("version")
            except (subprocess.CalledProcessError, ValueError):
                continue
            if isinstance(version, str) and version:
                theirs.add(version)
        versions += len(ours)
        if ours != theirs:
            wrong.append(
                {
                    "path": package.path,
                    "missing": sorted(theirs - ours),
                    "surplus": sorted(ours - theirs),
                }
            )
    return {"packages": len(chosen), "versions": versions, "wrong": wrong}


def ask_flagship(url: str, repository: Path) -> dict[str, Any]:
    """Ask the contract's flagship query over HTTP's own layers, and count its statements."""
    app = create_app(Settings(database_url=url, workspace=repository))
    client = app.test_client()
    engine = make_engine_of(app)
    durations = []
    with counted_statements(engine) as statements:
        for _ in range(ROUNDS + 1):
            statements.clear()
            start = time.perf_counter()
            answer = client.post("/graphql", json={"query": FLAGSHIP})
            durations.append(time.perf_counter() - start)
    body = answer.get_json()
    if answer.status_code != 200 or "errors" in body:
        raise SystemExit(f"the flagship failed: {body}")
    return {
        "statements": len(statements),
        "first_ms": round(1000 * durations[0], 1),
        "median_ms": round(1000 * statistics.median(durations[1:]), 1),
        "packages": body["data"]["packages"]["totalCount"],
        "bytes": len(answer.data),
    }


def make_engine_of(app: Any) -> Engine:
    """Give the engine that an application reads with."""
    from registry.web.database import db  # noqa: PLC0415 -- only the flagship needs Flask

    with app.app_context():
        return db.engine


def measure(repository: Path, url: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Refresh and compare everything."""
    engine = make_engine(url)
    schema.upgrade(engine)
    bare = [timed(lambda: bare_git_pass(repository)) for _ in range(2)][-1]
    first = refresh_workspace(engine, repository)
    first_s = sum(first.durations.values()) / 1000
    again = [refresh_workspace(engine, repository) for _ in range(ROUNDS)]
    bare = min(bare, timed(lambda: bare_git_pass(repository)))
    second_ms = statistics.median(sum(report.durations.values()) for report in again)
    with Session(engine) as session:
        results: dict[str, Any] = {
            "repository": str(repository),
            "report": first.as_dict(),
            "git_s": round(bare, 3),
            "first_refresh_s": round(first_s, 3),
            "first_refresh_to_git": round(first_s / bare, 2),
            "unchanged": not any(report.changed for report in again),
            "second_refresh_ms": round(second_ms, 1),
            "commits": compare_commits(session, repository),
            "versions": compare_versions(session, repository, arguments.sample),
        }
        if arguments.members:
            results["members"] = compare_members(session, arguments.members)
    results["flagship"] = ask_flagship(url, repository)
    engine.dispose()
    return results


def is_right(results: dict[str, Any]) -> bool:
    """Tell whether nothing differs."""
    members = results.get("members", {"missing": [], "surplus": []})
    return not (
        results["commits"]["wrong"]
        or results["versions"]["wrong"]
        or members["missing"]
        or members["surplus"]
        or not results["unchanged"]
    )


def main() -> int:
    """Read the command line, measure, print; gives the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("path", type=Path, help="a work tree's root, or a bare clone")
    parser.add_argument("--members", type=Path, help="paths as the workspace's own tool lists them")
    parser.add_argument("--database", help="URL of an empty database (default: a new SQLite file)")
    parser.add_argument("--sample", type=int, default=10, help="packages to compare versions of")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        url = arguments.database or f"sqlite:///{directory}/acceptance.db"
        results = measure(arguments.path.resolve(), url, arguments)
    print(json.dumps(results, indent=2))
    return 0 if is_right(results) else 1


if __name__ == "__main__":
    sys.exit(main())
