"""What a package of the demo workspace is, and what several manifests have in common."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

HOME = "https://git.example.com/acme/hangar"
TYPESCRIPT = {"typescript": "catalog:", "vitest": "^3.1.2"}
BUILD = {"build": "tsc -b", "test": "vitest run", "lint": "eslint ."}
APP = {"dev": "vite", "build": "vite build", "test": "vitest run", "lint": "eslint ."}
SERVICE = {"start": "node dist/main.js", "build": "tsc -b", "test": "vitest run"}


@dataclass(frozen=True)
class Member:
    """A package as it entered the workspace: where, and with which manifest."""

    path: str
    manifest: Mapping[str, Any]
    # The text of further files, by their path in the package.
    files: Mapping[str, str] = field(default_factory=dict)
    # How its releases are tagged; empty: not at all.
    tag: str = "{name}@{version}"


def repository_at(directory: str) -> dict[str, str]:
    """Write `repository` as most manifests have it."""
    return {"type": "git", "url": f"git+{HOME}.git", "directory": directory}
