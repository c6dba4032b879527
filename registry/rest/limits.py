"""Rate limits: named policies, counted by author or by address, told in headers.

Flask-Limiter counts, in a moving window: no span of three seconds admits a sixth request, wherever
it begins. Who is counted is decided here before it counts, for it takes a key that is empty for
leave to pass.
"""

from collections.abc import Mapping
from enum import StrEnum
from threading import Lock
from typing import TYPE_CHECKING

from flask import Blueprint, Flask, Response, request

from registry.errors import Conflict
from registry.logs import take_secrets_out
from registry.settings import Settings
from registry.web.authentication import current_caller, require_author
from registry.web.metrics import count_refusal
from registry.web.ready_answers import COUNTED

if TYPE_CHECKING:
    from registry.rest.address_limit import AddressLimit
    from registry.rest.counting import Counter

_POLICY = "registry.limit_policy"
_REDIS_SCHEMES = ("redis://", "rediss://", "redis+unix://")


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
        if value == Settings.model_fields[self.value].default:
            return value
        # Not for what is known to be a limit: see `registry.rest.counting`.
        from limits import parse_many  # noqa: PLC0415

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
    counting = _Counting(app, settings, limits, policies)
    of_addresses = _limit_addresses(settings, counting)

    def count_address() -> None:
        if of_addresses is not None and by_name.get(request.blueprint or "", "") is not None:
            of_addresses.check()

    def count() -> None:
        if request.url_rule is None or request.method == "OPTIONS":
            return
        policy = by_name.get(request.blueprint or "", Policy.OTHER)
        if policy is None:
            return
        counted_as = ""
        if limits[policy]:
            counted_as = _who_is_counted()
            request.environ[COUNTED] = True
        if policy.needs_author:
            # Before it is counted, so that a 401 does not count.
            require_author()
        if counted_as:
            request.environ[_POLICY] = policy
            counting.counter().count(counted_as)

    def tell_the_limit(response: Response) -> Response:
        if _POLICY in request.environ and counting.counter().tell(response):
            count_refusal(request.environ[_POLICY].name.lower())
        return response

    app.before_request(count_address)
    app.before_request(count)
    app.after_request(tell_the_limit)
    if of_addresses is not None:
        app.after_request(of_addresses.tell)


class _Counting:
    """Makes what counts, with the first request that is counted."""

    def __init__(
        self,
        app: Flask,
        settings: Settings,
        limits: Mapping[Policy, str],
        policies: Mapping[Blueprint, Policy | None],
    ) -> None:
        uri = settings.ratelimit_storage_uri
        if uri != "memory://" and not uri.startswith(_REDIS_SCHEMES):
            raise ValueError(
                f"REGISTRY_RATELIMIT_STORAGE_URI is {take_secrets_out(uri)!r}: "
                "memory:// or redis://…"
            )
        self._app, self._settings = app, settings
        self._other = limits[Policy.OTHER], Policy.OTHER.name
        self._limits = {
            blueprint: (limits[policy], policy.name) if policy and limits[policy] else None
            for blueprint, policy in policies.items()
        }
        self._counter: Counter | None = None
        self._lock = Lock()
        if uri != "memory://" or limits[Policy.OTHER]:
            # A Redis that cannot be used is told of at the start; or every request is counted.
            self.counter()

    def counter(self) -> "Counter":
        """Give the one that counts the app's requests."""
        if self._counter is None:
            with self._lock:
                if self._counter is None:
                    from registry.rest.counting import Counter  # noqa: PLC0415 -- see there

                    self._counter = Counter(self._app, self._settings, self._limits, self._other)
        return self._counter


def _limit_addresses(settings: Settings, counting: _Counting) -> "AddressLimit | None":
    if not settings.ratelimit_address:
        return None
    # Needs what counts: see there.
    from registry.rest.address_limit import AddressLimit  # noqa: PLC0415

    return AddressLimit.of(settings, counting.counter().storage)


def _who_is_counted() -> str:
    author_id = current_caller().viewer.author_id
    if author_id is not None:
        return f"author:{author_id}"
    if request.remote_addr:
        return f"address:{request.remote_addr}"
    raise Conflict(
        "The request has neither an author nor an address to count it by.", code="nobody_to_count"
    )
