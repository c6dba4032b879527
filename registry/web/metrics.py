"""Figures for Prometheus: what is counted while requests are answered.

Labels are of closed sets: a route's pattern and never the address that was asked for, so that
neither a package's name nor what somebody makes up gets into them. Where metrics are off, nothing
is counted and the library is not loaded.
"""

import ipaddress
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from flask import Flask, Response, current_app, request
from sqlalchemy import Engine, event

from registry import __version__
from registry.settings import Settings
from registry.web.database import db, single_reads
from registry.web.request_id import began_at

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.registry import Collector

# Where several processes of one server put their figures together (prometheus_client's own name).
SHARED_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"

_EXTENSION = "registry.metrics"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_STATEMENTS = frozenset({"select", "insert", "update", "delete", "with"})
# Upper bounds in seconds: from an answer that was kept to one that is too slow.
_REQUEST_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_STATEMENT_BUCKETS = (0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5)
# What a proxy adds: such a request comes from elsewhere, whoever hands it on.
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")


class _Request(NamedTuple):
    """What counts requests of one method, route and status."""

    number: Any
    seconds: Any


class Metrics:
    """The figures of this process, or of all processes of one server."""

    def __init__(self) -> None:
        # A fifteenth of a second to load, and needed by nobody else.
        from prometheus_client import (  # noqa: PLC0415 -- see above
            CollectorRegistry,
            Counter,
            Gauge,
            Histogram,
            ProcessCollector,
            disable_created_metrics,
            multiprocess,
        )

        # Each figure's time of birth would be a third of what is sent.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library's
        self.registry = own = CollectorRegistry()
        self._shared = SHARED_DIRECTORY in os.environ
        if not self._shared:
            ProcessCollector(registry=own)
        self._new_registry = CollectorRegistry
        self._collect_shared = multiprocess.MultiProcessCollector
        release = Gauge(
            "registry_release",
            "1, with the release as a label.",
            ["version"],
            registry=own,
            multiprocess_mode="max",
        )
        release.labels(__version__).set(1)
        self._requests = Counter(
            "registry_http_requests",
            "Requests that were answered.",
            ["method", "route", "status"],
            registry=own,
        )
        self._seconds = Histogram(
            "registry_http_request_duration_seconds",
            "Time until an answer was ready to be sent.",
            ["method", "route"],
            registry=own,
            buckets=_REQUEST_BUCKETS,
        )
        statements = Histogram(
            "registry_sql_statement_duration_seconds",
            "Time that a statement of a request took in the database.",
            ["operation"],
            registry=own,
            buckets=_STATEMENT_BUCKETS,
        )
        self._refusals = Counter(
            "registry_limit_refusals",
            "Requests that a limit refused.",
            ["limit"],
            registry=own,
        )
        self._by_request: dict[tuple[str, str, int], _Request] = {}
        # Looking a label up takes longer than counting.
        self._observe_statement: dict[str, Callable[[float], None]] = {
            name: statements.labels(name).observe for name in (*sorted(_STATEMENTS), "other")
        }

    def count_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answered request."""
        key = (method, route, status)
        counted = self._by_request.get(key)
        if counted is None:
            counted = self._by_request[key] = _Request(
                self._requests.labels(method, route, str(status)),
                self._seconds.labels(method, route),
            )
        counted.number.inc()
        counted.seconds.observe(seconds)

    def count_refusal(self, limit: str) -> None:
        """Count a request that a limit refused."""
        self._refusals.labels(limit).inc()

    def count_statement(self, sql: str, seconds: float) -> None:
        """Count a statement that the database ran."""
        operation = sql.lstrip()[:6].rstrip().lower()
        if operation.startswith("with"):
            operation = "with"
        observe = self._observe_statement
        observe.get(operation, observe["other"])(seconds)

    def watch(self, engine: Engine) -> None:
        """Count the statements of an engine, by what they do."""

        def begin(
            _conn: Any, _cursor: Any, _sql: str, _values: Any, context: Any, _m: bool
        ) -> None:
            context.registry_began = time.perf_counter()

        def end(_conn: Any, _cursor: Any, sql: str, _values: Any, context: Any, _m: bool) -> None:
            self.count_statement(sql, time.perf_counter() - context.registry_began)

        event.listen(engine, "before_cursor_execute", begin)
        event.listen(engine, "after_cursor_execute", end)

    def write(self, further: "Collector") -> bytes:
        """Write all figures, and those of a collector, in Prometheus' text format."""
        from prometheus_client import generate_latest  # noqa: PLC0415 -- as above

        registry: CollectorRegistry = self._new_registry()
        registry.register(further)
        if self._shared:
            self._collect_shared(registry)  # type: ignore[no-untyped-call]  # the library's
            return generate_latest(registry)
        return generate_latest(self.registry) + generate_latest(registry)


def init_metrics(app: Flask, settings: Settings) -> None:
    """Count the app's requests, if the setting says so; its database is connected already."""
    if settings.metrics == "off":
        return
    metrics = app.extensions[_EXTENSION] = Metrics()

    def count(response: Response) -> Response:
        rule = request.url_rule
        metrics.count_request(
            request.method if request.method in _METHODS else "OTHER",
            "none" if rule is None else rule.rule,
            response.status_code,
            time.perf_counter() - began_at(),
        )
        return response

    app.after_request(count)
    with app.app_context():
        metrics.watch(db.engine)
        single_reads().observe = metrics.count_statement


def current_metrics() -> Metrics | None:
    """Give the app's figures; None where metrics are off."""
    metrics: Metrics | None = current_app.extensions.get(_EXTENSION)
    return metrics


def count_refusal(limit: str) -> None:
    """Count that a limit refused the request at hand, where anything is counted."""
    metrics = current_metrics()
    if metrics is not None:
        metrics.count_refusal(limit)


def may_read_metrics(settings: Settings) -> bool:
    """Tell whether whoever sent the request at hand may read figures."""
    if settings.metrics != "loopback":
        return settings.metrics == "on"
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
