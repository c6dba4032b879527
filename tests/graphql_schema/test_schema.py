"""The schema is the committed one, speaks the contract's words, and explains itself."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import strawberry
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    parse,
    validate,
)
from sqlalchemy import func, select
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission

from graphql_schema.engine.checks import UnfitSchema, check_schema
from graphql_schema.engine.fields import column, entity, one
from graphql_schema.schema import make_schema, schema_text
from registry import models
from registry.rules import enumerations
from tests.graphql_schema.conftest import FLAGSHIP

SCHEMA = make_schema()._schema
COMMITTED = Path(__file__).parents[2] / "schema.graphql"


def test_the_committed_schema_is_the_codes() -> None:
    assert schema_text() == COMMITTED.read_text("utf-8"), (
        "run `python -m graphql_schema > schema.graphql`"
    )


def test_the_flagship_is_valid() -> None:
    assert validate(SCHEMA, parse(FLAGSHIP)) == []


def test_everything_is_described() -> None:
    undescribed = []
    for type_ in SCHEMA.type_map.values():
        if type_.name.startswith("__"):
            continue
        if not type_.description:
            undescribed.append(type_.name)
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for name, field in type_.fields.items():
                if not field.description:
                    undescribed.append(f"{type_.name}.{name}")
                for argument, definition in getattr(field, "args", {}).items():
                    if not definition.description:
                        undescribed.append(f"{type_.name}.{name}({argument}:)")

    assert undescribed == []


def test_enums_are_spelled_as_everywhere() -> None:
    for name in (
        "BuildStatus",
        "CheckStatus",
        "DependencyKind",
        "PackageKind",
        "PackageType",
        "Severity",
        "VersionStatus",
    ):
        type_ = SCHEMA.type_map[name]
        assert isinstance(type_, GraphQLEnumType)
        assert list(type_.values) == [member.value for member in getattr(enumerations, name)]


class Denied(BasePermission):
    message = "no"

    def has_permission(self, source: Any, info: Any, **kwargs: Any) -> bool:
        return bool(source and info and kwargs)


class Noted(FieldExtension):
    def resolve(self, next_: Any, source: Any, info: Any, **kwargs: Any) -> Any:
        return next_(source, info, **kwargs)


def schema_with(fields: dict[str, Any], annotations: dict[str, Any]) -> strawberry.Schema:
    """Make a schema whose one root field leads to a type with these fields."""
    thing = type("Thing", (), {**fields, "__annotations__": annotations, "__doc__": "A thing."})
    thing = entity(models.Version)(thing)
    root = one(lambda version: version.id == 1, "It.")
    query = type("Query", (), {"thing": root, "__annotations__": {"thing": thing | None}})
    return strawberry.Schema(query=strawberry.type(query))


def with_permission() -> Any:
    field = column(models.Version.tag, "Its tag.")
    field.permission_classes = [Denied]
    return field


def with_extension() -> Any:
    field = column(models.Version.tag, "Its tag.")
    field.extensions = [Noted()]
    return field


UNFIT: dict[str, tuple[Callable[[], Any], Any, str]] = {
    "a resolver of its own": (
        lambda: strawberry.field(resolver=lambda: "x", description="A text."),
        str,
        "is not declared",
    ),
    "a plain field": (lambda: strawberry.field(description="A text."), str, "is not declared"),
    "permissions": (with_permission, str, "permission classes"),
    "an extension": (with_extension, str, "permission classes"),
    "a column that may be NULL": (
        lambda: column(models.Version.commit_id, "A number."),
        int,
        "never null",
    ),
    "an expression that may be NULL": (
        lambda: column(lambda version: func.upper(version.tag), "A text."),
        str,
        "never null",
    ),
    "a subquery that may find nothing": (
        lambda: column(
            lambda version: (
                select(models.Commit.hash)
                .where(models.Commit.id == version.commit_id)
                .scalar_subquery()
            ),
            "A text.",
        ),
        str,
        "never null",
    ),
}


@pytest.mark.parametrize("case", UNFIT)
def test_what_the_compiler_could_answer_wrongly_is_refused(case: str) -> None:
    make, annotation, reason = UNFIT[case]

    with pytest.raises(UnfitSchema, match=reason):
        check_schema(schema_with({"it": make()}, {"it": annotation}))


def test_what_is_promised_by_the_database_is_fit() -> None:
    check_schema(
        schema_with(
            {
                "tag": column(models.Version.tag, "Its tag."),
                "commit": column(models.Version.commit_id, "A number."),
                "name": column(lambda version: func.coalesce(version.commit_id, 0), "A number."),
            },
            {"tag": str, "commit": int | None, "name": int},
        )
    )


@entity(models.Commit)
class Origin:
    """A commit."""

    hash: str = column(models.Commit.hash, "Its hash.")


@entity(models.Package)
class Owner:
    """A package."""

    name: str = column(models.Package.name, "Its name.")


@entity(models.Package, visible=lambda package, _viewer: package.private.is_(False))
class SeenOwner(Owner):
    """A package that not everyone sees."""


def test_relations_that_may_find_nothing_are_not_never_null() -> None:
    def of(target: Any, where: Any, *, nullable: bool, **options: Any) -> None:
        field = one(where, "It.", **options)
        annotation = target | None if nullable else target
        check_schema(schema_with({"it": field}, {"it": annotation}))

    def by_commit(version: Any, commit: Any) -> Any:
        return commit.id == version.commit_id

    def by_package(version: Any, package: Any) -> Any:
        return version.package_id == package.id

    of(Owner, by_package, nullable=False)
    of(Origin, by_commit, nullable=True)
    of(SeenOwner, by_package, nullable=True)
    of(SeenOwner, by_package, nullable=False, visible_already=True)
    for target, where in (
        # The key may be NULL.
        (Origin, by_commit),
        # The row may be one that the viewer does not see.
        (SeenOwner, by_package),
        # A key that refers to something else.
        (Origin, lambda version, commit: commit.id == version.package_id),
        # Something else that refers to the key.
        (Owner, lambda version, package: package.name == version.tag),
        (Owner, lambda version, package: package.id > version.package_id),
    ):
        with pytest.raises(UnfitSchema, match="never null"):
            of(target, where, nullable=False)
