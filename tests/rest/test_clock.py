"""The clock set back by a day while the service runs: nothing is stale, nothing waits for it."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session, sessionmaker

from registry.accounts.tokens import issue_token
from registry.database import make_engine, writing
from registry.jobs import submit_job
from registry.jobs.claims import claim_job
from registry.models.base import utc_now
from registry.rules.permissions import Permission
from registry.settings import Settings
from registry.verify import verify
from tests.accounts.samples import add_author
from tests.repositories import small_monorepo

DAY = timedelta(days=1)


def set_clock(monkeypatch: pytest.MonkeyPatch, offset: timedelta) -> None:
    """Let all of the product's clocks go wrong by so much."""
    for name, module in list(sys.modules.items()):
        if name.startswith("registry.") and hasattr(module, "utc_now"):
            monkeypatch.setattr(module, "utc_now", lambda: utc_now() + offset)


def test_the_clock_set_back_by_a_day(
    settings: Settings,
    sessions: sessionmaker[Session],
    new_app: Callable[[Settings], Flask],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tree = small_monorepo(tmp_path / "acme")
    changed = {"workspace": tree.path, "open_writes": True}
    client = new_app(settings.model_copy(update=changed)).test_client()
    build = {"runId": "1", "status": "failed", "startedAt": "2026-11-20T10:00:00Z"}
    query = {"query": '{ package(name: "two") { version health { buildStatus } } }'}
    set_clock(monkeypatch, DAY)
    with writing(sessions) as session:
        author, secret = add_author(session, "Ada")
        ends = issue_token(session, author, Permission.ViewPackages, timedelta(hours=1)).secret
    submit_job(sessions, "refresh")
    assert client.post("/api/packages/refresh").status_code == 200
    assert client.post("/api/packages/two/builds", json=build).status_code == 201
    tag = client.get("/api/packages").headers["ETag"]
    assert client.post("/graphql", json=query).status_code == 200

    set_clock(monkeypatch, timedelta(0))

    # Written in the future, and found; what was kept is not told any more.
    tree.package("packages/two", name="two", version="0.2.0")
    tree.commit("feat: go on")
    assert client.post("/api/packages/refresh").status_code == 200
    listed = client.get("/api/packages", headers={"If-None-Match": tag})
    assert listed.status_code == 200
    assert '"0.2.0"' in listed.text
    build |= {"runId": "2", "status": "success", "startedAt": "2026-11-20T11:00:00Z"}
    assert client.post("/api/packages/two/builds", json=build).status_code == 201
    told = client.post("/graphql", json=query).json
    assert told is not None
    assert told["data"]["package"] == {"version": "0.2.0", "health": {"buildStatus": "success"}}
    # Tokens are good until their time comes, which is a day later now.
    for token in (secret, ends):
        headers = {"Authorization": f"Bearer {token}"}
        assert client.get("/account/packages", headers=headers).status_code == 200
    # The job that was queued tomorrow is done today.
    job = claim_job(sessions, "a", ["refresh"])
    assert job is not None
    assert job.started_at is not None
    assert job.started_at < datetime.now(UTC) + timedelta(minutes=1)
    engine = make_engine(settings.database_address())
    results = [result for result in verify(engine, settings, every=True) if result.check != "jobs"]
    engine.dispose()
    assert [result for result in results if result.is_wrong] == []
