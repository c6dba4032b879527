"""Package names in addresses of what belongs to a package, such as `.../NAME/dependents`."""

from werkzeug.routing import PathConverter


class PackageNameConverter(PathConverter):
    """Matches a package's name, raw (`@org/name`) or with its slash encoded.

    A scope alone is no name, so `/api/packages/@org/dependents` is the package `@org/dependents`.
    """

    regex = r"(?:@[^/]+/[^/].*?|[^@/].*?)"
