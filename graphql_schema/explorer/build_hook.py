"""Has the explorer's files at hand when a distribution is built (hatchling calls it)."""

import sys
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ExplorerBuildHook(BuildHookInterface):  # type: ignore[type-arg]  # what it configures is not used
    """Fetches the files before a wheel, a source distribution or an editable install is made."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 -- hatchling's signature
        """Fetch what is not there; without npm the explorer will take them from its CDN.

        Raises:
            FetchError: npm brought another file than the pinned one.
        """
        sys.path.insert(0, self.root)
        from graphql_schema.explorer.assets import VENDOR, are_built_in  # noqa: PLC0415 -- from the tree that is built
        from graphql_schema.explorer.fetch import NpmUnavailable, fetch_assets  # noqa: PLC0415 -- as above

        if are_built_in(VENDOR):
            return
        try:
            fetch_assets(VENDOR)
        except NpmUnavailable as error:
            self.app.display_warning(f"{error} Until then the explorer takes them from a CDN.")
