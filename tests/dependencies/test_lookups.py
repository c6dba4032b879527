"""Looking external dependencies up in an npm registry, and judging them by its answers."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from registry.dependencies.lookup_requests import request_due_lookups, request_lookups
from registry.dependencies.lookups import look_up_dependencies
from registry.errors import Conflict, Unavailable
from registry.jobs import Work
from registry.models import Dependency, ExternalPackage, Job, Package, Revision
from registry.refresh import refresh_workspace
from registry.settings import Settings
from tests.npm_registry.conftest import FaultyServer, Reply, server
from tests.repositories import WorkTree

__all__ = ["server"]


@pytest.fixture
def tree(tmp_path: Path) -> WorkTree:
    tree = WorkTree(tmp_path / "acme")
    tree.write("package.json", {"name": "root", "private": True, "workspaces": ["packages/*"]})
    tree.package(
        "packages/one",
        name="one",
        version="1.0.0",
        dependencies={"left-pad": "^1.0.0", "@acme/gone": "*", "two": "^1.0.0"},
        devDependencies={"left-pad": "^2.0.0", "pad": "npm:left-pad@next", "../evil": "1"},
        optionalDependencies={"local": "file:../two", "git": "github:acme/git"},
    )
    tree.package("packages/two", name="two", version="1.2.0")
    tree.commit("feat: begin")
    return tree


@pytest.fixture
def settings(database_url: str, tmp_path: Path, server: FaultyServer) -> Settings:
    return Settings(
        database_url=database_url,
        instance_path=tmp_path / "instance",
        npm_registry_url=server.url,
        npm_registry_connections=2,
    )


@pytest.fixture
def work(engine: Engine, settings: Settings, tree: WorkTree) -> Work:
    refresh_workspace(engine, tree.path)
    return Work("job", "npm-lookup", {}, 1, engine, sessionmaker(engine), settings)


def packument(*versions: str, latest: str, etag: str = "", **tags: str) -> Reply:
    document = {
        "dist-tags": {"latest": latest, **tags},
        "versions": {version: {} for version in versions},
    }
    return Reply(json.dumps(document).encode(), headers={"ETag": etag} if etag else {})


def verdicts(session: Session) -> dict[tuple[str, str], tuple[str, bool, str]]:
    return {
        (row.kind, row.name): (row.latest, row.outdated, row.status)
        for row in session.scalars(select(Dependency))
    }


def revision(sessions: sessionmaker[Session]) -> int:
    with sessions() as session:
        return session.scalar(select(Revision.number)) or 0


@pytest.fixture
def looked_up(work: Work, server: FaultyServer) -> Work:
    server.replies["/left-pad"] = [
        packument("1.0.0", "1.3.0", "2.0.0-rc.1", latest="1.3.0", next="2.0.0-rc.1", etag='"one"')
    ]
    look_up_dependencies(work)
    return work


def test_verdicts(looked_up: Work, server: FaultyServer) -> None:
    with looked_up.sessions() as session:
        assert verdicts(session) == {
            ("dependency", "left-pad"): ("1.3.0", False, "current"),
            ("dependency", "@acme/gone"): ("", False, "not_found"),
            ("dependency", "two"): ("1.2.0", False, ""),
            ("devDependency", "left-pad"): ("1.3.0", True, "unsatisfied"),
            ("devDependency", "pad"): ("1.3.0", False, "current"),
            ("devDependency", "../evil"): ("", False, ""),
            ("optionalDependency", "local"): ("1.2.0", False, ""),
            ("optionalDependency", "git"): ("", False, ""),
        }
    assert sorted(path for path, _ in server.asked) == ["/@acme%2Fgone", "/left-pad"]
    assert looked_up.latest.done == looked_up.latest.total == 2


def test_what_was_asked_lately_is_not_asked_again(looked_up: Work, server: FaultyServer) -> None:
    before = revision(looked_up.sessions)

    look_up_dependencies(looked_up)

    assert len(server.asked) == 2
    assert revision(looked_up.sessions) == before


def again(work: Work) -> Work:
    """Make the work that is asked for over REST, which asks about all."""
    return Work("again", work.kind, {"all": True}, 1, work.engine, work.sessions, work.settings)


def test_the_revision_is_raised_only_when_a_verdict_changes(
    looked_up: Work, server: FaultyServer
) -> None:
    before = revision(looked_up.sessions)
    server.asked.clear()
    server.replies["/left-pad"] = [Reply(status=304)]

    look_up_dependencies(again(looked_up))

    sent = {path: headers.get("if-none-match") for path, headers in server.asked}
    assert sent == {"/left-pad": '"one"', "/@acme%2Fgone": None}
    assert revision(looked_up.sessions) == before

    server.replies["/left-pad"] = [packument("1.0.0", "2.0.0", latest="2.0.0")]
    look_up_dependencies(again(looked_up))

    assert revision(looked_up.sessions) == before + 1
    with looked_up.sessions() as session:
        found = verdicts(session)
    assert found["dependency", "left-pad"] == ("2.0.0", True, "outdated")
    assert found["devDependency", "left-pad"] == ("2.0.0", False, "current")
    assert found["devDependency", "pad"] == ("2.0.0", False, "unsatisfied")


def test_a_refresh_keeps_verdicts_and_judges_what_is_new_by_the_cache(
    looked_up: Work, tree: WorkTree, server: FaultyServer
) -> None:
    server.asked.clear()
    tree.package(
        "packages/two", name="two", version="1.2.0", dependencies={"left-pad": "1.0.0", "new": "1"}
    )
    refresh_workspace(looked_up.engine, tree.path)

    with looked_up.sessions() as session:
        rows = session.execute(
            select(Package.name, Dependency.name, Dependency.kind, Dependency.status)
            .join(Package, Package.id == Dependency.package_id)
            .where(Dependency.registry_name != "")
            .order_by(Package.name, Dependency.name, Dependency.kind)
        ).all()
    assert [tuple(row) for row in rows] == [
        ("one", "@acme/gone", "dependency", "not_found"),
        ("one", "left-pad", "dependency", "current"),
        ("one", "left-pad", "devDependency", "unsatisfied"),
        ("one", "pad", "devDependency", "current"),
        ("two", "left-pad", "dependency", "outdated"),
        ("two", "new", "dependency", ""),
    ]
    assert server.asked == []
    look_up_dependencies(looked_up)
    assert [path for path, _ in server.asked] == ["/new"]


def test_what_nobody_depends_on_any_more_is_forgotten(looked_up: Work, tree: WorkTree) -> None:
    tree.package("packages/one", name="one", version="1.0.0", dependencies={"left-pad": "^1.0.0"})
    refresh_workspace(looked_up.engine, tree.path)

    look_up_dependencies(looked_up)

    with looked_up.sessions() as session:
        assert session.scalars(select(ExternalPackage.name)).all() == ["left-pad"]


def test_one_package_in_trouble_does_not_hold_up_the_others(
    work: Work, server: FaultyServer
) -> None:
    server.replies["/left-pad"] = [packument("1.0.0", latest="1.0.0")]
    server.replies["/@acme%2Fgone"] = [Reply(b"garbage")]

    with pytest.raises(Unavailable, match="1 of 2 packages could not be looked up") as refused:
        look_up_dependencies(work)

    assert refused.value.code == "npm_registry_unavailable"
    with work.sessions() as session:
        assert verdicts(session)["dependency", "left-pad"] == ("1.0.0", False, "current")
        assert session.scalars(select(ExternalPackage.name)).all() == ["left-pad"]


def test_a_registry_that_wants_to_be_left_alone_changes_nothing(
    work: Work, server: FaultyServer
) -> None:
    before = revision(work.sessions)
    for path in ("/left-pad", "/@acme%2Fgone"):
        server.replies[path] = [Reply(status=429, headers={"Retry-After": "3600"})]

    with pytest.raises(Unavailable, match=r"2 of 2 packages .*: it answers 429"):
        look_up_dependencies(work)

    assert len(server.asked) == 2
    assert revision(work.sessions) == before


def test_lookups_are_requested_where_there_is_a_registry_and_something_due(
    work: Work, server: FaultyServer
) -> None:
    request_due_lookups(work.sessions, work.settings)
    request_due_lookups(work.sessions, work.settings)
    with work.sessions() as session:
        (job,) = session.scalars(select(Job))
        assert (job.kind, job.key) == ("npm-lookup", "npm-lookup")
        session.delete(job)
        session.commit()

    server.replies["/left-pad"] = [packument("1.0.0", latest="1.0.0")]
    look_up_dependencies(work)
    request_due_lookups(work.sessions, work.settings)
    request_due_lookups(work.sessions, no_registry(work.settings))
    with work.sessions() as session:
        assert session.scalars(select(Job)).all() == []
    with pytest.raises(Conflict, match="REGISTRY_NPM_REGISTRY_URL"):
        request_lookups(work.sessions, no_registry(work.settings))
    job_id = request_lookups(work.sessions, work.settings)
    with work.sessions() as session:
        (job,) = session.scalars(select(Job))
        assert (job.id, job.payload) == (job_id, {"all": True})


def no_registry(settings: Settings) -> Settings:
    return settings.model_copy(update={"npm_registry_url": ""})


def test_without_a_registry_nothing_is_asked(work: Work, server: FaultyServer) -> None:
    look_up_dependencies(
        Work("j", work.kind, {}, 1, work.engine, work.sessions, no_registry(work.settings))
    )

    assert server.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "npm.example.com",
        "ftp://npm.example.com",
        "https://",
        "https://a:b@npm.example.com/",
        "https://npm.example.com/?x=1",
        "https://npm.example.com/#x",
        "file:///etc/passwd",
    ],
)
def test_addresses_that_the_setting_refuses(url: str) -> None:
    with pytest.raises(ValueError, match="it must be an address"):
        Settings(npm_registry_url=url)


def test_an_address_that_the_setting_takes() -> None:
    url: Any = "https://npm.example.com/path/"

    assert Settings(npm_registry_url=url).npm_registry_url == url
