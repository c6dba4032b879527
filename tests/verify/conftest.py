"""A registry with some of everything, of which each test breaks a copy."""

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, select, text
from sqlalchemy.orm import Session, sessionmaker

from registry.database import make_engine, writing
from registry.health.builds import record_build
from registry.health.reports import SentReport, record_report
from registry.health.told_builds import ToldBuild
from registry.models import Publication
from registry.publishing.analytics import record_install
from registry.refresh import refresh_workspace
from registry.reports import read_report
from registry.rules.builds import BuildState
from registry.rules.enumerations import BuildStatus, ReportKind
from registry.settings import Settings
from registry.storage import open_storage
from registry.verify import Result, verify
from tests.accounts.samples import add_author, add_listing
from tests.databases import Databases, fresh_database
from tests.repositories import WorkTree, small_monorepo

_LINT = b'[{"filePath": "a.js", "messages": [], "errorCount": 0, "warningCount": 0}]'


@dataclass
class Registry:
    """A registry that can be broken, and verified."""

    url: str
    settings: Settings
    tree: WorkTree

    def run(self, *statements: str) -> None:
        """Run SQL that no constraint holds back."""
        engine = create_engine(self.url)
        with engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
            else:
                connection.exec_driver_sql("SET session_replication_role = replica")
            for statement in statements:
                connection.execute(text(statement))
            connection.commit()
        engine.dispose()

    def verify(self, *only: str, every: bool = True) -> dict[str, Result]:
        """Make the checks, or all of them; gives those that found something, by name."""
        engine = make_engine(self.url)
        try:
            results = list(verify(engine, self.settings, every=every, only=only))
        finally:
            engine.dispose()
        return {result.check: result for result in results if result.findings}

    def refresh(self, *, anew: bool = False) -> None:
        """Catalogue the workspace."""
        engine = make_engine(self.url)
        refresh_workspace(engine, self.tree.path, anew=anew)
        engine.dispose()

    @property
    def stored(self) -> list[Path]:
        """The store's files."""
        return sorted(self.settings.instance_path.glob("storage/??/??/*"))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> WorkTree:
    """Make the workspace; tests that change it take a copy."""
    return small_monorepo(tmp_path_factory.mktemp("verify") / "acme")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def template(
    request: pytest.FixtureRequest,
    databases: Databases,
    workspace: WorkTree,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[str, Path]]:
    """Make the registry that the tests' ones are copies of."""
    instance = tmp_path_factory.mktemp("verify") / "instance"
    with fresh_database(databases, request.param) as url:
        engine = make_engine(url)
        refresh_workspace(engine, workspace.path)
        with writing(sessionmaker(engine)) as session:
            _measure(session)
            _publish(session, Settings(database_url=url, instance_path=instance))
        engine.dispose()
        yield url, instance


@pytest.fixture
def registry(template: tuple[str, Path], workspace: WorkTree, tmp_path: Path) -> Iterator[Registry]:
    """Lend a copy of the registry."""
    url, instance = template
    shutil.copytree(instance, tmp_path / "instance")
    with _copied(url, tmp_path) as copy:
        settings = Settings(database_url=copy, instance_path=tmp_path / "instance")
        yield Registry(copy, settings, workspace)


@pytest.fixture
def own_tree(registry: Registry, tmp_path: Path) -> WorkTree:
    """Let the registry have a workspace of its own, which the test may change."""
    shutil.copytree(registry.tree.path, tmp_path / "own")
    registry.tree = WorkTree(tmp_path / "own")
    registry.refresh()
    return registry.tree


@contextmanager
def _copied(url: str, directory: Path) -> Iterator[str]:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        copy = directory / "copy.db"
        shutil.copyfile(str(parsed.database), copy)
        yield f"sqlite:///{copy}"
        return
    name = f"registry_test_{uuid.uuid4().hex}"
    server = create_engine(parsed.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{parsed.database}"'))
        try:
            yield parsed.set(database=name).render_as_string(False)
        finally:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    server.dispose()


def _measure(session: Session) -> None:
    began, ended = (datetime(2026, 11, 20, 10, minute, tzinfo=UTC) for minute in (0, 5))
    for number, status in enumerate((BuildStatus.SUCCESS, BuildStatus.FAILED)):
        state = BuildState(status, began, ended, branch="main")
        record_build(session, ToldBuild("two", str(number), state), window_days=90_000)
    report = read_report(ReportKind.LINT, _LINT)
    record_report(session, SentReport("two", report, len(_LINT), ended))


def _publish(session: Session, settings: Settings) -> None:
    author, _ = add_author(session, "Ada")
    package = add_listing(session, author, versions=[{"version": "1.2.0b3"}])
    storage = open_storage(settings)
    with storage.work_files.new() as work:
        work.write(b"an artifact")
        storage.put(work)
        publication = session.scalars(select(Publication)).one()
        publication.hash, publication.size = work.sha256, work.size
    publication.download_key, publication.loc = "key", "https://registry.example.com/artifacts/key"
    record_install(session, publication.version_id, datetime(2026, 11, 20, tzinfo=UTC))
    assert package.id
