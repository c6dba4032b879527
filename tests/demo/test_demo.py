"""The whole demo in a database: what the documents show, what git knows, and nothing twice."""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from app import create_app
from registry.accounts.publications import find_published_package, list_published_packages
from registry.accounts.tokens import authenticate, revoke_token
from registry.database import make_engine
from registry.demo import Demo, find_token, make_demo
from registry.errors import NotFound
from registry.models import (
    Author,
    Base,
    Build,
    Commit,
    Dependency,
    Health,
    HealthDay,
    Issue,
    Listing,
    Package,
    Publication,
    Report,
    Revision,
    Scan,
    Token,
    Version,
)
from registry.models.base import utc_now
from registry.refresh import refresh_workspace
from registry.rules.enumerations import PackageType, VersionStatus
from registry.rules.permissions import Permission
from registry.rules.score import HEALTHY_FROM, WARNING_FROM
from registry.settings import Settings
from registry.web.database import db
from tests.databases import Databases, fresh_database
from tests.repositories import WorkTree


class Made(NamedTuple):
    """A demo, the database that it is in, and the directory of its files."""

    engine: Engine
    directory: Path
    demo: Demo


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def made(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Made]:
    """Make a demo on each kind of database, once for all tests that only look at it."""
    with fresh_database(databases, request.param) as url:
        engine = make_engine(url)
        directory = tmp_path_factory.mktemp("demo")
        yield Made(engine, directory, make_demo(engine, directory))
        engine.dispose()


@pytest.fixture
def session(made: Made) -> Iterator[Session]:
    with Session(made.engine) as session:
        yield session


@pytest.fixture
def demo(engine: Engine, tmp_path: Path) -> Demo:
    """Make a demo for a test that changes it."""
    return make_demo(engine, tmp_path)


def counts(engine: Engine) -> dict[str, int | None]:
    """Count the rows of every table but those that tell of calls."""
    left_out = {Scan.__tablename__, Revision.__tablename__}
    with Session(engine) as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table))
            for table in Base.metadata.sorted_tables
            if table.name not in left_out
        }


def test_the_author_is_the_document_s(session: Session) -> None:
    author = session.scalar(select(Author).where(Author.author_id == "GPew5C4M1688712972"))

    assert author is not None
    assert author.name == "Arkin Solomon"


def test_the_document_s_samples_are_there_to_the_letter(session: Session) -> None:
    author = session.scalars(select(Author).where(Author.name == "Arkin Solomon")).one()

    first, second, *_ = list_published_packages(session, author.id)

    assert (first.identifier, first.name, first.package_type, first.description) == (
        "example.package1",
        "Example Package 1",
        "other",
        "A cool package\n\nJust for an example though",
    )
    assert (second.identifier, second.name, second.description, second.versions) == (
        "example.package2",
        "Example Package 2",
        "Example package 2",
        [],
    )
    failed, processed = first.versions
    assert (failed.version, failed.status, failed.hash) == ("1.3.0", "failed_server", "")
    assert failed.dependencies == [["example.package2", "1.2-"]]
    assert failed.upload_date.isoformat() == "2023-07-16T05:53:38.506000+00:00"
    assert (processed.version, processed.status) == ("1.4.3", "processed")
    assert (processed.size, processed.installed_size) == (1249, 3428)
    assert processed.incompatibilities == [
        ["xpkg/example.package5", "*"],
        ["xpkg/example.package3", "41b3-222.3.0"],
        ["xpkg/example.package6", "27-30.999a41"],
    ]
    assert processed.hash.startswith("54ecb365c57979f8")
    assert processed.loc.endswith("Cywg0qUKo4Za6")


@pytest.mark.parametrize(
    ("column", "values"),
    [
        (Publication.status, VersionStatus),
        (Publication.is_public, [True, False]),
        (Publication.is_stored, [True, False]),
        (Listing.package_type, set(PackageType) - {PackageType.EXECUTABLE}),
    ],
)
def test_every_value_is_there_to_be_seen(session: Session, column: Any, values: Any) -> None:
    assert set(session.scalars(select(column))) == set(values)


def test_what_everyone_may_install_is_there(made: Made) -> None:
    app = create_app(
        Settings(
            database_url=made.engine.url.render_as_string(hide_password=False),
            instance_path=made.directory,
        )
    )
    client = app.test_client()
    with Session(made.engine) as session:
        rows = session.execute(
            select(Publication.loc, Publication.hash, Publication.size).where(
                Publication.status == "processed",
                Publication.is_public,
                # The document's own sample, whose artifact nobody has.
                Publication.hash.not_like("54ecb365%"),
            )
        ).all()

    assert len(rows) == 8
    for loc, sha256, size in rows:
        artifact = client.get(urlsplit(loc).path).data
        assert (hashlib.sha256(artifact).hexdigest(), len(artifact)) == (sha256, size)
        assert "manifest.json" in zipfile.ZipFile(io.BytesIO(artifact)).namelist()
    with app.app_context():
        db.engine.dispose()


def test_there_is_another_author_with_private_versions(session: Session) -> None:
    private = session.execute(
        select(Author.name)
        .join(Listing, Listing.author_id == Author.id)
        .join(Version, Version.package_id == Listing.package_id)
        .join(Publication)
        .where(Publication.is_public.is_(False), Author.name != "Arkin Solomon")
    )

    assert private.first()


def test_published_versions_join_the_versions_that_git_knows(session: Session) -> None:
    rows = session.execute(
        select(Version.version, Version.tag, Commit.message, Publication.upload_date, Commit.date)
        .join(Publication)
        .join(Package, Package.id == Version.package_id)
        .join(Commit, Commit.id == Version.commit_id)
        .where(Package.name == "@acme/metar", Version.from_git.is_(True))
        .order_by(Version.sort_key)
    ).all()

    assert [row.version for row in rows] == ["1.0.0", "1.1.0", "1.2.0", "1.3.0", "2.0.0"]
    assert all(row.tag == f"@acme/metar@{row.version}" for row in rows)
    assert all(row.version in row.message for row in rows)
    assert all(row.upload_date > row.date for row in rows)


