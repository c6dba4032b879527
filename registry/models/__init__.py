"""The tables, as SQLAlchemy models; `docs/architecture.md` shows how they hang together."""

from registry.models.account import Author, Listing, Token
from registry.models.analytics import InstallHour
from registry.models.base import Base
from registry.models.external import ExternalPackage
from registry.models.history import (
    Commit,
    Departure,
    FormerCommit,
    PackageCommit,
    Publication,
    Version,
)
from registry.models.job import Job
from registry.models.measurement import HealthDay, Report
from registry.models.package import Build, BuildDay, BuildFigure, Dependency, Health, Issue, Package
from registry.models.upload import UploadSession
from registry.models.workspace import Revision, Scan, Workspace

__all__ = [
    "Author",
    "Base",
    "Build",
    "BuildDay",
    "BuildFigure",
    "Commit",
    "Departure",
    "Dependency",
    "ExternalPackage",
    "FormerCommit",
    "Health",
    "HealthDay",
    "InstallHour",
    "Issue",
    "Job",
    "Listing",
    "Package",
    "PackageCommit",
    "Publication",
    "Report",
    "Revision",
    "Scan",
    "Token",
    "UploadSession",
    "Version",
    "Workspace",
]
