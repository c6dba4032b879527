"""Reads of packages, which come as the JSON text that their rows keep (`Package.document`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, Select, and_, cast, func, or_, select
from sqlalchemy.orm import Session

from registry.catalogue.columns import Columns
from registry.errors import package_not_found
from registry.models import Health, Package


@dataclass(frozen=True)
class PackageFilter:
    """Which packages are wanted; what is empty does not restrict."""

    # Name or description contains it, in any case.
    text: str = ""
    kind: str = ""
    # The health score, from (inclusive) and below (exclusive).
    score_from: int | None = None
    score_below: int | None = None


def in_workspace() -> ColumnElement[bool]:
    """Say which packages are members of the workspace, rather than listed only."""
    return Package.workspace_id.is_not(None)


def matching(wanted: PackageFilter) -> ColumnElement[bool]:
    """Say which packages a filter admits."""
    conditions = [in_workspace()]
    if wanted.text:
        conditions.append(
            or_(
                Package.name.icontains(wanted.text, autoescape=True),
                Package.description.icontains(wanted.text, autoescape=True),
            )
        )
    if wanted.kind:
        conditions.append(Package.type == wanted.kind)
    if wanted.score_from is not None:
        conditions.append(Health.overall_score >= wanted.score_from)
    if wanted.score_below is not None:
        conditions.append(Health.overall_score < wanted.score_below)
    return and_(*conditions)


def join_packages(session: Session, wanted: PackageFilter = PackageFilter()) -> bytes:
    """Join workspace packages by name in code point order, with commas, as one text in UTF-8."""
    found = _select(wanted, Package.document).order_by(Package.name).subquery()
    if session.get_bind().dialect.name == "sqlite":
        # As bytes: its driver would decode what is sent encoded.
        joined = cast(func.group_concat(found.c.document, ","), LargeBinary)
        return session.scalar(select(joined)) or b""
    text: str = session.scalar(select(func.string_agg(found.c.document, ","))) or ""
    return text.encode()


def list_packages(
    session: Session, wanted: PackageFilter, *, after: str | None = None, limit: int | None
) -> Sequence[Columns]:
    """List `name` and `document` of workspace packages by name, those after the name `after`."""
    statement = _select(wanted, Package.name, Package.document)
    if after is not None:
        statement = statement.where(Package.name > after)
    return session.execute(statement.order_by(Package.name).limit(limit)).all()


def find_package(session: Session, name: str) -> str:
    """Find a workspace package by its name; gives its JSON text.

    Raises:
        NotFound: the workspace has none of that name.
    """
    document = session.scalar(select(Package.document).where(in_workspace(), Package.name == name))
    if document is None:
        raise package_not_found(name)
    return document


def _select(wanted: PackageFilter, *columns: Any) -> Select[*tuple[Any, ...]]:
    statement = select(*columns).where(matching(wanted))
    if wanted.score_from is None and wanted.score_below is None:
        return statement
    return statement.join(Health, Health.package_id == Package.id)
