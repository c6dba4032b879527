"""Where a local dependency points to, as the tools read its path; or that nobody can know."""

import pytest

from registry.rules.local_paths import places_of
from registry.rules.specifiers import parse_specifier


def places(text: str, *, package: str = "packages/a", linked_by_name: bool = False) -> list[str]:
    return list(places_of(package, parse_specifier("x", text), linked_by_name=linked_by_name))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("file:../b", "packages/b"),
        ("file:./lib", "packages/a/lib"),
        ("file:lib/x.tgz", "packages/a/lib/x.tgz"),
        ("file:../../vendor/x-1.0.0.tgz", "vendor/x-1.0.0.tgz"),
        ("FILE:../b", "packages/b"),
        # As npm reads it.
        ("file://../b", "packages/b"),
        ("link:../b/", "packages/b"),
        ("link:lib", "packages/a/lib"),
        ("portal:../../tools/x", "tools/x"),
        ("../b", "packages/b"),
        ("./x.tgz", "packages/a/x.tgz"),
        ("file:../..", "."),
    ],
)
def test_a_path_is_relative_to_its_manifest(text: str, place: str) -> None:
    assert places(text) == [place]


def test_it_is_a_part_of_a_url_or_as_it_is_written() -> None:
    assert places("file:../b%20c") == ["packages/b%20c", "packages/b c"]


def test_a_package_may_be_the_root() -> None:
    assert places("file:lib", package="") == ["lib"]
    assert places("file:../lib", package="") == []


@pytest.mark.parametrize(
    "text",
    [
        "^1.0.0",
        "workspace:../b",
        "npm:y@1",
        "git+file:///srv/x.git",
        "file:../../../elsewhere",
        "file:../../..",
        "file:/srv/x",
        "file:///srv/x",
        "link:~/x",
        "~/x",
        "file:C:/x",
        "C:/x",
        "file:..\\b",
        "file:../b%00",
        "link:./node_modules/y",
        "portal:",
        "file:../../%2e%2e/elsewhere",
    ],
)
def test_what_cannot_be_known(text: str) -> None:
    assert places(text) == []


def test_buns_links_have_names() -> None:
    assert places("link:y", linked_by_name=True) == []
    assert places("link:./y", linked_by_name=True) == ["packages/a/y"]
    assert places("file:y", linked_by_name=True) == ["packages/a/y"]
