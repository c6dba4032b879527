"""Fixtures that all tests share: databases, the application, git repositories."""

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from app import create_app
from registry.database import make_engine
from registry.settings import Settings
from registry.web.database import db
from tests.compiled import share_compiled_statements
from tests.databases import Databases, fresh_database
from tests.documented_answers import DocumentedClient

# A busy machine must not fail a test: no deadline, and no complaint about slow data. Nor may one
# that has found something today pass tomorrow: other examples are for `make torture`.
hypothesis.settings.register_profile(
    "patient",
    deadline=None,
    derandomize="TORTURE_EXAMPLES" not in os.environ,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("patient")
share_compiled_statements()


def pytest_collection_finish() -> None:
    """Look for garbage only in what tests make: thousands of them look through all the rest."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Make databases for the whole run."""
    databases = Databases(tmp_path_factory.mktemp("databases"), durable=False)
    yield databases
    databases.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, databases: Databases) -> Iterator[str]:
    """Lend a migrated, empty database; the test runs once on each kind."""
    with fresh_database(databases, request.param) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Engine]:
    """Lend a database without tables."""
    url = databases.make_empty(request.param)
    engine = make_engine(url)
    yield engine
    engine.dispose()
    databases.drop(url)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Connect to the test's database."""
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def sessions(engine: Engine) -> sessionmaker[Session]:
    """Make sessions on the test's database."""
    return sessionmaker(engine)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Give the settings of the application under test; a module overrides what it needs."""
    return Settings(database_url=database_url, instance_path=tmp_path / "instance")


@pytest.fixture
def new_app() -> Iterator[Callable[[Settings], Flask]]:
    """Make applications whose connections are closed after the test."""
    made: list[Flask] = []

    def make(settings: Settings) -> Flask:
        app = create_app(settings)
        app.testing = True
        app.test_client_class = DocumentedClient
        made.append(app)
        return app

    yield make
    for app in made:
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def app(settings: Settings, new_app: Callable[[Settings], Flask]) -> Flask:
    """Make the application under test."""
    return new_app(settings)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Call the application under test."""
    return app.test_client()
