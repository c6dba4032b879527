"""The registry's own routes, without the limits that tests would run into."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.orm import Session, sessionmaker

from registry.rest.limits import Policy
from registry.settings import Settings
from tests.listings.api import Api


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Lift all limits."""
    return settings.model_copy(update={policy.value: "" for policy in Policy})


@pytest.fixture
def api(
    settings: Settings, new_app: Callable[[Settings], Flask], sessions: sessionmaker[Session]
) -> Api:
    """Serve the registry, with an author Ada who may do everything."""
    app = new_app(settings)
    api = Api(app, app.test_client(), sessions)
    api.author("Ada")
    return api
