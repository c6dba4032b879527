"""Rate limits: named policies, counted by author or by address, told in headers.

Flask-Limiter counts, in a moving window: no span of three seconds admits a sixth request, wherever
it begins. Who is counted is decided here before it counts, for it takes a key that is empty for
leave to pass. The headers are written here too: its own tell a `Retry-After` that is too early, and
do so on every 200.
"""

import logging
import math
import time
from collections.abc import Mapping
from enum import StrEnum

from flask import Blueprint, Flask, Response, request
from flask_limiter import Limit as DefaultLimit
from flask_limiter import Limiter
from limits import parse_many
from limits.errors import StorageError

from registry.errors import Conflict
from registry.logs import take_secrets_out
from registry.rest.address_limit import AddressLimit
from registry.settings import Settings
from registry.web.authentication import current_caller, require_author
from registry.web.metrics import count_refusal
from registry.web.ready_answers import COUNTED

_KEY = "registry.counted_as"
_POLICY = "registry.limit_policy"
# Seconds that a request waits for Redis at most, before the process counts by itself.
_STORAGE_TIMEOUT = 1
_REDIS_SCHEMES = ("redis://", "rediss://", "redis+unix://")

_log = logging.getLogger("registry.limits")


class Policy(StrEnum):
    """The limits there are, each by the setting that holds its value and, in its table, default."""

    # 5 requests every 3 seconds and author, over all its routes (contract, section 3).
    ACCOUNT = "ratelimit_account"
    # The registry's own routes, each by itself, as its document says.
    ACCOUNT_DATA = "ratelimit_account_data"
    AUTH_ISSUE = "ratelimit_auth_issue"
    PACKAGES = "ratelimit_packages"
    PACKAGE_INFO = "ratelimit_package_info"
    PACKAGE_NEW = "ratelimit_package_new"
    PACKAGE_UPLOAD = "ratelimit_package_upload"
    PACKAGE_RETRY = "ratelimit_package_retry"
    PACKAGE_DESCRIPTION = "ratelimit_package_description"
    PACKAGE_INCOMPATIBILITIES = "ratelimit_package_incompatibilities"
    PACKAGE_XPSELECTION = "ratelimit_package_xpselection"
    ANALYTICS = "ratelimit_analytics"
    META = "ratelimit_meta"
    # Ours: to find versions that go together is the most that one request can ask for.
    RESOLVE = "ratelimit_resolve"
    # All other routes together, by author or address; none by default (contract, section 1).
    OTHER = "ratelimit_default"

    @property
    def needs_author(self) -> bool:
        """Whether its routes are for authors only: who has no good token is not counted."""
        return self in _FOR_AUTHORS

    def limit(self, settings: Settings) -> str:
        """Give the policy's limit, such as `5 per 3 seconds`; empty: none.

        Raises:
            ValueError: the setting holds what is no limit.
        """
        value: str = getattr(settings, self.value)
        try:
            if value:
                parse_many(value)
        except ValueError:
            raise ValueError(
                f"REGISTRY_{self.value.upper()} is {value!r}: write e.g. `5 per 3 seconds`"
            ) from None
        return value


_FOR_AUTHORS = frozenset(
    {
        Policy.ACCOUNT,
        Policy.ACCOUNT_DATA,
        Policy.AUTH_ISSUE,
        Policy.PACKAGE_NEW,
        Policy.PACKAGE_UPLOAD,
        Policy.PACKAGE_RETRY,
        Policy.PACKAGE_DESCRIPTION,
        Policy.PACKAGE_INCOMPATIBILITIES,
        Policy.PACKAGE_XPSELECTION,
    }
)


