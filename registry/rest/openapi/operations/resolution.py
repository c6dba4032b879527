"""Which versions go together, and who depends on one."""

from typing import Annotated

from pydantic import Field

from registry.rest.limits import Policy
from registry.rest.openapi.operation import Access, Operation, Parameter, json_answer
from registry.rest.openapi.operations.account import PACKAGE_ID, PACKAGE_VERSION, Pair
from registry.rest.openapi.shape import Shape
from registry.rules.enumerations import Change, Platform

_References = Annotated[list[str], Field(max_length=128)]


class ChosenVersion(Shape):
    """A version that is to be installed."""

    package_id: str
    version: str
    change: Change


class Resolution(Shape):
    """What goes together; or the reason why nothing does."""

    is_resolved: bool
    packages: list[ChosenVersion]
    external: list[Pair]
    """What is needed from other registries: a full identifier and a version selection each."""
    reason: str
    """Empty where it is resolved."""


class VersionDependent(Shape):
    """A version that needs another package."""

    package_id: str
    version: str
    selection: str
    """Which versions of that package will do."""
    breaks: bool
    """Whether no other version that you may install would do."""


class VersionDependents(Shape):
    """The versions that depend on one."""

    dependents: list[VersionDependent]


OPERATIONS = {
    "GET /packages/resolve": Operation(
        id="resolve_packages",
        summary="Find the versions to install, or tell why there are none",
        tag="Installing",
        parameters=[
            Parameter(
                "wanted",
                "Packages to install, each with or without versions: "
                "`xpkg/author.package@SELECTION`. May be given several times.",
                _References,
            ),
            Parameter(
                "installed",
                "What is installed: `xpkg/author.package@VERSION`. May be given several times.",
                _References,
            ),
            Parameter("platform", "Only versions that support this platform.", Platform),
            Parameter("xpVersion", "Only versions that work with this version of the platform."),
        ],
        answers=json_answer("What goes together, or why nothing does.", Resolution),
        problems={422: "It takes more than one request may ask for (`resolution_too_hard`)."},
        access=Access.OPTIONAL,
        policy=Policy.RESOLVE,
        is_conditional=True,
    ),
    "GET /packages/info/<package_id>/<package_version>/dependents": Operation(
        id="list_version_dependents",
        summary="List who depends on a version, and who breaks without it",
        tag="Installing",
        path=[PACKAGE_ID, PACKAGE_VERSION],
        answers=json_answer("The dependents.", VersionDependents),
        problems={404: "There is no such version, or it is not for you."},
        access=Access.OPTIONAL,
        policy=Policy.RESOLVE,
        is_conditional=True,
    ),
}
