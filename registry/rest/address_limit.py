"""The limit of all requests of one address together, as X-Pkg's registry has it.

Who goes over it is shut out for a while, whatever the routes' own limits would say. It is counted
before anything else is done for the request, where the other limits are counted too.
"""

import logging
import math
import time
from dataclasses import dataclass

from flask import Response, request
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import MemoryStorage, Storage
from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter

from registry.settings import Settings
from registry.web.errors import RateLimited
from registry.web.ready_answers import COUNTED

_STANDING = "registry.address_limit"
# Seconds for which a store that failed is not asked again.
_LOOK_AGAIN = 30

_log = logging.getLogger("registry.limits")


@dataclass(frozen=True)
class _Standing:
    """How an address stands: as its headers tell it."""

    remaining: int
    # Seconds since 1970.
    reset: float
    is_refused: bool


class AddressLimit:
    """Counts the requests of addresses, and shuts out those that go over the limit."""

    def __init__(self, limit: RateLimitItem, shut_out: int, store: Storage) -> None:
        """Count in a store; while that is out of reach, in this process alone.

        Args:
            limit: how many requests in which time.
            shut_out: for how many seconds an address is refused once it went over the limit.
            store: where it is counted.
        """
        self._limit = limit
        self._shut_out = parse(f"1 per {shut_out} seconds")
        self._store, self._own = store, MemoryStorage()
        self._store_from = 0.0

    @classmethod
    def of(cls, settings: Settings, store: Storage) -> "AddressLimit | None":
        """Make the one that the settings have; None: they have none.

        Raises:
            ValueError: `REGISTRY_RATELIMIT_ADDRESS` is no limit.
        """
        text = settings.ratelimit_address
        if not text:
            return None
        try:
            limit = parse(text)
        except ValueError:
            raise ValueError(
                f"REGISTRY_RATELIMIT_ADDRESS is {text!r}: write e.g. `30 per 10 seconds`"
            ) from None
        return cls(limit, settings.ratelimit_address_shut_out, store)

    def count(self, address: str) -> _Standing:
        """Count a request of an address."""
        if time.monotonic() >= self._store_from:
            try:
                return self._count(self._store, address)
            except StorageError as error:
                self._store_from = time.monotonic() + _LOOK_AGAIN
                _log.warning("requests of addresses are counted by this process alone: %s", error)
        return self._count(self._own, address)

    def _count(self, store: Storage, address: str) -> _Standing:
        window, door = MovingWindowRateLimiter(store), FixedWindowRateLimiter(store)
        key = ("registry", "address", address)
        if door.test(self._shut_out, *key):
            if window.hit(self._limit, *key):
                reset, remaining = window.get_window_stats(self._limit, *key)
                return _Standing(remaining, reset, is_refused=False)
            door.hit(self._shut_out, *key)
        return _Standing(0, door.get_window_stats(self._shut_out, *key).reset_time, is_refused=True)

    def tell(self, response: Response) -> Response:
        """Write the headers of a counted response; times as those of the other limits."""
        standing: _Standing | None = request.environ.get(_STANDING)
        if standing is None:
            return response
        response.headers["X-RateLimit-Limit-Global"] = str(self._limit.amount)
        response.headers["X-RateLimit-Remaining-Global"] = str(standing.remaining)
        response.headers["X-RateLimit-Reset-Global"] = str(math.ceil(standing.reset))
        if standing.is_refused:
            seconds = str(max(1, math.ceil(standing.reset - time.time())))
            response.headers["X-Retry-After-Global"] = response.headers["Retry-After"] = seconds
        return response

    def check(self) -> None:
        """Count the request that is served.

        Raises:
            RateLimited: its address went over the limit.
        """
        if not request.remote_addr or request.method == "OPTIONS":
            return
        request.environ[COUNTED] = True
        standing = request.environ[_STANDING] = self.count(request.remote_addr)
        if standing.is_refused:
            raise RateLimited(
                "Too many requests of this address: wait for as many seconds as `Retry-After` says."
            )
