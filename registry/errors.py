"""What can go wrong, as classes that carry data.

Each edge maps them in one file to one shape: `registry/web/problems.py` and
`graphql_schema/errors.py`. A class's `code` is stable and is what clients switch on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class FieldError:
    """One thing that is wrong with one field of the input."""

    field: str
    message: str


class RegistryError(Exception):
    """A refusal or failure that a client is told about; the message is one sentence for people."""

    code: str = "internal_error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal server error"

    def __init__(self, detail: str, *, code: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        if code is not None:
            self.code = code


class InvalidInput(RegistryError):
    """The input is wrong; `errors` names each field and what is wrong with it."""

    code = "invalid_input"
    status = 400
    title = "Invalid input"

    def __init__(
        self, detail: str, *, errors: Sequence[FieldError] = (), code: str | None = None
    ) -> None:
        super().__init__(detail, code=code)
        self.errors = tuple(errors)

    @classmethod
    def of(cls, field: str, message: str, *, code: str | None = None) -> "InvalidInput":
        """Make the error of a single field."""
        return cls(f"{field}: {message}", errors=[FieldError(field, message)], code=code)


class Unauthenticated(RegistryError):
    """There is no token, or it is unknown, expired or revoked."""

    code = "unauthenticated"
    status = 401
    title = "Authentication required"


class Forbidden(RegistryError):
    """The token is valid but lacks a permission, which `scope` names."""

    code = "insufficient_scope"
    status = 403
    title = "Forbidden"

    def __init__(self, detail: str, *, scope: str, code: str | None = None) -> None:
        super().__init__(detail, code=code)
        self.scope = scope


class NotYours(RegistryError):
    """The package is not the caller's, or there is none; which of the two is not told."""

    code = "not_your_package"
    status = 403
    title = "Not your package"


class NotFound(RegistryError):
    """There is no such thing, or none that this caller may know of."""

    code = "not_found"
    status = 404
    title = "Not found"


class Conflict(RegistryError):
    """The state of things does not permit it."""

    code = "conflict"
    status = 409
    title = "Conflict"


class PreconditionFailed(RegistryError):
    """What the caller builds on has changed since."""

    code = "precondition_failed"
    status = 412
    title = "Precondition failed"


class Unavailable(RegistryError):
    """Something that the answer needs is out of reach for now."""

    code = "unavailable"
    status = 503
    title = "Service unavailable"


class InsufficientStorage(RegistryError):
    """There is no room for the file that is sent, or announced."""

    code = "insufficient_storage"
    status = 507
    title = "Insufficient storage"


class WorkspaceUnavailable(Unavailable):
    """The workspace is missing, unreadable or no git repository; nothing was changed."""

    code = "workspace_unavailable"


def package_not_found(name: str) -> NotFound:
    """Make the error for a name that no package of the workspace has."""
    return NotFound(f"There is no package {name!r} in the workspace.", code="package_not_found")
