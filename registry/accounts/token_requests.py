"""Authors issue tokens to themselves: `POST /auth/issue`, with its documented refusals."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_ as bitwise_or

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from registry.accounts.tokens import IssuedToken, issue_token
from registry.errors import InvalidInput
from registry.models import Author, Listing, Token
from registry.rules.identifiers import InvalidIdentifier, parse_either
from registry.rules.names import InvalidName, clean_name
from registry.rules.permissions import Permission

MAX_TOKENS = 64
MIN_NAME_LENGTH, MAX_NAME_LENGTH = 3, 32
MAX_DESCRIPTION_LENGTH = 256
MAX_DAYS = 365
MAX_PACKAGES = 32

_ALL = reduce(bitwise_or, Permission)
# The documented lists, with the permission that each belongs to and that one's twin on any package.
_LISTS = {
    "versionUploadPackages": (
        Permission.UploadVersionSpecificPackages,
        Permission.UploadVersionAnyPackage,
    ),
    "descriptionUpdatePackages": (
        Permission.UpdateDescriptionSpecificPackages,
        Permission.UpdateDescriptionAnyPackage,
    ),
    "updateVersionDataPackages": (
        Permission.UpdateVersionDataSpecificPackages,
        Permission.UpdateVersionDataAnyPackage,
    ),
    "viewAnalyticsPackages": (
        Permission.ViewAnalyticsSpecificPackages,
        Permission.ViewAnalyticsAnyPackage,
    ),
}


@dataclass(frozen=True)
class TokenRequest:
    """What an author wants of a new token, checked."""

    name: str
    description: str
    permissions: Permission
    expires_in: timedelta
    # The packages, by the permission that is limited to them.
    limits: Mapping[Permission, list[str]]


def read_token_request(fields: Mapping[str, object], repository: str) -> TokenRequest:
    """Check the documented fields.

    Args:
        fields: what was sent.
        repository: this registry's own name, where partial identifiers belong.

    Raises:
        InvalidInput: with the document's code for what is wrong.
    """
    name = _read_text(fields, "name")
    description = _read_text(fields, "description") if "description" in fields else ""
    days = _read_number(fields, "expires", "float_expiry")
    number = _read_number(fields, "permissions", "float_perm")
    lists = {field: _read_list(fields.get(field, []), field) for field in _LISTS}
    permissions = _check_permissions(number)
    return TokenRequest(
        name=_check_name(name),
        description=_check_description(description),
        permissions=permissions,
        expires_in=_check_days(days),
        limits=_check_lists(lists, permissions, repository),
    )


def issue_requested(
    session: Session, author_id: int, wanted: TokenRequest, now: datetime
) -> IssuedToken:
    """Issue what an author wants.

    Raises:
        InvalidInput: `too_many_tokens`: 64 of them work; `name_exists`: one of these is called so;
            `invalid_arr`: a package is not the author's.
    """
    # Locked, so that of two requests at once the second sees what the first issued.
    author = session.scalars(select(Author).where(Author.id == author_id).with_for_update()).one()
    names = session.scalars(
        select(Token.name).where(
            Token.author_id == author_id,
            Token.revoked_at.is_(None),
            or_(Token.expires_at.is_(None), Token.expires_at > now),
        )
    ).all()
    if len(names) >= MAX_TOKENS:
        raise InvalidInput(
            f"This account has {MAX_TOKENS} tokens already: revoke one.", code="too_many_tokens"
        )
    if wanted.name in names:
        raise InvalidInput.of("name", "is another token's", code="name_exists")
    _check_owned(session, author_id, wanted)
    return issue_token(
        session,
        author,
        wanted.permissions,
        wanted.expires_in,
        wanted.limits,
        name=wanted.name,
        description=wanted.description,
    )


def _check_owned(session: Session, author_id: int, wanted: TokenRequest) -> None:
    named = {package for packages in wanted.limits.values() for package in packages}
    owned = session.scalars(
        select(Listing.identifier).where(
            Listing.author_id == author_id, Listing.identifier.in_(named)
        )
    )
    strangers = named.difference(owned)
    for field, (specific, _) in _LISTS.items():
        if strangers.intersection(wanted.limits.get(specific, [])):
            raise InvalidInput.of(
                field, "names a package that is not this account's", code="invalid_arr"
            )


def _missing(field: str, what: str) -> InvalidInput:
    return InvalidInput.of(field, what, code="missing_form_data")


def _read_text(fields: Mapping[str, object], field: str) -> str:
    value = fields.get(field)
    if not isinstance(value, str):
        raise _missing(field, "must be a text")
    return value.strip()


def _read_number(fields: Mapping[str, object], field: str, not_whole: str) -> int:
    value = fields.get(field)
    # To Python, true is 1.
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _missing(field, "must be a number")
    if isinstance(value, float) and not value.is_integer():
        raise InvalidInput.of(field, "must be a whole number", code=not_whole)
    return int(value)


def _read_list(value: object, field: str) -> list[object]:
    if not isinstance(value, list):
        raise _missing(field, "must be a list")
    if len(value) > MAX_PACKAGES:
        raise InvalidInput.of(field, f"must have at most {MAX_PACKAGES} packages", code="long_arr")
    return value


def _check_name(name: str) -> str:
    if len(name) < MIN_NAME_LENGTH:
        raise InvalidInput.of(
            "name", f"must have at least {MIN_NAME_LENGTH} characters", code="short_name"
        )
    if len(name) > MAX_NAME_LENGTH:
        raise InvalidInput.of(
            "name", f"must have at most {MAX_NAME_LENGTH} characters", code="long_name"
        )
    try:
        return clean_name(name, shortest=1, longest=MAX_NAME_LENGTH)
    except InvalidName as error:
        raise InvalidInput.of("name", str(error), code="invalid_name") from None


def _check_description(description: str) -> str:
    if len(description) > MAX_DESCRIPTION_LENGTH:
        raise InvalidInput.of(
            "description",
            f"must have at most {MAX_DESCRIPTION_LENGTH} characters",
            code="long_desc",
        )
    return description


def _check_days(days: int) -> timedelta:
    if days <= 0:
        raise InvalidInput.of("expires", "must be one day or more", code="neg_or_zero_expiry")
    if days > MAX_DAYS:
        raise InvalidInput.of("expires", f"must be at most {MAX_DAYS} days", code="long_expiry")
    return timedelta(days=days)


def _check_permissions(number: int) -> Permission:
    if number <= 0:
        raise InvalidInput.of("permissions", "must grant one at least", code="zero_perm")
    if number > _ALL:
        raise InvalidInput.of("permissions", f"must be at most {int(_ALL)}", code="large_perm")
    permissions = Permission(number)
    if permissions & Permission.Admin:
        raise InvalidInput.of("permissions", "must not grant Admin", code="admin_perm")
    for specific, anywhere in _LISTS.values():
        if specific in permissions and anywhere in permissions:
            raise InvalidInput.of(
                "permissions",
                f"must not grant both {anywhere.name} and {specific.name}",
                code="invalid_perm",
            )
    return permissions


def _check_lists(
    lists: Mapping[str, list[object]], permissions: Permission, repository: str
) -> dict[Permission, list[str]]:
    limits = {}
    for field, (specific, _) in _LISTS.items():
        packages = [_check_package(item, field, repository) for item in lists[field]]
        if len(set(packages)) < len(packages):
            raise InvalidInput.of(field, "names a package twice", code="invalid_arr")
        if specific in permissions and not packages:
            raise InvalidInput.of(
                field, f"must name the packages that {specific.name} is for", code="invalid_perm"
            )
        if packages and specific not in permissions:
            raise InvalidInput.of(
                field, f"goes with the permission {specific.name} only", code="extra_arr"
            )
        if packages:
            limits[specific] = packages
    return limits


def _check_package(item: object, field: str, repository: str) -> str:
    if not isinstance(item, str):
        raise InvalidInput.of(field, "must hold texts only", code="invalid_arr")
    try:
        full = parse_either(item.strip(), repository)
    except InvalidIdentifier as error:
        raise InvalidInput.of(field, str(error), code="invalid_arr") from None
    if full.repository != repository:
        raise InvalidInput.of(field, "names a package of another registry", code="invalid_arr")
    return full.partial
