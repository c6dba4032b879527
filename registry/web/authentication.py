"""Who is calling: the token of the Authorization header, looked up once a request."""

from dataclasses import dataclass

from flask import request

from registry.accounts.tokens import authenticate_alone, record_use
from registry.errors import Forbidden, Unauthenticated
from registry.models.base import utc_now
from registry.rules.permissions import Permission
from registry.rules.viewer import ANONYMOUS, Viewer
from registry.web.cross_site import refuse_cross_site
from registry.web.database import db, single_reads
from registry.web.settings import current_settings

_CALLER = "registry.caller"


@dataclass(frozen=True)
class Caller:
    """What the Authorization header says."""

    viewer: Viewer
    # A token was sent that is unknown, expired or revoked.
    refused: bool = False


def current_caller() -> Caller:
    """Look up who is calling, without a word about a token that is of no use."""
    # The environment, not `flask.g`: that outlives a request where the app's context was pushed
    # around it.
    caller: Caller | None = request.environ.get(_CALLER)
    if caller is None:
        caller = request.environ[_CALLER] = _look_up()
    return caller


def current_viewer() -> Viewer:
    """Give who is calling: an author with what the token allows, or nobody.

    A useless token is refused even where none is needed: its owner would wonder why less is shown.

    Raises:
        Unauthenticated: the token is unknown, expired or revoked.
    """
    caller = current_caller()
    if caller.refused:
        raise Unauthenticated("The token is unknown, expired or revoked.", code="invalid_token")
    return caller.viewer


def require_author() -> int:
    """Give the author who is calling, by the key of the row.

    Raises:
        Unauthenticated: there is no token, or a useless one.
    """
    author_id = current_viewer().author_id
    if author_id is None:
        raise Unauthenticated("This needs a token: send `Authorization: Bearer TOKEN`.")
    return author_id


def require(permission: Permission) -> Viewer:
    """Give who is calling, an author with a token that has the permission.

    Raises:
        Unauthenticated: there is no token, or a useless one.
        Forbidden: the token lacks the permission.
    """
    require_author()
    viewer = current_viewer()
    if not viewer.may(permission):
        raise _lacks(permission)
    return viewer


def require_either(anywhere: Permission, specific: Permission) -> Viewer:
    """Give who is calling, with a permission on any package, or its twin on specific ones.

    That comes first, before it is known which package is meant; then `require_with`.

    Raises:
        Unauthenticated: there is no token, or a useless one.
        Forbidden: the token has neither.
    """
    require_author()
    viewer = current_viewer()
    if not (viewer.may(anywhere) or viewer.may(specific)):
        raise _lacks(anywhere)
    return viewer


def require_with(
    viewer: Viewer, identifier: str, anywhere: Permission, specific: Permission
) -> None:
    """See that a caller may do with one package what a pair of permissions guards.

    Raises:
        Forbidden: the token is limited to other packages.
    """
    if not viewer.may_with(identifier, anywhere, specific):
        raise _lacks(anywhere)


def _lacks(permission: Permission) -> Forbidden:
    name = permission.name or str(permission)
    return Forbidden(f"The token lacks the permission {name}.", scope=name)


def require_write() -> Viewer:
    """Admit a write to the workspace: by a token with ManageWorkspace, or where writes are open.

    Where they are open (`OPEN_WRITES`) anyone on this machine may write, so a token that is sent
    must be a good one but needs no permission; a web page of another site is not anyone.

    Raises:
        Unauthenticated: writes are closed and there is no token, or a useless one was sent.
        Forbidden: writes are closed and the token lacks ManageWorkspace.
        CrossSiteWrite: writes are open and a page of another site asks, without a token.
    """
    if not current_settings().open_writes:
        return require(Permission.ManageWorkspace)
    viewer = current_viewer()
    if viewer.author_id is None:
        refuse_cross_site()
    return viewer


def _look_up() -> Caller:
    secret = _sent_token(request.headers.get("Authorization", ""))
    if secret is None:
        return Caller(ANONYMOUS)
    # Not in the request's session: what it reads shall all be of one state, which begins later.
    now = utc_now()
    found = authenticate_alone(single_reads(), secret, now)
    if found is None:
        return Caller(ANONYMOUS, refused=True)
    record_use(db.engine, found, now)
    return Caller(found.viewer)


def _sent_token(header: str) -> str | None:
    """Take the token out of `Bearer TOKEN` or a bare `TOKEN`; other schemes bear none of ours."""
    scheme, _, credentials = header.strip().partition(" ")
    if not credentials:
        return scheme or None
    return credentials.strip() if scheme.lower() == "bearer" else None
