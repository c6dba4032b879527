"""What a version needs and what it cannot be together with: the documented lists of pairs.

Both are kept as full identifiers with canonical selections, in the order in which each package is
first named; what is said of one package several times is said once, of all of it.
"""

from dataclasses import dataclass
from typing import TypeAlias

from registry.errors import InvalidInput
from registry.rules.identifiers import InvalidIdentifier, parse_either
from registry.rules.selections import InvalidSelection, Selection

MAX_PAIRS = 128
_PAIR = 2

# Lists of two, as JSON has them: a full identifier and a selection.
Pairs: TypeAlias = list[list[str]]


@dataclass(frozen=True)
class _Kind:
    """What one of the two lists is called, and what its documented refusals are."""

    field: str
    short: str


_DEPENDENCIES = _Kind("dependencies", "dep")
_INCOMPATIBILITIES = _Kind("incompatibilities", "inc")


def read_dependencies(value: object, identifier: str, repository: str) -> Pairs:
    """Read what a version depends on.

    Args:
        value: what was sent, out of its JSON.
        identifier: the partial identifier of the version's own package.
        repository: this registry's name, where partial identifiers belong.

    Raises:
        InvalidInput: `bad_dep_arr`, `bad_dep_tuple`, `invalid_dep_tuple_types`,
            `invalid_dep_tuple_id`, `invalid_dep_sel`; `self_dep`: it depends on itself.
    """
    pairs = _read(value, _DEPENDENCIES, repository)
    if any(package == f"{repository}/{identifier}" for package, _ in pairs):
        raise InvalidInput.of("dependencies", "name the package itself", code="self_dep")
    return pairs


def read_incompatibilities(
    value: object, identifier: str, repository: str, dependencies: Pairs
) -> Pairs:
    """Read what a version cannot be together with.

    Args:
        value: what was sent, out of its JSON.
        identifier: the partial identifier of the version's own package.
        repository: this registry's name, where partial identifiers belong.
        dependencies: what the version depends on.

    Raises:
        InvalidInput: `bad_inc_arr`, `bad_inc_tuple`, `invalid_inc_tuple_types`,
            `invalid_inc_tuple_id`, `invalid_inc_sel`; `dep_or_self_inc`: it names the package
            itself, or one that the version depends on.
    """
    pairs = _read(value, _INCOMPATIBILITIES, repository)
    known = {f"{repository}/{identifier}", *(_full(each, repository) for each, _ in dependencies)}
    for package, _ in pairs:
        if package in known:
            raise InvalidInput.of(
                "incompatibilities",
                f"name {package}, which is the package itself or a dependency",
                code="dep_or_self_inc",
            )
    return pairs


def _full(package: str, repository: str) -> str:
    return str(parse_either(package, repository))


def _read(value: object, kind: _Kind, repository: str) -> Pairs:
    if not isinstance(value, list) or len(value) > MAX_PAIRS:
        raise InvalidInput.of(
            kind.field, f"must be a list of at most {MAX_PAIRS} pairs", code=f"bad_{kind.short}_arr"
        )
    selections: dict[str, list[str]] = {}
    for number, pair in enumerate(value):
        package, selection = _read_pair(pair, f"{kind.field}[{number}]", kind, repository)
        selections.setdefault(package, []).append(selection)
    return [[package, _merge(terms, package, kind)] for package, terms in selections.items()]


def _read_pair(pair: object, field: str, kind: _Kind, repository: str) -> tuple[str, str]:
    if not isinstance(pair, list) or len(pair) != _PAIR:
        raise InvalidInput.of(
            field, "must be a list of an identifier and a selection", code=f"bad_{kind.short}_tuple"
        )
    package, selection = pair
    if not isinstance(package, str) or not isinstance(selection, str):
        raise InvalidInput.of(
            field, "must hold two texts", code=f"invalid_{kind.short}_tuple_types"
        )
    try:
        full = _full(package.strip(), repository)
    except InvalidIdentifier as error:
        raise InvalidInput.of(field, str(error), code=f"invalid_{kind.short}_tuple_id") from None
    _parse(selection, field, kind)
    return full, selection


def _merge(terms: list[str], package: str, kind: _Kind) -> str:
    merged = Selection.parse(terms[0])
    for term in terms[1:]:
        # One by one: together they may be longer than a selection can be, and still merge.
        merged = _parse(f"{merged.canonical},{term}", f"{kind.field} of {package}", kind)
    return merged.canonical


def _parse(selection: str, field: str, kind: _Kind) -> Selection:
    try:
        return Selection.parse(selection)
    except InvalidSelection as error:
        raise InvalidInput.of(field, str(error), code=f"invalid_{kind.short}_sel") from None
