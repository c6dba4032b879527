"""Tokens: what an author authenticates with. The secret is shown once and kept nowhere."""

import hashlib
import hmac
import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any, TypeAlias

import orjson
from sqlalchemy import Connection, Dialect, Engine, bindparam, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from registry.database import BUSY_TIMEOUT
from registry.errors import InvalidInput, NotFound
from registry.models import Author, Token
from registry.models.base import Timestamp, utc_now
from registry.rules.identifiers import InvalidIdentifier, parse_partial
from registry.rules.permissions import Permission
from registry.rules.viewer import Viewer
from registry.statements.single import Reader, SingleStatement, prepare_single

# By this, people and scanners of leaked secrets know one when they see it.
SECRET_PREFIX = "reg_"  # noqa: S105 -- the part of every secret that is none
_SECRET_BYTES = 32
# The secret's first characters, by which people tell tokens apart; 208 random bits stay unshown.
_SHOWN_LENGTH = len(SECRET_PREFIX) + 8
# How exact `last_used_at` is: a read becomes a write no more often than this.
USE_RECORDED_EVERY = timedelta(minutes=1)

_log = logging.getLogger("registry.accounts")

_FOR_SPECIFIC_PACKAGES = (
    Permission.UploadVersionSpecificPackages
    | Permission.UpdateDescriptionSpecificPackages
    | Permission.UpdateVersionDataSpecificPackages
    | Permission.ViewAnalyticsSpecificPackages
)
# What is read of a token that somebody shows.
_RECOGNISED = select(
    Token.id,
    Token.author_id,
    Token.secret_hash,
    Token.permissions,
    Token.packages,
    Token.expires_at,
    Token.revoked_at,
    Token.last_used_at,
)
_TIMESTAMP = Timestamp()
# Which packages each permission on specific packages is limited to.
Limits: TypeAlias = Mapping[Permission, Sequence[str]]


@dataclass(frozen=True)
class IssuedToken:
    """A new token, and the only sight of its secret."""

    secret: str
    token: Token


@dataclass(frozen=True)
class TokenSummary:
    """A token as its owner may see it."""

    prefix: str
    name: str
    author_name: str
    permissions: Permission
    # The packages that any of its permissions is limited to.
    packages: Sequence[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True)
class Authentication:
    """A token that was recognised."""

    viewer: Viewer
    token_id: int
    last_used_at: datetime | None


def issue_token(
    session: Session,
    author: Author,
    permissions: Permission,
    expires_in: timedelta | None,
    limits: Limits = MappingProxyType({}),
    *,
    name: str = "",
    description: str = "",
) -> IssuedToken:
    """Issue a token to an author.

    Args:
        session: the transaction that writes.
        author: whose token it is.
        permissions: what it allows, one at least.
        expires_in: how long it works; None: until it is revoked.
        limits: the partial identifiers of the packages that each of its permissions on specific
            packages is limited to.
        name: what the author calls it.
        description: what it is for.

    Raises:
        InvalidInput: it would allow nothing, or `limits` and `permissions` do not go together.
    """
    if not permissions:
        raise InvalidInput.of("permissions", "name one at least: a token without any is of no use")
    now = utc_now()
    secret = SECRET_PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
    token = Token(
        author_id=author.id,
        secret_hash=_hash(secret),
        prefix=secret[:_SHOWN_LENGTH],
        permissions=int(permissions),
        name=name,
        description=description,
        packages=_check_limits(limits, permissions),
        created_at=now,
        expires_at=None if expires_in is None else now + expires_in,
    )
    session.add(token)
    session.flush()
    return IssuedToken(secret, token)


def list_tokens(session: Session, author: Author | None = None) -> list[TokenSummary]:
    """List an author's tokens, or everybody's, oldest first; expired and revoked ones included."""
    statement = (
        select(
            Token.prefix,
            Token.name,
            Author.name.label("author_name"),
            Token.permissions,
            Token.packages,
            Token.created_at,
            Token.expires_at,
            Token.revoked_at,
            Token.last_used_at,
        )
        .join(Author, Author.id == Token.author_id)
        .order_by(Token.id)
    )
    if author is not None:
        statement = statement.where(Token.author_id == author.id)
    return [
        TokenSummary(
            prefix=row.prefix,
            name=row.name,
            author_name=row.author_name,
            permissions=Permission(row.permissions),
            packages=sorted({each for limited in row.packages.values() for each in limited}),
            created_at=row.created_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
            last_used_at=row.last_used_at,
        )
        for row in session.execute(statement)
    ]


