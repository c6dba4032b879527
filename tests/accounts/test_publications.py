"""The reads behind the account API."""

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from registry.accounts.publications import (
    find_published_package,
    find_published_version,
    list_published_packages,
)
from registry.database import reading, writing
from registry.errors import NotFound
from registry.models import Package, Version, Workspace
from registry.rules.enumerations import VersionStatus
from registry.rules.semver import sort_key
from registry.rules.versions import RegistryVersion
from tests.accounts.samples import FAILED, PROCESSED, Statements, add_author, add_listing


def test_packages_come_by_identifier_in_code_point_order(sessions: sessionmaker[Session]) -> None:
    # A locale's order would put the underscore first, or leave it out.
    identifiers = ["a_b.one", "a.b.one", "ab.one2", "a-b.one", "abc.one"]
    with writing(sessions) as session:
        author, _ = add_author(session)
        for identifier in identifiers:
            add_listing(session, author, identifier)
        author_id = author.id

    with reading(sessions) as session:
        packages = list_published_packages(session, author_id)

    assert [package.identifier for package in packages] == sorted(identifiers)
    assert all(package.versions == [] for package in packages)


def test_versions_come_by_precedence_oldest_first(sessions: sessionmaker[Session]) -> None:
    ordered = ["0.0.1", "1.2.0a1", "1.2.0a2", "1.2.0a10", "1.2.0b1", "1.2.0r1", "1.2.0", "1.10.0"]
    with writing(sessions) as session:
        author, _ = add_author(session)
        add_listing(session, author, versions=[{"version": v} for v in reversed(ordered)])
        author_id = author.id

    with reading(sessions) as session:
        (package,) = list_published_packages(session, author_id)
        same = find_published_package(session, author_id, "example.package1")

    assert [version.version for version in package.versions] == ordered
    assert package == same


def test_every_status_is_shown(sessions: sessionmaker[Session]) -> None:
    with writing(sessions) as session:
        author, _ = add_author(session)
        add_listing(
            session,
            author,
            versions=[
                {"version": f"1.{number}.0", "status": status}
                for number, status in enumerate(VersionStatus)
            ],
        )
        author_id = author.id

    with reading(sessions) as session:
        package = find_published_package(session, author_id, "example.package1")

    assert [version.status for version in package.versions] == list(VersionStatus)


def test_a_version_that_only_git_knows_is_none_of_an_account(
    sessions: sessionmaker[Session],
) -> None:
    with writing(sessions) as session:
        author, _ = add_author(session)
        workspace = Workspace(path="/srv/monorepo")
        session.add(workspace)
        session.flush()
        package = Package(name="@org/one", workspace_id=workspace.id, path="packages/one")
        add_listing(session, author, package=package, versions=[PROCESSED])
        session.add(
            Version(
                package_id=package.id, version="9.9.9", sort_key=sort_key("9.9.9"), from_git=True
            )
        )
        author_id = author.id

    with reading(sessions) as session:
        (found,) = list_published_packages(session, author_id)
        assert [version.version for version in found.versions] == ["1.4.3"]
        with pytest.raises(NotFound):
            find_published_version(
                session, author_id, "example.package1", RegistryVersion.parse("9.9.9")
            )


def test_one_version_however_it_is_written(sessions: sessionmaker[Session]) -> None:
    with writing(sessions) as session:
        author, _ = add_author(session)
        add_listing(session, author, versions=[FAILED, PROCESSED])
        author_id, documented_id = author.id, author.author_id

    with reading(sessions) as session:
        for written in ("1.4.3", "01.004.3"):
            found = find_published_version(
                session, author_id, "example.package1", RegistryVersion.parse(written)
            )
            assert found.version.version == "1.4.3"
            assert found.version.dependencies == PROCESSED["dependencies"]
            assert found.version.upload_date == PROCESSED["upload_date"]
            assert (found.author_id, found.author_name) == (documented_id, "Arkin Solomon")
        for missing in ("1.4.3b1", "1.4", "1.4.4"):
            with pytest.raises(NotFound):
                find_published_version(
                    session, author_id, "example.package1", RegistryVersion.parse(missing)
                )


def test_the_accounts_of_others_are_closed(sessions: sessionmaker[Session]) -> None:
    with writing(sessions) as session:
        ada, _ = add_author(session, "Ada")
        grace, _ = add_author(session, "Grace")
        add_listing(session, ada, versions=[PROCESSED])
        grace_id = grace.id

    with reading(sessions) as session:
        assert list_published_packages(session, grace_id) == []
        with pytest.raises(NotFound):
            find_published_package(session, grace_id, "example.package1")
        with pytest.raises(NotFound):
            find_published_version(
                session, grace_id, "example.package1", RegistryVersion.parse("1.4.3")
            )


def test_each_read_is_one_statement(sessions: sessionmaker[Session], engine: Engine) -> None:
    with writing(sessions) as session:
        author, _ = add_author(session)
        for number in range(5):
            add_listing(session, author, f"example.package{number}", versions=[FAILED, PROCESSED])
        author_id = author.id

    for read in (
        lambda session: list_published_packages(session, author_id),
        lambda session: find_published_package(session, author_id, "example.package3"),
        lambda session: find_published_version(
            session, author_id, "example.package3", RegistryVersion.parse("1.4.3")
        ),
    ):
        statements = Statements(engine)
        with reading(sessions) as session:
            read(session)
        assert len(statements.data()) == 1
