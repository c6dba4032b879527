"""Reads of packages, which come as the JSON text that their rows keep (`Package.document`)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    LargeBinary,
    Select,
    Text,
    bindparam,
    cast,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Session

from registry.catalogue.columns import Columns
from registry.errors import package_not_found
from registry.models import Health, Package
from registry.statements.prepared import Prepared, prepare
from registry.statements.single import Reader, SingleStatement, prepare_single

# Characters of what is looked for; SQLite's patterns have an end (sqlite.org/limits.html, 8).
LONGEST_TEXT = 1_000


@dataclass(frozen=True)
class PackageFilter:
    """Which packages are wanted; what is empty does not restrict."""

    # Name or description contains it, in any case; of `LONGEST_TEXT` characters at most.
    text: str = ""
    kind: str = ""
    # The health score, from (inclusive) and below (exclusive).
    score_from: int | None = None
    score_below: int | None = None


def in_workspace() -> ColumnElement[bool]:
    """Say which packages are members of the workspace, rather than listed only."""
    return Package.workspace_id.is_not(None)


def join_packages(reader: Reader, wanted: PackageFilter = PackageFilter()) -> bytes:
    """Join workspace packages by name in code point order, with commas, as one text in UTF-8."""
    values = _values(wanted)
    found: Any = _prepare_joined(reader.dialect, tuple(values)).run(reader, **values)
    joined: bytes | str | None = found.joined
    return joined.encode() if isinstance(joined, str) else joined or b""


def list_packages(
    session: Session, wanted: PackageFilter, *, after: str | None = None, limit: int | None
) -> Sequence[Columns]:
    """List `name` and `document` of workspace packages by name, those after the name `after`."""
    values = _values(wanted)
    if after is not None:
        values["after"] = after
    if limit is not None:
        values["limit"] = limit
    return _prepare_listed(session.get_bind().dialect, tuple(values)).run(session, **values).all()


def find_package(session: Session, name: str) -> str:
    """Find a workspace package by its name; gives its JSON text.

    Raises:
        NotFound: the workspace has none of that name.
    """
    document = session.scalar(select(Package.document).where(in_workspace(), Package.name == name))
    if document is None:
        raise package_not_found(name)
    return document


def _values(wanted: PackageFilter) -> dict[str, Any]:
    """Give the parameters of a filter's conditions, by their names."""
    values: dict[str, Any] = {}
    if wanted.text:
        escaped = re.sub(r"[%_/]", r"/\g<0>", wanted.text)
        values["pattern"] = f"%{escaped}%"
    if wanted.kind:
        values["kind"] = str(wanted.kind)
    if wanted.score_from is not None:
        values["score_from"] = wanted.score_from
    if wanted.score_below is not None:
        values["score_below"] = wanted.score_below
    return values


@cache
def _prepare_joined(dialect: Any, named: tuple[str, ...]) -> SingleStatement:
    found = _select(named, Package.document).subquery()
    if dialect.name == "sqlite":
        # As bytes: its driver would decode what is sent encoded.
        joined: ColumnElement[Any] = cast(func.group_concat(found.c.document, ","), LargeBinary)
    else:
        joined = func.string_agg(found.c.document, ",")
    return prepare_single(dialect, select(joined.label("joined")))


@cache
def _prepare_listed(dialect: Any, named: tuple[str, ...]) -> Prepared:
    statement = _select(named, Package.name, Package.document)
    if "limit" in named:
        statement = statement.limit(bindparam("limit", type_=Integer))
    return prepare(dialect, statement)


def _select(named: tuple[str, ...], *columns: Any) -> Select[*tuple[Any, ...]]:
    """Select members by name under the conditions whose parameters are named."""
    pattern = func.lower(bindparam("pattern", type_=Text))
    conditions: Mapping[str, ColumnElement[bool]] = {
        "pattern": or_(
            func.lower(Package.name).like(pattern, escape="/"),
            func.lower(Package.description).like(pattern, escape="/"),
        ),
        "kind": Package.type == bindparam("kind", type_=Text),
        "score_from": Health.overall_score >= bindparam("score_from", type_=Integer),
        "score_below": Health.overall_score < bindparam("score_below", type_=Integer),
        "after": Package.name > bindparam("after", type_=Text),
    }
    statement = select(*columns).where(
        in_workspace(), *(conditions[name] for name in named if name in conditions)
    )
    if "score_from" in named or "score_below" in named:
        statement = statement.join(Health, Health.package_id == Package.id)
    return statement.order_by(Package.name)
