"""What a refresh costs, beside what git alone takes for the same history."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from benchmarks.monorepo import add_commit
from benchmarks.table import Line, compare, figure
from registry.database import make_engine
from registry.models import Package
from registry.refresh import refresh_workspace

MakeDatabase = Callable[[], str]


@dataclass(frozen=True)
class GitPass:
    """What a bare `git log` took."""

    seconds: float
    cpu_seconds: float


def bare_git_pass(repository: Path) -> GitPass:
    """Let git alone tell the history, in its plainest way."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        ["git", "-C", str(repository), "log", "--raw", "--no-renames"],
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"git log failed on {repository}")
    return GitPass(seconds, usage.ru_utime + usage.ru_stime)


def refresh_apart(repository: Path, url: str) -> dict[str, Any]:
    """Refresh in a process of its own, whose memory and processor time are then known."""
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.refresh_process", str(repository), url],
        check=True,
        stdout=subprocess.PIPE,
    )
    result: dict[str, Any] = json.loads(told.stdout)
    return result


def measure_refreshes(
    name: str, repository: Path, make_database: MakeDatabase, *, rounds: int
) -> Iterator[Line]:
    """Measure the first refresh, an unchanged one and one with a new commit."""
    yield _measure_first(name, repository, make_database, rounds)
    with TemporaryDirectory() as directory, _catalogued(repository, make_database) as url:
        engine = make_engine(url)
        package, manifests = _members(url, repository)
        unchanged = []
        for _ in range(3 * rounds):
            looking = timed(lambda: [path.stat() for path in manifests])
            unchanged.append(timed(lambda: refresh_workspace(engine, repository)) - looking)
        yield figure(
            f"{name}: unchanged refresh",
            [1000 * seconds for seconds in unchanged],
            "ms",
            at_most=30,
            against=f"the times and sizes of {len(manifests):,} manifests",
        )
        # The repository that was named stays as it is.
        clone = _clone(repository, Path(directory) / "clone")
        refresh_workspace(engine, clone)
        newer = []
        for number in range(3 * rounds):
            add_commit(clone, package, number)
            newer.append(1000 * timed(lambda: refresh_workspace(engine, clone)))
        yield figure(f"{name}: refresh after one new commit", newer, "ms", at_most=60)
        engine.dispose()


def _measure_first(name: str, repository: Path, make_database: MakeDatabase, rounds: int) -> Line:
    bare_git_pass(repository)
    # As many before as after, so that a machine that gets busier favours neither.
    passes = [bare_git_pass(repository)]
    refreshes = []
    for _ in range(rounds):
        refreshes.append(refresh_apart(repository, make_database()))
        passes.append(bare_git_pass(repository))
    pairs = [
        (refresh["seconds"], (before.seconds + after.seconds) / 2)
        for refresh, before, after in zip(refreshes, passes, passes[1:], strict=False)
    ]
    resident = max(refresh["resident_mb"] for refresh in refreshes)
    ours = median(pair[0] for pair in pairs)
    own = median(refresh["cpu_seconds"] for refresh in refreshes)
    of_git = median(refresh["git_cpu_seconds"] for refresh in refreshes)
    bare = median(each.cpu_seconds for each in passes)
    return compare(
        f"{name}: first refresh",
        "`git log --raw --no-renames`",
        pairs,
        at_most=1.5,
        times=f"{ours:.2f} : {median(pair[1] for pair in pairs):.2f} s",
        cpu=f"{own:.2f} + git's {of_git:.2f} : {bare:.2f} s",
        memory=f"{resident:.0f} MB",
    )


@contextmanager
def _catalogued(repository: Path, make_database: MakeDatabase) -> Iterator[str]:
    url = make_database()
    engine = make_engine(url)
    refresh_workspace(engine, repository)
    engine.dispose()
    # A file that was written just now is not trusted to stay as it is.
    time.sleep(2.1)
    yield url


def _members(url: str, repository: Path) -> tuple[str, list[Path]]:
    """Give a package's directory, and all manifests that are files here."""
    engine = make_engine(url)
    with Session(engine) as session:
        paths = session.scalars(
            select(Package.path).where(Package.path.is_not(None)).order_by(Package.path)
        ).all()
    engine.dispose()
    manifests = [repository / str(path) / "package.json" for path in paths]
    return str(paths[0]), [path for path in manifests if path.exists()]


def _clone(repository: Path, path: Path) -> Path:
    subprocess.run(
        ["git", "clone", "--quiet", "--bare", "--shared", str(repository), str(path)],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    return path


def timed(action: Callable[[], object]) -> float:
    """Run something and give its wall time in seconds."""
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun
