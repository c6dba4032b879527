"""Asking for lookups in an npm registry: which are due, and the job that a worker is left.

Apart from the lookups themselves, which the servers never do: their client need not be loaded.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from registry.database import reading
from registry.errors import Conflict
from registry.jobs import submit_job
from registry.models import Dependency, ExternalPackage
from registry.models.base import utc_now
from registry.settings import Settings

KIND = "npm-lookup"


def request_lookups(sessions: Callable[[], Session], settings: Settings) -> str:
    """Have a worker look all external dependencies up, lately or not, and give the job's id.

    Raises:
        Conflict: no npm registry is configured.
    """
    if not settings.npm_registry_url:
        raise Conflict(
            "No npm registry is configured: set REGISTRY_NPM_REGISTRY_URL.",
            code="npm_registry_not_configured",
        )
    return submit_job(sessions, KIND, {"all": True}, key=f"{KIND}:all", asked=True)


def request_due_lookups(sessions: Callable[[], Session], settings: Settings) -> None:
    """Have a worker look up what was not looked up lately, if there is anything such."""
    if not settings.npm_registry_url:
        return
    with reading(sessions) as session:
        due = session.execute(due_lookups(settings.npm_registry_max_age).limit(1)).first()
    if due is not None:
        submit_job(sessions, KIND, key=KIND)


def due_lookups(max_age: int) -> Select[*tuple[Any, ...]]:
    """Select the packages to look up: those never asked about, or not for so many seconds."""
    before = utc_now() - timedelta(seconds=max_age)
    return (
        select(Dependency.registry_name, ExternalPackage.etag)
        .outerjoin(ExternalPackage, ExternalPackage.name == Dependency.registry_name)
        .where(
            Dependency.registry_name != "",
            or_(ExternalPackage.name.is_(None), ExternalPackage.fetched_at < before),
        )
        .distinct()
        .order_by(Dependency.registry_name)
    )
