"""The closed sets of words, spelled in GraphQL as they are everywhere else."""

from enum import EnumMeta, StrEnum
from inspect import cleandoc

import strawberry

from registry.rules.enumerations import (
    AffectedReason,
    BuildStatus,
    Change,
    CheckStatus,
    DependencyKind,
    PackageKind,
    PackageType,
    Platform,
    ReportKind,
    ReportSource,
    Severity,
    VersionStatus,
)
from registry.rules.score import Grade

__all__ = [
    "AffectedReason",
    "BuildStatus",
    "Change",
    "CheckStatus",
    "DependencyKind",
    "Grade",
    "OrderDirection",
    "PackageKind",
    "PackageOrderField",
    "PackageType",
    "Platform",
    "ReportKind",
    "ReportSource",
    "Severity",
    "VersionStatus",
]


class OrderDirection(StrEnum):
    """Which end comes first."""

    ASC = "asc"
    DESC = "desc"


class PackageOrderField(StrEnum):
    """What packages can be ordered by."""

    NAME = "name"
    TYPE = "type"
    CREATED_AT = "createdAt"
    LAST_UPDATED = "lastUpdated"
    SCORE = "score"


def _share(enum: EnumMeta) -> None:
    strawberry.enum(enum, graphql_name_from="value", description=cleandoc(enum.__doc__ or ""))


for _enum in (
    AffectedReason,
    BuildStatus,
    Change,
    CheckStatus,
    DependencyKind,
    Grade,
    OrderDirection,
    PackageKind,
    PackageOrderField,
    PackageType,
    Platform,
    ReportKind,
    ReportSource,
    Severity,
    VersionStatus,
):
    _share(_enum)
