"""Version selections (contract, section 4), as anyone may try them."""

from typing import Annotated

import strawberry

from registry.errors import InvalidInput
from registry.rules.selections import InvalidSelection, Selection
from registry.rules.versions import InvalidVersion, RegistryVersion


def _contains(
    parent: strawberry.Parent["SelectionResult"],
    version: Annotated[str, strawberry.argument(description="A version such as `1.4.3b2`.")],
) -> bool:
    try:
        wanted = RegistryVersion.parse(version)
    except InvalidVersion as error:
        raise InvalidInput.of("version", str(error)) from None
    return parent.selection is not None and parent.selection.contains(wanted)


@strawberry.type(name="Selection", description="A version selection, read; or what was none.")
class SelectionResult:
    """A version selection, read; or what was none."""

    selection: strawberry.Private[Selection | None]
    is_valid: bool = strawberry.field(description="Whether the expression is a selection.")
    canonical: str | None = strawberry.field(
        description="Its shortest form; null for what is no selection."
    )
    contains: bool = strawberry.field(
        resolver=_contains,
        description="Whether it covers a version; what is no selection covers none.",
    )


def read_selection(
    expression: Annotated[str, strawberry.argument(description="The selection, as written.")],
) -> SelectionResult:
    """Read an expression."""
    try:
        selection = Selection.parse(expression)
    except InvalidSelection:
        return SelectionResult(selection=None, is_valid=False, canonical=None)
    return SelectionResult(selection=selection, is_valid=True, canonical=selection.canonical)
