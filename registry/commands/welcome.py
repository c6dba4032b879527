"""What `registry serve` says once it answers: where, what of, and three calls to try."""

import sys
from shlex import quote

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from registry import __version__
from registry.accounts.kept_token import find_token
from registry.catalogue.workspaces import WORKSPACE
from registry.database import reading
from registry.models import Package
from registry.server import Address
from registry.settings import Settings

_PACKAGE = Package.__table__.c
_QUERY = (
    '{"query": "{ packages(first: 3) { nodes { name version commits(first: 1) '
    '{ nodes { date message } } } } }"}'
)


def welcome(engine: Engine, settings: Settings, address: Address) -> str:
    """Write the greeting; calls to try, and the demo's token, only for a server on loopback."""
    with reading(sessionmaker(engine)) as session:
        lines = [f"Registry {__version__} answers on {address.url} (Ctrl-C stops it)."]
        lines.append(_describe_workspace(session, settings))
        token = find_token(session, settings.instance_path) if address.is_loopback else None
    if settings.open_writes:
        lines.append("Writes are open to everyone on this machine (REGISTRY_OPEN_WRITES).")
    if address.is_loopback:
        lines += ["", *_calls(address.url, token), ""]
    return "\n".join(lines)


def _describe_workspace(session: Session, settings: Settings) -> str:
    path = session.scalar(select(WORKSPACE.path).order_by(WORKSPACE.id).limit(1))
    configured = settings.workspace and str(settings.workspace.resolve())
    if path is None or (configured and configured != path):
        if configured:
            return f"Workspace: {configured}, not catalogued yet."
        return "Workspace: none; set REGISTRY_WORKSPACE to the path of a git repository."
    packages = session.scalar(select(func.count(_PACKAGE.workspace_id)))
    return f"Workspace: {path}, {packages} packages."


def _calls(url: str, token: str | None) -> list[str]:
    # As it was called here, so that the lines work where they are pasted.
    registry = quote(sys.argv[0])
    if token:
        account = [f"  curl -H 'Authorization: Bearer {token}' {url}/account/packages"]
    else:
        issue = f"{registry} token issue --author Ada --permission ViewPackages"
        account = [
            f"  {registry} author create Ada",
            f'  curl -H "Authorization: Bearer $({issue})" {url}/account/packages',
        ]
    return [
        *([f"Token: {token}", ""] if token else []),
        "Try:",
        f"  curl {url}/api/packages",
        "",
        *account,
        "",
        f"  curl -H 'Content-Type: application/json' {url}/graphql -d \\",
        f"    '{_QUERY}'",
    ]
