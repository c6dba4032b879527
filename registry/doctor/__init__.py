"""Looks at what the service needs: says what is there, what is not, and how to mend that.

Looking changes nothing: it makes neither a database nor a directory.
"""

import os
from collections.abc import Iterator

from pydantic import ValidationError

from registry.doctor.check import Check, Verdict
from registry.doctor.configuration import check_invalid, check_settings, check_variables
from registry.doctor.database import open_checked
from registry.doctor.jobs import check_jobs
from registry.doctor.machine import check_directories, check_git, check_python
from registry.doctor.service import check_port, check_rate_limits, check_writes
from registry.doctor.storage import check_storage
from registry.doctor.workspace import check_workspace
from registry.server import Address
from registry.settings import Settings

__all__ = ["Check", "Verdict", "examine"]


def examine(address: Address) -> Iterator[Check]:
    """Look at everything that a server at `address` needs, one thing after the other."""
    yield check_python()
    yield check_git()
    yield check_variables(os.environ)
    try:
        settings = Settings()
    except ValidationError as error:
        yield from check_invalid(error)
        return
    yield check_settings(settings)
    yield from check_directories(settings)
    with open_checked(settings.database_address()) as (checks, engine):
        yield from checks
        yield from check_workspace(settings, engine)
        yield from check_jobs(settings, engine)
        yield from check_storage(settings, engine)
    yield from check_rate_limits(settings)
    yield check_writes(settings, address)
    yield check_port(address)
