"""A PostgreSQL that refuses a database for a while, as one that is stopped would."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import make_url


@contextmanager
def gone(url: str) -> Iterator[None]:
    """Have the server refuse the database, and end the connections that there are."""
    parsed = make_url(url).set(drivername="postgresql")
    server = parsed.set(database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(server, autocommit=True) as connection:

        def allow(allowed: bool) -> None:
            connection.execute(f'ALTER DATABASE "{parsed.database}" ALLOW_CONNECTIONS {allowed}')

        allow(False)
        try:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s",
                [parsed.database],
            )
            yield
        finally:
            allow(True)
