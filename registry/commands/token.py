"""`registry token`."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import click
from sqlalchemy.orm import sessionmaker

from registry.accounts.authors import find_author
from registry.accounts.durations import parse_duration
from registry.accounts.tokens import (
    TokenSummary,
    issue_token,
    limit_all,
    list_tokens,
    revoke_token,
)
from registry.commands.environment import open_database, read_settings
from registry.commands.terminal import print_json, print_result, print_table, say, suggest
from registry.database import reading, writing
from registry.errors import InvalidInput
from registry.models.base import utc_now
from registry.rules.permissions import NO_PERMISSIONS, Permission
from registry.rules.times import format_time

_NEVER = "never"


class _PermissionName(click.ParamType[Permission]):
    """A permission's name, in any case."""

    name = "permission"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Permission:
        try:
            return Permission.named(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class _Lifetime(click.ParamType[timedelta | None]):
    """A span such as 90d, or `never`."""

    name = "span"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta | None:
        if value == _NEVER:
            return None
        try:
            return parse_duration(str(value))
        except InvalidInput as error:
            self.fail(error.errors[0].message, param, ctx)


@click.group("token")
def command() -> None:
    """Manage what authors authenticate with."""


@command.command("issue")
@click.option("--author", required=True, metavar="NAME", help="Whose token it is.")
@click.option(
    "--permission",
    "permissions",
    type=_PermissionName(),
    multiple=True,
    required=True,
    help="What it allows, e.g. ViewPackages; may be given more than once.",
)
@click.option(
    "--expires",
    "lifetime",
    type=_Lifetime(),
    default="90d",
    show_default=True,
    help="How long it works: a number and one of s, m, h, d, w, y; or never.",
)
@click.option(
    "--package",
    "packages",
    multiple=True,
    metavar="ID",
    help="A package that permissions on specific packages are limited to.",
)
def issue(
    author: str,
    permissions: Sequence[Permission],
    lifetime: timedelta | None,
    packages: Sequence[str],
) -> None:
    """Issue a token and print it, and nothing else. It is shown this once."""
    held = NO_PERMISSIONS
    for permission in permissions:
        held |= permission
    with open_database(read_settings()) as engine, writing(sessionmaker(engine)) as session:
        issued = issue_token(
            session, find_author(session, author), held, lifetime, limit_all(held, packages)
        )
        secret, prefix, expires = issued.secret, issued.token.prefix, issued.token.expires_at
    print_result(secret)
    until = f"until {format_time(expires)}" if expires else "until it is revoked"
    say(f"The token {prefix}… allows {', '.join(held.names())}, {until}.")
    suggest("call with the header `Authorization: Bearer TOKEN`")


@command.command("list")
@click.option("--author", metavar="NAME", help="Only this author's tokens.")
@click.option("--json", "as_json", is_flag=True, help="Print the tokens as JSON.")
def list_(author: str | None, as_json: bool) -> None:
    """List the tokens there are, the expired and revoked ones too."""
    with open_database(read_settings()) as engine, reading(sessionmaker(engine)) as session:
        owner = find_author(session, author) if author else None
        tokens = list_tokens(session, owner)
    if as_json:
        print_json([_as_json(token) for token in tokens])
    elif tokens:
        now = utc_now()
        print_table(
            ("TOKEN", "AUTHOR", "STATE", "EXPIRES", "LAST USED", "PERMISSIONS"),
            [_as_row(token, now) for token in tokens],
        )
    if tokens:
        suggest("registry token revoke TOKEN ends one")
    else:
        say("There are no tokens yet.")
        suggest("registry token issue --author NAME --permission ViewPackages")


@command.command("revoke")
@click.argument("token")
def revoke(token: str) -> None:
    """End a token for good. TOKEN is what `token list` shows of it, or all of it."""
    with open_database(read_settings()) as engine, writing(sessionmaker(engine)) as session:
        revoked = revoke_token(session, token.rstrip("…"))
        prefix, at = revoked.prefix, revoked.revoked_at
    moment = format_time(at) if at else ""
    say(f"The token {prefix}… is revoked since {moment}.")
    suggest("registry token list shows what is left")


def _state(token: TokenSummary, now: datetime) -> str:
    if token.revoked_at is not None:
        return "revoked"
    expired = token.expires_at is not None and token.expires_at <= now
    return "expired" if expired else "valid"


def _as_row(token: TokenSummary, now: datetime) -> tuple[str, ...]:
    def day(moment: datetime | None) -> str:
        return format_time(moment)[:10] if moment else _NEVER

    allows = ", ".join(token.permissions.names())
    if token.packages:
        allows += f" ({', '.join(token.packages)})"
    return (
        token.prefix,
        token.author_name,
        _state(token, now),
        day(token.expires_at),
        day(token.last_used_at),
        allows,
    )


def _as_json(token: TokenSummary) -> dict[str, object]:
    def moment(at: datetime | None) -> str | None:
        return format_time(at) if at else None

    return {
        "prefix": token.prefix,
        "name": token.name,
        "authorName": token.author_name,
        "permissions": token.permissions.names(),
        "packages": list(token.packages),
        "createdAt": moment(token.created_at),
        "expiresAt": moment(token.expires_at),
        "revokedAt": moment(token.revoked_at),
        "lastUsedAt": moment(token.last_used_at),
    }
