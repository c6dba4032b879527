"""Who is asking, as both doors tell the reads."""

from dataclasses import dataclass

from registry.rules.permissions import NO_PERMISSIONS, Permission, allows


@dataclass(frozen=True)
class Viewer:
    """A caller: the author whose token was shown and what that token allows; or nobody."""

    # The author's row; None for a caller without a token.
    author_id: int | None = None
    permissions: Permission = NO_PERMISSIONS

    def may(self, wanted: Permission) -> bool:
        """Tell whether the caller may do what `wanted` guards."""
        return self.author_id is not None and allows(self.permissions, wanted)


ANONYMOUS = Viewer()