def revoke_token(session: Session, shown: str) -> Token:
    """End a token for good; one that is revoked already stays as it is.

    Args:
        session: the transaction that writes.
        shown: the token's prefix as `list_tokens` gives it, or the whole secret.

    Raises:
        NotFound: there is no such token.
    """
    token = session.scalar(
        select(Token).where(or_(Token.prefix == shown, Token.secret_hash == _hash(shown)))
    )
    if token is None:
        # What was given may be a secret with a slip in it, so no more of it is shown.
        raise NotFound(f"There is no token {shown[:_SHOWN_LENGTH]!r}.", code="token_not_found")
    token.revoked_at = token.revoked_at or utc_now()
    return token


def authenticate(session: Session, secret: str, now: datetime) -> Authentication | None:
    """Recognise a token by its secret; None for an unknown, expired or revoked one.

    One statement in each case. It finds by a hash of the secret, so the time it takes tells nothing
    about the secrets there are.
    """
    secret_hash = _hash(secret)
    row = session.execute(_RECOGNISED.where(Token.secret_hash == secret_hash)).first()
    return None if row is None else _judge(row, secret_hash, now)


def authenticate_alone(reader: Reader, secret: str, now: datetime) -> Authentication | None:
    """Recognise a token as `authenticate` does, by a statement that needs no transaction."""
    secret_hash = _hash(secret)
    row = _prepare(reader.dialect).run(reader, secret_hash=secret_hash)
    if row is None:
        return None
    moments = {
        name: _TIMESTAMP.process_result_value(getattr(row, name), reader.dialect)
        for name in ("expires_at", "revoked_at", "last_used_at")
    }
    # SQLite's driver knows no JSON.
    packages = orjson.loads(row.packages) if isinstance(row.packages, str) else row.packages
    return _judge(row._replace(packages=packages, **moments), secret_hash, now)


@cache
def _prepare(dialect: Dialect) -> SingleStatement:
    return prepare_single(dialect, _RECOGNISED.where(Token.secret_hash == bindparam("secret_hash")))


def _judge(row: Any, secret_hash: bytes, now: datetime) -> Authentication | None:
    """Tell who a token's row lets in, if anybody."""
    if not hmac.compare_digest(row.secret_hash, secret_hash):
        return None
    if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
        return None
    packages = sorted(
        (Permission[name], identifier)
        for name, limited in row.packages.items()
        for identifier in limited
    )
    viewer = Viewer(row.author_id, Permission(row.permissions), tuple(packages))
    return Authentication(viewer, row.id, row.last_used_at)


def record_use(engine: Engine, authentication: Authentication, now: datetime) -> None:
    """Note when a token was used, to the minute, in a short transaction of its own.

    It never fails and never waits: where the row or the database is locked, a later use is noted.
    The data's revision stays, for nobody's answer changes.
    """
    last = authentication.last_used_at
    if last is not None and now - last < USE_RECORDED_EVERY:
        return
    try:
        with engine.connect() as connection:
            _write_use(connection, authentication.token_id, now)
    except SQLAlchemyError:
        _log.debug("the use of token %d was not noted", authentication.token_id, exc_info=True)


def _write_use(connection: Connection, token_id: int, now: datetime) -> None:
    # On PostgreSQL a row that is locked is no row; SQLite has no such clause and needs none.
    free = select(Token.id).where(Token.id == token_id).with_for_update(skip_locked=True)
    statement = update(Token).where(Token.id.in_(free)).values(last_used_at=now)
    if connection.dialect.name != "sqlite":
        connection.execute(statement)
        connection.commit()
        return
    connection.exec_driver_sql("PRAGMA busy_timeout=0")
    try:
        connection.execute(statement)
        connection.commit()
    finally:
        connection.rollback()
        connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_TIMEOUT * 1000}")


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()


def limit_all(permissions: Permission, packages: Sequence[str]) -> Limits:
    """Limit each permission on specific packages to the same ones.

    Raises:
        InvalidInput: there are packages and no such permission.
    """
    limited = permissions & _FOR_SPECIFIC_PACKAGES
    if packages and not limited:
        raise InvalidInput.of("packages", "go with permissions on specific packages only")
    return dict.fromkeys(limited, packages)


def _check_limits(limits: Limits, permissions: Permission) -> dict[str, list[str]]:
    """Check the limits, and give them as the row keeps them: by the permission's name."""
    given = {permission for permission, packages in limits.items() if packages}
    if given != set(permissions & _FOR_SPECIFIC_PACKAGES):
        raise InvalidInput.of(
            "packages", "go with permissions on specific packages, and these with packages"
        )
    try:
        return {
            str(permission.name): sorted({parse_partial(package) for package in limits[permission]})
            for permission in sorted(given)
        }
    except InvalidIdentifier as error:
        raise InvalidInput.of("packages", str(error)) from None
