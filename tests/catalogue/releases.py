"""Graphs of packages, published; and the search among them."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from sqlalchemy.orm import Session

from registry.accounts.authors import create_author
from registry.catalogue.resolution import Resolution, resolve
from registry.catalogue.version_index import Relation, VersionIndex
from registry.models import Author
from registry.rules.enumerations import Change
from registry.rules.selections import Selection
from registry.rules.versions import RegistryVersion
from registry.rules.viewer import ANONYMOUS, Viewer
from tests.accounts.samples import add_listing

# By package and version: what it needs, and what it avoids.
Graph: TypeAlias = Mapping[str, Mapping[str, tuple[dict[str, str], dict[str, str]]]]


def publish(session: Session, graph: Graph, author: Author | None = None, **columns: Any) -> Author:
    """Publish a graph of packages that are called `acme.` and a letter."""
    author = author or create_author(session, "Ada")
    for letter, versions in graph.items():
        rows = [
            {
                "version": version,
                "dependencies": pairs(needs),
                "incompatibilities": pairs(avoids),
                **columns,
            }
            for version, (needs, avoids) in versions.items()
        ]
        add_listing(session, author, name(letter), versions=rows)
    session.flush()
    return author


def name(letter: str) -> str:
    return f"acme.{letter}"


def pairs(relations: Mapping[str, str]) -> list[list[str]]:
    return [
        [package if "/" in package else f"xpkg/{name(package)}", selection]
        for package, selection in relations.items()
    ]


def ask(
    session: Session,
    wanted: Mapping[str, str],
    installed: Mapping[str, str] = {},
    viewer: Viewer = ANONYMOUS,
    **more: Any,
) -> Resolution:
    limits = {key: more.pop(key) for key in ("seconds", "clock") if key in more}
    # A busy machine must not fail a test.
    limits.setdefault("seconds", 600)
    return resolve(
        VersionIndex(session, viewer, "xpkg", **more),
        [Relation(f"xpkg/{name(key)}", Selection.parse(text)) for key, text in wanted.items()],
        {
            key if "/" in key else f"xpkg/{name(key)}": RegistryVersion.parse(version)
            for key, version in installed.items()
        },
        **limits,
    )


def shown(resolution: Resolution) -> dict[str, str]:
    """Give the letters with versions, and what becomes of them unless it is new."""
    assert not resolution.reason, resolution.reason
    return {
        each.identifier.removeprefix("xpkg/acme."): str(each.version)
        + ("" if each.change is Change.INSTALL else f" {each.change}")
        for each in resolution.packages
    }
