"""How long a statement may run."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection

# How many of its virtual machine's instructions SQLite runs between two looks at the clock: a
# millisecond's worth or so.
_INSTRUCTIONS = 50_000


@contextmanager
def time_limit(connection: Connection, milliseconds: int) -> Iterator[None]:
    """Stop statements that run longer than so many milliseconds; 0: never.

    On PostgreSQL the limit stays until the transaction ends.
    """
    if not milliseconds:
        yield
    elif connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {milliseconds:d}")
        yield
    else:
        deadline = time.monotonic() + milliseconds / 1000
        driver: Any = connection.connection.driver_connection
        driver.set_progress_handler(lambda: time.monotonic() > deadline, _INSTRUCTIONS)
        try:
            yield
        finally:
            driver.set_progress_handler(None, 0)
