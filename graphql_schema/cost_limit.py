"""How many rows a caller may ask for in a span of time, over all operations.

Counted in the same store as REST's limits, by the same callers: the token's author, else the
address. A sliding window: requests are weighted by their cost, so the store keeps two numbers for
each caller, whatever they ask for.
"""

import logging
import math
import time
from typing import TYPE_CHECKING

from flask import request

from registry.errors import Conflict
from registry.rules.viewer import Viewer
from registry.settings import Settings
from registry.web.errors import RateLimited
from registry.web.metrics import count_refusal

if TYPE_CHECKING:
    from limits import RateLimitItem
    from limits.strategies import SlidingWindowCounterRateLimiter

# Seconds that a request waits for Redis at most, before the process counts by itself.
_STORAGE_TIMEOUT = 1

_log = logging.getLogger("registry.graphql")


class CostLimitReached(RateLimited):
    """A caller has asked for as many rows as it may for now; `retry_after` is in seconds."""

    def __init__(self, limit: "RateLimitItem", retry_after: int) -> None:
        super().__init__(
            f"At most {limit.amount:,} rows can be asked for in {limit.get_expiry()} seconds: try "
            f"again in {retry_after}."
        )
        self.retry_after = retry_after


class CostLimit:
    """Counts what operations cost, by caller."""

    def __init__(self, value: str, settings: Settings) -> None:
        """Raise ValueError where `value` is no limit."""
        # By default there is no such limit, and what counts takes long to load.
        from limits import parse  # noqa: PLC0415 -- see above
        from limits.storage import MemoryStorage, storage_from_string  # noqa: PLC0415
        from limits.strategies import SlidingWindowCounterRateLimiter  # noqa: PLC0415

        try:
            self._limit = parse(value)
        except ValueError:
            raise ValueError(
                f"REGISTRY_RATELIMIT_GRAPHQL is {value!r}: write e.g. `1000000 per minute`"
            ) from None
        uri = settings.ratelimit_storage_uri
        self._alone = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared = self._alone
        if uri != "memory://":
            storage = storage_from_string(
                uri,
                socket_connect_timeout=_STORAGE_TIMEOUT,
                socket_timeout=_STORAGE_TIMEOUT,
                wrap_exceptions=True,
            )
            self._shared = SlidingWindowCounterRateLimiter(storage)

    def charge(self, viewer: Viewer, cost: int) -> None:
        """Count an operation before it runs; one that asks for no row counts as one.

        Raises:
            CostLimitReached: it would be over the limit, and is not counted.
            Conflict: there is neither an author nor an address to count it by.
        """
        from limits.errors import StorageError  # noqa: PLC0415 -- as above

        try:
            self._charge(self._shared, viewer, cost)
        except StorageError:
            # Out of reach, the store neither stops the service nor opens it.
            _log.warning("the rate limits' store is out of reach: this process counts by itself")
            self._charge(self._alone, viewer, cost)

    def _charge(
        self, limiter: "SlidingWindowCounterRateLimiter", viewer: Viewer, cost: int
    ) -> None:
        caller = _caller(viewer)
        if not limiter.hit(self._limit, "graphql", caller, cost=max(1, cost)):
            reset = limiter.get_window_stats(self._limit, "graphql", caller).reset_time
            count_refusal("graphql")
            raise CostLimitReached(self._limit, max(1, math.ceil(reset - time.time())))


def _caller(viewer: Viewer) -> str:
    if viewer.author_id is not None:
        return f"author:{viewer.author_id}"
    if request.remote_addr:
        return f"address:{request.remote_addr}"
    raise Conflict(
        "The request has neither an author nor an address to count it by.", code="nobody_to_count"
    )
