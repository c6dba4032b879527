import pytest

from registry.rules.permissions import Permission
from registry.rules.viewer import ANONYMOUS, Viewer

ANY = Permission.UploadVersionAnyPackage
SPECIFIC = Permission.UploadVersionSpecificPackages
OTHER = Permission.UpdateDescriptionSpecificPackages
LIMITED = ((SPECIFIC, "ada.one"), (OTHER, "ada.two"))


@pytest.mark.parametrize(
    ("viewer", "one", "two"),
    [
        (ANONYMOUS, False, False),
        (Viewer(1), False, False),
        (Viewer(1, ANY), True, True),
        (Viewer(1, Permission.Admin), True, True),
        (Viewer(1, SPECIFIC), False, False),
        (Viewer(1, SPECIFIC | OTHER, LIMITED), True, False),
        # What it is limited to is of no use without the permission, nor without an author.
        (Viewer(1, OTHER, LIMITED), False, False),
        (Viewer(None, ANY | SPECIFIC, LIMITED), False, False),
    ],
)
def test_what_a_caller_may_do_with_one_package(viewer: Viewer, one: bool, two: bool) -> None:
    assert viewer.may_with("ada.one", ANY, SPECIFIC) is one
    assert viewer.may_with("ada.two", ANY, SPECIFIC) is two
