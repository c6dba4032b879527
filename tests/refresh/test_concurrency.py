"""Refreshes beside each other and beside readers: threads, processes, a kill."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from registry.database import make_engine, reading
from registry.models import Commit, Package, PackageCommit, Scan
from registry.refresh import Progress, ScanReport, refresh_workspace
from registry.refresh.lock import refresh_lock
from tests.repositories import WorkTree, small_monorepo

Sessions = sessionmaker[Session]
# Seconds, long enough for a machine that has much else to do.
PATIENCE = 120


@pytest.fixture
def tree(tmp_path: Path) -> WorkTree:
    return small_monorepo(tmp_path / "acme")


def test_who_waits_shares_the_result(engine: Engine, sessions: Sessions, tree: WorkTree) -> None:
    waiting = Barrier(3)

    def refresh() -> ScanReport:
        own = make_engine(engine.url.render_as_string(hide_password=False))

        def listen(progress: Progress) -> None:
            if progress.phase == "waiting":
                waiting.wait(timeout=PATIENCE)

        try:
            return refresh_workspace(own, tree.path, listen)
        finally:
            own.dispose()

    with ThreadPoolExecutor(2) as pool:
        with refresh_lock(engine):
            both = [pool.submit(refresh) for _ in range(2)]
            waiting.wait(timeout=PATIENCE)
        reports = [future.result(timeout=PATIENCE) for future in both]

    assert sorted(report.shared for report in reports) == [False, True]
    assert [report.commits_added for report in reports] == [4, 4]
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Scan)) == 1


def test_readers_see_the_old_catalogue_until_the_new_one_is_whole(
    engine: Engine, sessions: Sessions, tree: WorkTree
) -> None:
    refresh_workspace(engine, tree.path)
    tree.package("packages/three", name="three", version="1.0.0")
    tree.commit("feat: three")
    seen: list[tuple[int | None, int | None]] = []

    def read() -> tuple[int | None, int | None]:
        with reading(sessions) as session:
            return (
                session.scalar(select(func.count()).select_from(Package)),
                session.scalar(select(func.count()).select_from(Commit)),
            )

    before = read()
    refresh_workspace(engine, tree.path, lambda _progress: seen.append(read()))

    assert set(seen) == {before}
    assert read() == (3, 5)


def test_a_reader_sees_one_state_for_all_its_statements(
    engine: Engine, sessions: Sessions, tree: WorkTree
) -> None:
    with reading(sessions) as session:
        before = session.scalar(select(func.count()).select_from(Package))
        refresh_workspace(engine, tree.path)
        assert session.scalar(select(func.count()).select_from(Commit)) == before == 0


_KILLED = """
import sys
from pathlib import Path
from registry.database import make_engine
from registry.refresh import refresh_workspace

def listen(progress):
    print(progress.phase, flush=True)
    if progress.phase == sys.argv[3]:
        sys.stdin.read()

refresh_workspace(make_engine(sys.argv[1]), Path(sys.argv[2]), listen)
"""


@pytest.mark.parametrize("phase", ["packages", "writing", "versions"])
def test_a_killed_refresh_leaves_nothing_behind(
    engine: Engine, sessions: Sessions, tree: WorkTree, phase: str
) -> None:
    url = engine.url.render_as_string(hide_password=False)
    with subprocess.Popen(
        [sys.executable, "-c", _KILLED, url, str(tree.path), phase],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == phase:
                break
        process.send_signal(signal.SIGKILL)

    with sessions() as session:
        for model in (Package, Commit, PackageCommit, Scan):
            assert session.scalar(select(func.count()).select_from(model)) == 0
    assert refresh_workspace(engine, tree.path).commits_added == 4


def test_two_processes_do_not_trip_over_each_other(
    engine: Engine, sessions: Sessions, tree: WorkTree
) -> None:
    url = engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", _KILLED, url, str(tree.path), "never"]
    processes = [
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        for _ in range(2)
    ]

    assert [process.wait(timeout=PATIENCE) for process in processes] == [0, 0]
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Commit)) == 4
