"""Which tag names which version."""

import pytest

from registry.rules.release_tags import PackageFacts, name_tags

ONE = "@acme/one"


def facts(*packages: str) -> list[PackageFacts]:
    """Write packages as `name version`, private ones with a `-` before."""
    return [
        PackageFacts(name.removeprefix("-"), name.startswith("-"), version)
        for name, _, version in (package.partition(" ") for package in packages)
    ]


@pytest.mark.parametrize(
    ("tags", "named"),
    [
        ("@acme/one@1.2.3", "@acme/one@1.2.3"),
        ("@acme/one-v1.2.3", "@acme/one-v1.2.3"),
        ("@acme/one/v1.2.3", "@acme/one/v1.2.3"),
        ("one@1.2.3", "one@1.2.3"),
        ("one-v1.2.3", "one-v1.2.3"),
        ("one/v1.2.3", "one/v1.2.3"),
        ("one@1.2.3 one-v1.2.3 @acme/one@1.2.3 v1.2.3", "@acme/one@1.2.3"),
        ("one-v1.2.3 one@1.2.3 v1.2.3", "one@1.2.3"),
        ("acme/one@1.2.3 one-1.2.3 one/1.2.3 one@v1.2.3 1.2.3", ""),
        ("two@1.2.3 @acme/one@1.2.30 @other/one@1.2.3 One@1.2.3", ""),
    ],
)
def test_a_tag_with_the_package_s_name(tags: str, named: str) -> None:
    names = name_tags(facts("@acme/one 1.2.3", "two 2.0.0"), tags.split(), fixed_version=False)

    assert names.tag_for(ONE, "1.2.3") == named


def test_a_name_without_scope_must_be_one_package_s() -> None:
    tags = ["one@1.2.3", "@acme/one@2.0.0"]
    packages = facts("@acme/one 1.2.3", "@other/one 1.2.3", "two 1.0.0")
    names = name_tags(packages, tags, fixed_version=False)
    assert [names.tag_for(ONE, "1.2.3"), names.tag_for(ONE, "2.0.0")] == ["", "@acme/one@2.0.0"]

    names = name_tags(facts("@acme/one 1.2.3", "one 1.2.3"), tags, fixed_version=False)
    assert [names.tag_for(ONE, "1.2.3"), names.tag_for("one", "1.2.3")] == ["", "one@1.2.3"]


@pytest.mark.parametrize(
    ("packages", "tags", "shared"),
    [
        # One package, public or not, its version tagged or not.
        (["one 1.0.0"], "v1.0.0", "one"),
        (["-one 3.0.0"], "v1.0.0", "one"),
        (["one "], "v1.0.0", "one"),
        # One version for all that is published.
        (["one 2.0.0", "two 2.0.0", "-docs 1.0.0", "-site "], "v1.0.0", "one two"),
        (["-one 2.0.0", "-two 2.0.0", "-site "], "v1.0.0", "one two"),
        # Babel: packages that did not change keep the version of an earlier tag.
        (["one 8.0.4", "two 8.0.1", "three 8.0.0"], "v8.0.0 v8.0.1 v8.0.4 v1.0.0", "one three two"),
        # ... of old, somebody tagged with a name, once;
        (["one 8.0.4", "two 8.0.1"], "v8.0.1 v8.0.4 one@7.0.0 v1.0.0", "one two"),
        # ... some are about to be released, their tag is not there yet.
        (["one 8.1.0", "two 8.1.0", "three 8.0.0"], "v8.0.0 v8.0.1 v1.0.0", "one three two"),
        (["one 9.1.0", "two 7.0.0", "three 8.0.0"], "v8.0.0 v8.0.1 v1.0.0", ""),
        (["one 8.0.1", "two 8.0.2", "three 8.5.0"], "v8.5.0 v1.0.0", ""),
        # ... the next major's first tags are there, from another branch.
        (["one 8.0.4", "two 8.0.1"], "v8.0.1 v8.0.4 v9.0.0-beta.1 v1.0.0", "one two"),
        # Vite: the plain tags are one package's.
        (
            ["vite 8.2.2", "create 9.1.2", "legacy 8.2.3"],
            "v8.2.2 create@9.1.2 legacy@8.2.3 v1.0.0",
            "",
        ),
        # Pnpm: by chance old plain tags hold some packages' versions.
        (["pnpm 11.2.0", "fs 1000.0.1", "cli 1000.2.0", "old 2.0.0"], "v11.2.0 v2.0.0 v1.0.0", ""),
        (["pnpm 11.2.0", "a 1.0.0", "b 1.0.0", "c 1.0.1"], "v11.2.0 v1.0.1 v1.0.0", ""),
        # Npm: the plain tags are the root's, and each version has a tag with its own name too.
        (
            ["arborist 8.0.0", "config 9.0.0"],
            "v8.0.0 v9.0.0 arborist-v8.0.0 config-v9.0.0 v1.0.0",
            "",
        ),
        # Half is not most.
        (["one 1.0.0", "two 2.0.0"], "v1.0.0", ""),
        (["one 1.0.0", "two 2.0.0"], "", ""),
        ([], "v1.0.0", ""),
        (["-one ", "-two "], "v1.0.0", ""),
    ],
)
def test_plain_tags_name_versions_where_all_share_them(
    packages: list[str], tags: str, shared: str
) -> None:
    names = name_tags(facts(*packages), tags.split(), fixed_version=False)

    named = [package.name for package in facts(*packages) if names.tag_for(package.name, "1.0.0")]
    assert sorted(named) == shared.split()


def test_a_fixed_version_is_shared_by_private_packages_too() -> None:
    packages = facts("one 1.0.0", "-docs 0.3.0", "two 2.0.0")
    names = name_tags(packages, ["v1.0.0"], fixed_version=True)

    assert [names.tag_for(package.name, "1.0.0") for package in packages] == ["v1.0.0"] * 3
    assert names.tag_for("one", "1.0.1") == ""


def test_versions_that_are_no_numbers() -> None:
    names = name_tags(facts("one next", "two 1.0.0"), ["vnext", "v1.0.0"], fixed_version=False)
    assert names.tag_for("one", "next") == ""

    names = name_tags(facts("one next", "two 1.0.0"), ["vnext", "v1.0.0"], fixed_version=True)
    assert names.tag_for("one", "next") == "vnext"
    assert names.tag_for("one", "") == ""
