"""Load: 64 clients read while commits are refreshed and versions are published.

`TORTURE_CLIENTS` and `TORTURE_SECONDS` (64 and 600) make it smaller. First one client alone asks,
for what an answer takes without load; then all ask as fast as they are answered (a closed loop),
for what the machine can do; then requests come at half of that rate, whether or not earlier ones
are answered (an open loop). In a closed loop of 64 clients the times are those of a queue of 64:
the open loop is what a server that is not overloaded feels like.

Held: no failure, no torn answer, none older than the one before it, memory that does not grow.
Reported and not held, for they are the machine's as much as the server's: the times.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import requests
from sqlalchemy.orm import Session

from registry.accounts.authors import create_author
from registry.accounts.tokens import issue_token
from registry.database import make_engine
from registry.rules.permissions import Permission
from tests.publishing.archives import IDENTIFIER, make_zip
from tests.repositories import WorkTree
from tests.torture.conftest import Report
from tests.torture.load_client import PACKAGES
from tests.torture.serving import Served, make_environment, serving

CLIENTS = int(os.environ.get("TORTURE_CLIENTS", "64"))
SECONDS = float(os.environ.get("TORTURE_SECONDS", "600"))
_CLIENT = Path(__file__).parent / "load_client.py"
# Between two commits, and between two looks at the memory, in seconds.
_PAUSE = 2.0
_LOOK = 1.0
# As far as the third number of a version goes.
_MOST_PUBLISHED = 900
# By how much memory may grow from a run's first third to its last: what is kept of answers, and
# what an allocator does not give back.
_MOST_GROWTH = 1.15
_ROOM = 32 * 1024 * 1024
# The claim: how many times the median of an unloaded server the 99th percentile may be.
_CLAIM = 5


class Releases:
    """A workspace whose every commit sets the version of all its packages to 1.N.0."""

    def __init__(self, path: Path) -> None:
        self._tree = WorkTree(path)
        self._tree.write(
            "package.json", {"name": "load", "private": True, "workspaces": ["packages/*"]}
        )
        self.number = -1
        self.release()

    @property
    def path(self) -> Path:
        """Where it is."""
        return self._tree.path

    def release(self) -> None:
        """Make the next commit."""
        self.number += 1
        for number in range(PACKAGES):
            # Each depends on the one before it, whichever version that is of.
            earlier = {f"@load/package-{number - 1}": "*"} if number else {}
            self._tree.package(
                f"packages/p{number}",
                name=f"@load/package-{number}",
                version=f"1.{self.number}.0",
                dependencies=earlier,
            )
        self._tree.commit(f"release {self.number}")


@dataclass
class Churn:
    """Commits, refreshes and publishes until it is told to stop."""

    served: Served
    releases: Releases
    token: str
    refreshed: int = 0
    published: int = 0
    failures: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.over = threading.Event()

    def run(self) -> None:
        """Change something every other second."""
        while not self.over.wait(_PAUSE):
            try:
                self._change()
            except (requests.RequestException, subprocess.CalledProcessError) as error:
                self.failures.append(f"{error}: {getattr(error, 'stderr', '')}")

    def _change(self) -> None:
        self.releases.release()
        # By turns as a hook does it, and as a client does.
        if self.releases.number % 2:
            self.served.run("refresh")
        else:
            self.check(self.post("/api/packages/refresh"), 200)
        self.refreshed += 1
        if self.published < _MOST_PUBLISHED:
            self.published += 1
            self._publish(f"1.0.{self.published}")

    def _publish(self, version: str) -> None:
        flags = ("isPublic", "isStored", "supportsMacOS", "supportsWindows", "supportsLinux")
        fields = {
            "packageId": IDENTIFIER,
            "packageVersion": version,
            "xpSelection": "*",
            "isPrivate": "false",
            "dependencies": "[]",
            "incompatibilities": "[]",
            **dict.fromkeys(flags, "true"),
        }
        response = self.post("/packages/upload", data=fields, files={"file": make_zip()})
        self.check(response, 204)

    def post(self, path: str, **arguments: Any) -> requests.Response:
        """Send something as the author."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return requests.post(f"{self.served.url}{path}", headers=headers, timeout=60, **arguments)

    def check(self, response: requests.Response, status: int) -> None:
        """Note a failure where the answer is another."""
        if response.status_code != status:
            self.failures.append(f"{response.url}: {response.status_code} {response.text[:300]}")


@contextmanager
def in_thread(run: Any, over: threading.Event) -> Iterator[None]:
    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@dataclass
