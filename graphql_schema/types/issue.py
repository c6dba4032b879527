"""Issues: what is wrong with a package, or the workspace."""

from strawberry.scalars import JSON

from graphql_schema.engine.fields import column, entity, one
from graphql_schema.enumerations import Severity
from graphql_schema.types.references import PackageRef
from registry import models


@entity(models.Issue)
class Issue:
    """Something that is wrong with a package, or with the workspace as such."""

    code: str = column(
        models.Issue.code, "What it is: a stable word for programs, of a closed list."
    )
    severity: Severity = column(models.Issue.severity, "How much it matters.")
    message: str = column(models.Issue.message, "What it is and how to mend it, for people.")
    evidence: JSON = column(
        models.Issue.evidence, "What it was found by; its keys follow from the code."
    )
    path: str = column(models.Issue.path, "Where: a path from the workspace's root.")
    package: PackageRef | None = one(
        lambda issue, package: package.id == issue.package_id,
        "The package; null for an issue of the workspace.",
        visible_already=True,
    )
