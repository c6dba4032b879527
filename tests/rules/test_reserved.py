import pytest

from registry.rules.reserved import is_reserved


@pytest.mark.parametrize(
    ("identifier", "reserved"),
    [
        ("xpkg.official", True),
        ("xpkgs.package", False),
        ("author.xpkg", False),
        ("con.package", True),
        ("com1.package", True),
        ("com0.package", False),
        ("lpt9.x.y", True),
        ("console.package", False),
        ("package", False),
    ],
)
def test_what_is_reserved(identifier: str, reserved: bool) -> None:
    assert is_reserved(identifier, "xpkg") is reserved
