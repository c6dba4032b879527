"""What is here, and whether it works: `/`, the probes, and what each problem's `type` means."""

from functools import cache

from flask import Blueprint, Response
from sqlalchemy import exists, select

from registry import __version__
from registry.database import reading
from registry.errors import NotFound, Unavailable
from registry.models import Workspace
from registry.schema import current_revision, head_revision
from registry.web.conditional import stamp_content
from registry.web.database import app_sessions, db
from registry.web.json import json_response
from registry.web.problems import problem_types
from registry.web.settings import current_settings

root = Blueprint("root", __name__)
# Apart, because probes are never limited.
probes = Blueprint("probes", __name__)

# What a caller can start from; addresses in braces are templates (RFC 6570).
LINKS = {
    "self": "/",
    "packages": "/api/packages",
    "package": "/api/packages/{packageName}",
    "commits": "/api/commits/{packagePath}",
    "dependencyGraph": "/api/dependencies/graph{?format,package,type}",
    "dependents": "/api/packages/{packageName}/dependents{?transitive}",
    "affected": "/api/affected{?since,type}",
    "issues": "/api/issues{?severity,code,package,limit,cursor}",
    "builds": "/api/packages/{packageName}/builds",
    "job": "/api/jobs/{jobId}",
    "search": "/api/search{?q,type,status}",
    "stats": "/api/stats",
    "health": "/api/health/packages",
    "meta": "/meta",
    "installable": "/packages",
    "installableVersion": "/packages/info/{packageId}/{packageVersion}",
    "versionDependents": "/packages/info/{packageId}/{packageVersion}/dependents",
    "resolve": "/packages/resolve{?wanted*,installed*,platform,xpVersion}",
    "analytics": "/analytics/{packageId}/{packageVersion}{?after,before}",
    "accountPackages": "/account/packages",
    "accountData": "/account/data",
    "graphql": "/graphql",
    "graphqlSchema": "/graphql/schema",
    "openapi": "/openapi.json",
    "docs": "/docs",
    "live": "/healthz",
    "ready": "/readyz",
}

_head_revision = cache(head_revision)


@root.get("/")
def show_root() -> Response:
    """Tell what is here: name, version, links."""
    return stamp_content(
        json_response({"name": "Registry", "version": __version__, "links": LINKS})
    )


@root.get("/problems/<code>")
def show_problem(code: str) -> Response:
    """Tell what the `type` of a problem means (RFC 9457, 3.1.1)."""
    kind = problem_types().get(code)
    if kind is None:
        raise NotFound("There is no such problem.")
    meaning = (kind.__doc__ or "").splitlines()[0]
    return stamp_content(
        json_response(
            {"code": code, "title": kind.title, "status": kind.status, "meaning": meaning}
        )
    )


@probes.get("/healthz")
def tell_live() -> Response:
    """Tell that the process answers; nothing else is asked."""
    return _probe({"status": "ok"})


@probes.get("/readyz")
def tell_ready() -> Response:
    """Tell whether requests can be answered: the database migrated, the workspace catalogued."""
    if current_revision(db.engine) != _head_revision():
        raise Unavailable(
            "The database has another schema than this release: run `registry migrate`.",
            code="database_not_migrated",
        )
    if not _is_catalogued():
        raise Unavailable("The workspace is not catalogued yet.", code="workspace_not_catalogued")
    return _probe({"status": "ready"})


def _is_catalogued() -> bool:
    """Tell whether the workspace was scanned; where there is none, nothing is awaited."""
    with reading(app_sessions()) as session:
        known, scanned = session.execute(
            select(
                exists(select(Workspace.id)),
                exists(select(Workspace.id).where(Workspace.scanned_at.is_not(None))),
            )
        ).one()
    return scanned or not (known or current_settings().workspace)


def _probe(value: dict[str, str]) -> Response:
    response = json_response(value)
    response.headers["Cache-Control"] = "no-store"
    return response
