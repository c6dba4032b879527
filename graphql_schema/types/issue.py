"""Issues: what is wrong with a package."""

from graphql_schema.engine.fields import column, entity
from graphql_schema.enumerations import Severity
from registry import models


@entity(models.Issue)
class Issue:
    """Something that is wrong with a package, found when it was catalogued."""

    code: str = column(models.Issue.code, "What it is: a stable word for programs.")
    severity: Severity = column(models.Issue.severity, "How much it matters.")
    message: str = column(models.Issue.message, "What it is, for people.")
    path: str = column(models.Issue.path, "Where: a path from the workspace's root.")
