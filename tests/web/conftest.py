"""An application whose database nothing touches, for what is between HTTP and the product."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session, sessionmaker

from app import create_app
from registry.database import make_engine
from registry.settings import Settings
from registry.web.database import db
from tests.databases import Databases, fresh_database

MakeApp = Callable[..., Flask]


@pytest.fixture
def make_app(tmp_path: Path) -> Iterator[MakeApp]:
    """Make applications with the settings that a test names."""
    made: list[Flask] = []

    def make(**settings: Any) -> Flask:
        values = {
            "database_url": f"sqlite:///{tmp_path / 'untouched.db'}",
            "instance_path": tmp_path,
            **settings,
        }
        app = create_app(Settings(**values))
        made.append(app)
        return app

    yield make
    for app in made:
        with app.app_context():
            db.engine.dispose()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_settings(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Give the settings of a database that all tests of a module share.

    A fresh one for each of a table's many rows would take most of the time.
    """
    with fresh_database(databases, request.param) as url:
        yield Settings(database_url=url, instance_path=tmp_path_factory.mktemp("instance"))


@pytest.fixture(scope="module")
def shared_sessions(shared_settings: Settings) -> Iterator[sessionmaker[Session]]:
    """Make sessions of the shared database."""
    engine = make_engine(shared_settings.database_address())
    yield sessionmaker(engine)
    engine.dispose()


@pytest.fixture(scope="module")
def shared_app(shared_settings: Settings) -> Iterator[Flask]:
    """Make an application on the shared database."""
    app = create_app(shared_settings)
    yield app
    with app.app_context():
        db.engine.dispose()
