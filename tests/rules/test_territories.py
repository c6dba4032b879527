"""A file belongs to the deepest package directory above it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.rules.territories import Territories, nest, nested_paths

PACKAGES = (".", "packages/a", "packages/a/nested", "packages/ab", "ü", "by\udce4tes")


@pytest.mark.parametrize(
    ("path", "package"),
    [
        ("README.md", "."),
        ("packages/README.md", "."),
        ("packages/a/x", "packages/a"),
        ("packages/a/deep/er/x", "packages/a"),
        ("packages/a/nested/x", "packages/a/nested"),
        ("packages/a/nestedly/x", "packages/a"),
        ("packages/ab/x", "packages/ab"),
        ("packages/abc/x", "."),
        ("packages/A/x", "."),
        ("ü/x", "ü"),
        (b"by\xe4tes/x", "by\udce4tes"),
        # Once a file, a symbolic link or a submodule.
        ("packages/a", "packages/a"),
        ("packages/a/nested", "packages/a/nested"),
    ],
)
def test_owner(path: str | bytes, package: str) -> None:
    assert Territories(PACKAGES).owner(path) == PACKAGES.index(package)


def test_a_file_of_no_package() -> None:
    territories = Territories(["packages/a"])

    assert territories.owner("packages/b/x") is None
    assert territories.owner("packages") is None
    assert Territories([]).owner("x") is None


def test_owners_of_many_files() -> None:
    territories = Territories(PACKAGES[1:])

    assert territories.owners([b"x", b"packages/a/x", b"packages/a/y", b"packages/ab/x"]) == {0, 2}
    assert territories.owners([b"packages/a/nested", b"x"]) == {1}
    assert territories.owners([]) == set()


@pytest.mark.parametrize(
    "path", ["", "/packages/a", "packages/a/", "packages//a", "./packages", "../a", "a/../b"]
)
def test_refuses_what_is_no_path_from_the_root(path: str) -> None:
    with pytest.raises(ValueError, match="not a path from the root"):
        Territories([path])


def test_refuses_two_packages_in_one_directory() -> None:
    with pytest.raises(ValueError, match="one directory"):
        Territories(["packages/a", "packages/a"])


def test_more_directories_than_are_remembered() -> None:
    territories = Territories(["packages/a"])
    deep = b"/".join([b"packages/a", *[b"d"] * 5_000, b"x"])

    assert territories.owner(deep) == 0
    for number in range(40_000):
        territories.owner(b"other/%d/x" % number)
    assert territories.owner("packages/a/x") == 0


names = st.sampled_from(["a", "b", "ab", "A"])
directories = st.lists(names, min_size=1, max_size=4).map("/".join)


@given(st.sets(directories | st.just(".")), st.lists(directories, max_size=8))
def test_owner_is_the_longest_package_path_above(packages: set[str], files: list[str]) -> None:
    paths = sorted(packages)

    def owner(file: str) -> int | None:
        above = [path for path in paths if path in {".", file} or file.startswith(f"{path}/")]
        return (
            paths.index(max(above, key=lambda path: path != "." and len(path))) if above else None
        )

    territories = Territories(paths)

    assert [territories.owner(file) for file in files] == [owner(file) for file in files]
    expected = {owner(file) for file in files} - {None}
    assert territories.owners([file.encode() for file in files]) == expected


def test_nested_paths() -> None:
    paths = ["packages/ab", "packages/a", "packages/a/n/m", "packages/a/n", "."]

    assert nested_paths("packages/a", paths) == ("packages/a/n", "packages/a/n/m")
    assert nested_paths("packages/ab", paths) == ()
    assert nested_paths(".", paths) == (
        "packages/a",
        "packages/a/n",
        "packages/a/n/m",
        "packages/ab",
    )


@given(st.sets(directories | st.just(".")))
def test_nest_gives_the_nested_paths_of_each(paths: set[str]) -> None:
    assert nest(paths) == {path: nested_paths(path, paths) for path in paths}
