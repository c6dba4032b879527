"""Which web pages may read answers (the Fetch standard's CORS protocol): those the settings name.

A preflight is an OPTIONS request, which Flask answers for every route with `Allow`; here that
answer gets the headers that browsers look for.
"""

from flask import Flask, Response, request

from registry.settings import Settings

_ALLOWED_HEADERS = (
    "Authorization, Content-Type, If-Match, If-None-Match, X-Request-Id, "
    "Tus-Resumable, Upload-Length, Upload-Metadata, Upload-Offset"
)
_EXPOSED_HEADERS = (
    "ETag, Link, Retry-After, WWW-Authenticate, X-RateLimit-Limit, X-RateLimit-Remaining, "
    "X-RateLimit-Reset, X-Request-Id, Location, X-Private-Key, "
    "Tus-Resumable, Upload-Expires, Upload-Length, Upload-Offset"
)
# Seconds for which a browser need not ask again.
_MAX_AGE = "600"


def init_cors(app: Flask, settings: Settings) -> None:
    """Answer pages of the origins in `CORS_ORIGINS`; without any, there is nothing to do."""
    origins = frozenset(settings.cors_origins)
    if not origins:
        return

    def allow(response: Response) -> Response:
        origin = request.headers.get("Origin")
        if "*" in origins:
            # Never with credentials: a token has to be sent by the page itself.
            response.headers["Access-Control-Allow-Origin"] = "*"
        else:
            response.vary.add("Origin")
            if origin not in origins:
                return response
            response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = _EXPOSED_HEADERS
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            response.headers["Access-Control-Allow-Methods"] = response.headers.get("Allow", "")
            response.headers["Access-Control-Allow-Headers"] = _ALLOWED_HEADERS
            response.headers["Access-Control-Max-Age"] = _MAX_AGE
        return response

    app.after_request(allow)