class Memory:
    """What the server takes, looked at every second."""

    served: Served
    seen: list[int] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Look until it is told to stop."""
        while not self.over.wait(_LOOK):
            self.seen.append(self.served.memory())

    def thirds(self) -> tuple[float, float]:
        """Give the medians of the first third and of the last."""
        third = max(1, len(self.seen) // 3)
        return median(self.seen[:third]), median(self.seen[-third:])


def ask(
    served: Served, token: str, seed: int, *, clients: int, seconds: float, rate: float | None
) -> dict[str, Any]:
    """Run clients, and give what they print."""
    order = {
        "port": served.port,
        "token": token,
        "seed": seed,
        "clients": clients,
        "seconds": seconds,
        "rate": rate,
    }
    finished = subprocess.run(
        [sys.executable, str(_CLIENT)],
        input=json.dumps(order),
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    shown: dict[str, Any] = json.loads(finished.stdout)
    return shown


def times_of(result: dict[str, Any]) -> list[float]:
    return sorted(time for times in result["times"].values() for time in times)


def tell(report: Report, what: str, result: dict[str, Any], unloaded: dict[str, Any]) -> float:
    """Report a phase; gives its rate."""
    times = times_of(result)
    rate = len(times) / float(result["seconds"])
    last = quantiles(times, n=100)[98]
    baseline = median(times_of(unloaded))
    report(
        f"{what}: {len(times)} answers, {rate:.0f} a second, statuses {result['statuses']}; p50 "
        f"{median(times) * 1000:.1f} ms, p99 {last * 1000:.1f} ms: {last / baseline:.1f} times the "
        f"unloaded p50 of {baseline * 1000:.1f} ms (claimed: {_CLAIM}); the clients took "
        f"{result['processor'] / result['seconds']:.0%} of a core"
    )
    for name, taken in sorted(result["times"].items()):
        alone = median(unloaded["times"][name])
        tail = quantiles(taken, n=100)[98] if len(taken) > 1 else taken[0]
        report(
            f"  - {name}: p50 {median(taken) * 1000:.1f} ms, p99 {tail * 1000:.1f} ms, "
            f"{tail / alone:.1f} times its unloaded p50"
        )
    return rate


def set_up(database_url: str, directory: Path) -> tuple[Releases, dict[str, str], str]:
    """Make the workspace, the author and the token."""
    releases = Releases(directory / "workspace")
    environment = make_environment(database_url, directory, workspace=str(releases.path))
    engine = make_engine(database_url)
    with Session(engine) as session:
        author = create_author(session, "Load")
        token = issue_token(session, author, Permission.Admin, None).secret
        session.commit()
    engine.dispose()
    return releases, environment, token


def test_reads_during_refreshes_and_publishes(
    database_url: str, tmp_path: Path, seed: int, report: Report
) -> None:
    releases, environment, token = set_up(database_url, tmp_path)
    began = time.monotonic()
    with serving(environment, tmp_path) as served:
        churn, memory = Churn(served, releases, token), Memory(served)
        listing = {
            "packageId": IDENTIFIER,
            "packageName": "Loaded",
            "packageType": "other",
            "description": "What is published meanwhile.",
        }
        churn.check(churn.post("/packages/new", json=listing), 204)
        ask(served, token, seed, clients=1, seconds=2, rate=None)
        unloaded = ask(served, token, seed, clients=1, seconds=max(5, SECONDS / 20), rate=None)
        with in_thread(churn.run, churn.over), in_thread(memory.run, memory.over):
            busy = ask(served, token, seed, clients=CLIENTS, seconds=SECONDS / 2, rate=None)
            rate = tell(report, f"{CLIENTS} clients at once", busy, unloaded)
            half = ask(served, token, seed, clients=CLIENTS, seconds=SECONDS / 2, rate=rate / 2)
            tell(report, f"{rate / 2:.0f} requests a second", half, unloaded)
        log = served.log.read_text("utf-8", "replace")
    first, last = memory.thirds()
    report(
        f"{churn.refreshed} refreshes, {churn.published} publishes, commits seen "
        f"{len(busy['revisions'] + half['revisions'])}, in {time.monotonic() - began:.0f} s; "
        f"memory {first / 2**20:.0f} MiB in the first third, {last / 2**20:.0f} in the last"
    )

    assert unloaded["wrong"] == busy["wrong"] == half["wrong"] == []
    assert churn.failures == []
    assert len(half["revisions"]) > 1
    assert "Traceback" not in log
    assert last <= first * _MOST_GROWTH + _ROOM
