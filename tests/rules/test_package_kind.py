import pytest

from registry.rules.enumerations import PackageKind
from registry.rules.package_kind import package_kind

APP, LIB, TOOL, SERVICE = PackageKind.APP, PackageKind.LIB, PackageKind.TOOL, PackageKind.SERVICE


@pytest.mark.parametrize(
    ("path", "has_commands", "has_entry", "private", "kind"),
    [
        # The directory says it, whatever the manifest holds.
        ("apps/web", False, False, True, APP),
        ("Apps/web", True, True, False, APP),
        ("examples/blog", False, True, False, APP),
        ("docs", False, False, True, APP),
        ("services/users", False, True, True, SERVICE),
        ("server", False, False, False, SERVICE),
        ("tools/release", False, False, True, TOOL),
        ("scripts", False, True, True, TOOL),
        # Only its first directory does.
        ("packages/apps/web", False, True, False, LIB),
        # Else what it offers: commands without anything to import make a tool.
        ("packages/create-thing", True, False, False, TOOL),
        ("packages/parser", True, True, False, LIB),
        ("packages/shared", False, True, False, LIB),
        ("packages/tsconfig", False, False, True, LIB),
        ("libs/empty", False, False, False, LIB),
        ("plugins/one", False, False, True, LIB),
        ("runtime/one", True, False, True, TOOL),
        ("runtime/one", False, False, True, APP),
        ("runtime/one", False, False, False, LIB),
        ("runtime/one", False, True, True, LIB),
        # The root itself.
        (".", False, True, False, LIB),
        (".", True, False, False, TOOL),
        (".", False, False, True, APP),
    ],
)
def test_tells_the_kind(
    path: str, has_commands: bool, has_entry: bool, private: bool, kind: PackageKind
) -> None:
    assert (
        package_kind(path, has_commands=has_commands, has_entry=has_entry, private=private) is kind
    )
