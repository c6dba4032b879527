"""Who is asking, as both doors tell the reads."""

from dataclasses import dataclass

from registry.rules.permissions import NO_PERMISSIONS, Permission, allows


@dataclass(frozen=True)
class Viewer:
    """A caller: the author whose token was shown and what that token allows; or nobody."""

    # The author's row; None for a caller without a token.
    author_id: int | None = None
    permissions: Permission = NO_PERMISSIONS
    # What the permissions on specific packages are limited to: each with a partial identifier, in
    # rising order.
    packages: tuple[tuple[Permission, str], ...] = ()

    def may(self, wanted: Permission) -> bool:
        """Tell whether the caller may do what `wanted` guards."""
        return self.author_id is not None and allows(self.permissions, wanted)

    def may_with(self, identifier: str, anywhere: Permission, specific: Permission) -> bool:
        """Tell whether the caller may do with one package what a pair of permissions guards.

        Args:
            identifier: the package's partial identifier, in lower case.
            anywhere: the permission on any package, e.g. UploadVersionAnyPackage.
            specific: its twin on specific packages, e.g. UploadVersionSpecificPackages.
        """
        if self.may(anywhere):
            return True
        return self.may(specific) and (specific, identifier) in self.packages


ANONYMOUS = Viewer()
