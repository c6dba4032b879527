"""What can go wrong between HTTP and the product, as classes beside those of `registry.errors`."""

from registry.errors import RegistryError, Unavailable


class MethodNotAllowed(RegistryError):
    """The address exists but does not know this method; the header `Allow` lists those it knows."""

    code = "method_not_allowed"
    status = 405
    title = "Method not allowed"


class BodyTooLarge(RegistryError):
    """The request's body is larger than the server takes."""

    code = "body_too_large"
    status = 413
    title = "Body too large"


class UnsupportedMediaType(RegistryError):
    """The request's body is not of a kind that is read here."""

    code = "unsupported_media_type"
    status = 415
    title = "Unsupported media type"


class RateLimited(RegistryError):
    """Too many requests; the header `Retry-After` tells how many seconds to wait."""

    code = "rate_limited"
    status = 429
    title = "Too many requests"


class CrossSiteWrite(RegistryError):
    """A web page of another site asked for a write that needs no token."""

    code = "cross_site_write"
    status = 403
    title = "Cross-site write"


class InvalidSignature(RegistryError):
    """A webhook's message does not prove that its sender knows the secret."""

    code = "invalid_signature"
    status = 403
    title = "Invalid signature"


class QueryTooSlow(Unavailable):
    """The database was stopped while it worked on the answer, for it took too long."""

    code = "query_too_slow"
    title = "Query too slow"


class DatabaseUnavailable(Unavailable):
    """The database is out of reach, or so busy that the answer cannot wait for it."""

    code = "database_unavailable"


class DatabaseFull(Unavailable):
    """The database's disk is full: what is there can be read, and nothing written."""

    code = "database_full"


class DatabaseReadOnly(Unavailable):
    """The database cannot be written for now: its disk, or all of it, is read-only."""

    code = "database_read_only"