def test_a_version_can_be_known_from_its_publication_alone(session: Session) -> None:
    version = session.scalars(select(Version).where(Version.version == "1.2.0b1")).one()
    package = session.get_one(Package, version.package_id)

    assert package.name == "xplane-connect"
    assert version.from_git is False


def test_a_package_can_be_listed_only(session: Session) -> None:
    package = session.scalars(select(Package).where(Package.name == "skylane.c182")).one()

    assert package.workspace_id is None


def test_its_workspace_shows_what_there_is_to_show(session: Session, made: Made) -> None:
    def every(column: Any) -> set[Any]:
        return set(session.scalars(select(column).distinct()))

    assert made.demo.report.packages >= 20
    assert {"name_duplicate", "not_json"} <= every(Issue.code)
    assert {"workspace", "catalog", "npm", "file", "link", "git"} <= every(Dependency.protocol)
    assert {"app", "lib", "tool", "service"} <= every(Package.type)
    assert {"feat", "fix", "chore", "other"} <= every(Commit.type)
    assert {True, False} == every(Commit.breaking) == every(Commit.merge)
    removed = select(Package).where(Package.name == "@acme/gateway")
    assert session.scalar(removed) is None


def test_a_moved_package_keeps_its_history(session: Session) -> None:
    package = session.scalars(select(Package).where(Package.name == "@acme/navdata")).one()
    versions = select(Version.version).where(Version.package_id == package.id)

    assert package.path == "tools/navdata"
    assert "0.3.0" in session.scalars(versions).all()


def test_some_packages_were_measured_and_some_were_not(session: Session) -> None:
    coverage = session.scalars(select(Health.test_coverage)).all()
    scores = set(session.scalars(select(Health.overall_score)))

    assert None in coverage
    assert any(coverage)
    assert min(scores) < WARNING_FROM
    assert max(scores) >= HEALTHY_FROM
    assert {"success", "failed"} <= set(session.scalars(select(Build.status)))


def test_what_was_measured_has_a_history_and_evidence(session: Session) -> None:
    planner = session.scalars(select(Package).where(Package.name == "@acme/planner")).one()
    health = session.scalars(select(Health).where(Health.package_id == planner.id)).one()
    days = session.execute(
        select(HealthDay.day, HealthDay.build_status, HealthDay.test_coverage)
        .where(HealthDay.package_id == planner.id)
        .order_by(HealthDay.day)
    ).all()

    assert (health.build_status, health.test_coverage) == ("failed", 58.9)
    assert (health.lint_status, health.security_audit) == ("warn", "fail")
    assert session.get_one(Report, health.coverage_report_id).format == "lcov"
    assert [tuple(day) for day in days] == [
        ("2026-10-05", "success", 55.0),
        ("2026-10-06", "failed", 56.3),
        ("2026-10-07", "success", 57.6),
        ("2026-10-08", "failed", 58.9),
    ]


def test_the_token_opens_the_account(session: Session, made: Made) -> None:
    found = authenticate(session, made.demo.token, utc_now())

    assert found is not None
    assert found.viewer.may(Permission.ViewPackages)
    assert found.viewer.may(Permission.ManageWorkspace)
    assert not found.viewer.may(Permission.Admin)
    assert found.viewer.author_id is not None
    package = find_published_package(session, found.viewer.author_id, "example.package1")
    assert len(package.versions) == 2
    with pytest.raises(NotFound):
        find_published_package(session, found.viewer.author_id, "nord.alps")


def test_the_token_s_file_is_its_owner_s_alone(made: Made) -> None:
    file = made.directory / "demo-token"

    assert file.read_text().strip() == made.demo.token
    assert file.stat().st_mode & 0o777 == 0o600


def test_again_changes_nothing(engine: Engine, demo: Demo, tmp_path: Path) -> None:
    before = counts(engine)

    again = make_demo(engine, tmp_path)

    assert counts(engine) == before
    assert again.token == demo.token


def test_again_keeps_what_was_changed(engine: Engine, demo: Demo, tmp_path: Path) -> None:
    with Session(engine) as session:
        version = session.scalars(select(Version).where(Version.version == "1.4.3")).one()
        session.get_one(Publication, version.id).installs = 77
        health = session.scalars(select(Health).where(Health.test_coverage == 100.0)).one()
        health.overall_score = 1
        session.commit()
        version_id, health_id = version.id, health.id

    make_demo(engine, tmp_path)

    with Session(engine) as session:
        assert session.get_one(Publication, version_id).installs == 77
        assert session.get_one(Health, health_id).overall_score == 1


def test_a_token_that_works_no_more_is_replaced(engine: Engine, demo: Demo, tmp_path: Path) -> None:
    with Session(engine) as session:
        revoke_token(session, demo.token)
        session.commit()
        assert find_token(session, tmp_path) is None

    again = make_demo(engine, tmp_path)

    with Session(engine) as session:
        assert again.token != demo.token
        assert find_token(session, tmp_path) == again.token
        assert session.scalar(select(func.count()).select_from(Token)) == 2


def test_after_another_workspace_it_is_whole_again(
    engine: Engine, demo: Demo, tmp_path: Path
) -> None:
    before = counts(engine)
    other = WorkTree(tmp_path / "other")
    other.package(".", name="other", version="1.0.0")
    refresh_workspace(engine, other.path)

    make_demo(engine, tmp_path)

    assert counts(engine) == before
