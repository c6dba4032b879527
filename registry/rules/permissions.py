"""What a token allows, and the one function that answers whether it does."""

from enum import IntFlag
from typing import Self


class Permission(IntFlag):
    """One bit each, in the contract's order (section 3), from bit 0."""

    Admin = 1 << 0
    CreatePackage = 1 << 1
    UploadVersionAnyPackage = 1 << 2
    UpdateDescriptionAnyPackage = 1 << 3
    UploadVersionSpecificPackages = 1 << 4
    UpdateDescriptionSpecificPackages = 1 << 5
    UploadResources = 1 << 6
    ReadAuthorData = 1 << 7
    UpdateAuthorData = 1 << 8
    ViewPackages = 1 << 9
    ViewResources = 1 << 10
    UpdateVersionDataAnyPackage = 1 << 11
    UpdateVersionDataSpecificPackages = 1 << 12
    ViewAnalyticsAnyPackage = 1 << 13
    ViewAnalyticsSpecificPackages = 1 << 14
    ManageWorkspace = 1 << 15

    @classmethod
    def named(cls, name: str) -> Self:
        """Find a permission by its name, in any case.

        Raises:
            ValueError: there is none of that name; the message lists those there are.
        """
        for member in cls:
            if member.name is not None and member.name.lower() == name.lower():
                return member
        known = ", ".join(member.name for member in cls if member.name)
        raise ValueError(f"{name!r} is no permission; there are {known}")

    def names(self) -> list[str]:
        """List the names of the permissions held, in bit order."""
        return [member.name for member in self if member.name]


NO_PERMISSIONS = Permission(0)


def allows(held: Permission, wanted: Permission) -> bool:
    """Tell whether a token that holds `held` may do what `wanted` guards: Admin implies all."""
    return bool(held & Permission.Admin) or (held & wanted) == wanted
