"""The tables, as SQLAlchemy models; `docs/architecture.md` shows how they hang together."""

from registry.models.account import Author, Listing, Token
from registry.models.base import Base
from registry.models.history import Commit, PackageCommit, Publication, Version
from registry.models.package import Build, Dependency, Health, Issue, Package
from registry.models.workspace import Revision, Scan, Workspace

__all__ = [
    "Author",
    "Base",
    "Build",
    "Commit",
    "Dependency",
    "Health",
    "Issue",
    "Listing",
    "Package",
    "PackageCommit",
    "Publication",
    "Revision",
    "Scan",
    "Token",
    "Version",
    "Workspace",
]
