"""A worker's sign of life, where its database goes away and comes back."""

from collections.abc import Iterator

import pytest
from sqlalchemy.exc import DBAPIError

from registry.database import make_engine
from registry.jobs.presence import be_present, find_absent
from tests.databases import Databases, fresh_database
from tests.outages import gone


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """Lend a PostgreSQL: beside SQLite the sign is a locked file."""
    with fresh_database(databases, "postgresql") as url:
        yield url


def test_it_is_put_up_again_however_long_the_database_was_gone(database_url: str) -> None:
    engine = make_engine(database_url)
    presence = be_present(engine)
    with gone(database_url):
        for _ in range(3):
            with pytest.raises(DBAPIError):
                presence.renew()
        # To stop meanwhile is no failure.
        presence.end()

    presence.renew()

    assert find_absent(engine, {presence.worker}) == set()
    presence.end()
    assert find_absent(engine, {presence.worker}) == {presence.worker}
    engine.dispose()