def init_limits(
    app: Flask, settings: Settings, policies: Mapping[Blueprint, Policy | None]
) -> None:
    """Limit the app's routes; called before its blueprints are registered.

    Args:
        app: the application.
        settings: the limits' values, and where requests are counted.
        policies: the blueprints with another policy than `OTHER`; None: without a limit.

    Raises:
        ValueError: a setting holds what is no limit, or no storage that is known here.
    """
    by_name = {blueprint.name: policy for blueprint, policy in policies.items()}
    limits = {policy: policy.limit(settings) for policy in Policy}

    def decide_who_is_counted() -> None:
        if request.url_rule is None or request.method == "OPTIONS":
            return
        policy = by_name.get(request.blueprint or "", Policy.OTHER)
        if policy is None:
            return
        if limits[policy]:
            request.environ[_KEY] = _who_is_counted()
            request.environ[COUNTED] = True
            request.environ[_POLICY] = policy
        if policy.needs_author:
            # Before the limiter, so that a 401 does not count.
            require_author()

    def count_address() -> None:
        if of_addresses is not None and by_name.get(request.blueprint or "", "") is not None:
            of_addresses.check()

    app.before_request(count_address)
    app.before_request(decide_who_is_counted)
    limiter = _make_limiter(settings, limits[Policy.OTHER])

    def tell_the_limit(response: Response) -> Response:
        return _tell(limiter, response)

    # Before the limiter's own, so that it runs after it.
    app.after_request(tell_the_limit)
    limiter.init_app(app)
    of_addresses = AddressLimit.of(settings, limiter.storage)
    if of_addresses is not None:
        app.after_request(of_addresses.tell)
    for blueprint, policy in policies.items():
        if policy is None or not limits[policy]:
            limiter.exempt(blueprint)
        else:
            limit = limiter.shared_limit(limits[policy], scope=policy.name, exempt_when=_is_options)
            limit(blueprint)


class _Limiter(Limiter):
    """Flask-Limiter, but for requests that nothing counts.

    It would look through all limits to find that none applies: for an answer that is ready, that is
    a third of the time.
    """

    def _check_request_limit(
        self, callable_name: str | None = None, in_middleware: bool = True
    ) -> None:
        if _KEY in request.environ:
            super()._check_request_limit(callable_name, in_middleware)


def _make_limiter(settings: Settings, other: str) -> Limiter:
    uri = settings.ratelimit_storage_uri
    options: dict[str, str | int] = {}
    if uri.startswith(_REDIS_SCHEMES):
        options = {
            "socket_connect_timeout": _STORAGE_TIMEOUT,
            "socket_timeout": _STORAGE_TIMEOUT,
            "wrap_exceptions": True,
        }
    elif uri != "memory://":
        raise ValueError(
            f"REGISTRY_RATELIMIT_STORAGE_URI is {take_secrets_out(uri)!r}: memory:// or redis://…"
        )
    return _Limiter(
        _counted_as,
        storage_uri=uri,
        storage_options=options,
        strategy="moving-window",
        default_limits=[
            DefaultLimit(other, scope=Policy.OTHER.name, shared=True, exempt_when=_is_options)
        ],
        # Out of reach, Redis neither stops the service nor opens it: each process counts by itself
        # until Redis is back, and the log says so.
        in_memory_fallback_enabled=bool(options),
        key_prefix="registry",
    )


def _who_is_counted() -> str:
    author_id = current_caller().viewer.author_id
    if author_id is not None:
        return f"author:{author_id}"
    if request.remote_addr:
        return f"address:{request.remote_addr}"
    raise Conflict(
        "The request has neither an author nor an address to count it by.", code="nobody_to_count"
    )


def _counted_as() -> str:
    return str(request.environ[_KEY])


def _is_options() -> bool:
    return request.method == "OPTIONS"


def _tell(limiter: Limiter, response: Response) -> Response:
    """Write the headers of a counted response; times are in seconds, the reset since 1970."""
    counted = limiter.current_limit if _KEY in request.environ else None
    if counted is None:
        return response
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
        count_refusal(request.environ[_POLICY].name.lower())
    return response
