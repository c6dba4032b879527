"""Counts requests, by Flask-Limiter: in memory, or in a Redis that several processes share.

Loaded with the first request that is counted: it takes a thirtieth of a server's start, and most
requests have no limit.
"""

import logging
import math
import time
from collections.abc import Mapping

from flask import Blueprint, Flask, Response, request
from flask_limiter import Limit as DefaultLimit
from flask_limiter import Limiter
from limits.errors import StorageError
from limits.storage import Storage

from registry.settings import Settings

# Where a request's environment has what it is counted by.
_COUNTED_AS = "registry.counted_as"
# Seconds that a request waits for Redis at most, before the process counts by itself.
_STORAGE_TIMEOUT = 1

_log = logging.getLogger("registry.limits")


class Counter:
    """Counts the requests of one app."""

    def __init__(
        self,
        app: Flask,
        settings: Settings,
        limits: Mapping[Blueprint, tuple[str, str] | None],
        other: tuple[str, str],
    ) -> None:
        """Count where the settings say; the app's routes may have been called before.

        Args:
            app: the application.
            settings: where requests are counted.
            limits: for each blueprint with a limit of its own the limit, and the name that it is
                counted under; None: it has no limit.
            other: the limit of all other routes together, and its name.
        """
        self._limiter = _make_limiter(settings, *other)
        # Flask takes no hooks once it has answered, and one that only looks for who is not counted
        # costs each request: `count` and `tell` are called instead.
        app.extensions.setdefault("limiter", set()).add(self._limiter)
        self._limiter.init_app(app)
        for blueprint, limit in limits.items():
            if limit is None:
                self._limiter.exempt(blueprint)
            else:
                value, name = limit
                self._limiter.shared_limit(value, scope=name, exempt_when=_is_options)(blueprint)

    @property
    def storage(self) -> Storage:
        """Where requests are counted."""
        return self._limiter.storage

    def count(self, counted_as: str) -> None:
        """Count the request at hand.

        Args:
            counted_as: whom it is counted by; not empty, which would be leave to pass.

        Raises:
            RateLimitExceeded: it goes over its limit.
        """
        request.environ[_COUNTED_AS] = counted_as
        self._limiter.count()

    def tell(self, response: Response) -> bool:
        """Write the headers of a counted response; gives whether the limit refused it.

        Times are in seconds, the reset since 1970. Flask-Limiter's own headers tell a `Retry-After`
        that is too early, and do so on every 200.
        """
        counted = self._limiter.current_limit
        if counted is None:
            return False
        now = time.time()
        try:
            reset, remaining = counted.window
        except StorageError:
            # Redis went away since it counted: tell the most cautious thing that is true.
            _log.warning("the limit's state could not be read")
            reset, remaining = now + counted.limit.get_expiry(), 0
        response.headers["X-RateLimit-Limit"] = str(counted.limit.amount)
        response.headers["X-RateLimit-Remaining"] = str(remaining)
        response.headers["X-RateLimit-Reset"] = str(math.ceil(reset))
        if counted.breached:
            response.headers["Retry-After"] = str(max(1, math.ceil(reset - now)))
        return counted.breached


class _Limiter(Limiter):
    """Flask-Limiter, which counts when it is told to."""

    def count(self) -> None:
        """Count the request at hand as a hook of Flask-Limiter's own would."""
        self._check_request_limit(None, in_middleware=True)


def _make_limiter(settings: Settings, other: str, name: str) -> _Limiter:
    uri = settings.ratelimit_storage_uri
    in_memory = uri == "memory://"
    options: dict[str, str | int] = {}
    if not in_memory:
        options = {
            "socket_connect_timeout": _STORAGE_TIMEOUT,
            "socket_timeout": _STORAGE_TIMEOUT,
            "wrap_exceptions": True,
        }
    return _Limiter(
        _counted_as,
        storage_uri=uri,
        storage_options=options,
        strategy="moving-window",
        default_limits=[DefaultLimit(other, scope=name, shared=True, exempt_when=_is_options)],
        # Out of reach, Redis neither stops the service nor opens it: each process counts by itself
        # until Redis is back, and the log says so.
        in_memory_fallback_enabled=not in_memory,
        key_prefix="registry",
    )


def _counted_as() -> str:
    return str(request.environ[_COUNTED_AS])


def _is_options() -> bool:
    return request.method == "OPTIONS"
