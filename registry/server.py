"""Runs the application under Granian: processes of threads, drained when they are told to stop."""

import errno
import gc
import ipaddress
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Flask
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

from registry.allocator import give_back, keep_little
from registry.errors import Unavailable
from registry.logs import formatter_of
from registry.wakeup import Wakeup

# Python runs one thread at a time: more threads only wait for the database, each with a
# connection. Granian itself warns above this number.
THREADS = min(8, 2 * (os.cpu_count() or 1) + 1)
# How long a stopping worker may take for the requests it has begun, in seconds.
DRAIN_SECONDS = 30
# How long a client may take for a request's head. Its connection is closed then; no thread waits.
_HEADER_MILLISECONDS = 15_000
# How large a request's head may be: far above what a client of ours sends, and below what it takes
# long to read, as lists of media types in `Accept` do. Granian's own bound is three times as much.
_HEADER_BYTES = 128 * 1024
_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- what such a server is called at
_POLL_SECONDS = 0.02
# How long after its start a worker loads what it will need later.
_PREPARE_SECONDS = 2
# How often free memory goes back to the system. Each second, it would cost answers a twentieth.
_GIVE_BACK_SECONDS = 10
# How long a worker may outlive its parent.
_PARENT_SECONDS = 1


@dataclass(frozen=True)
class Address:
    """Where a server listens."""

    host: str
    port: int

    @property
    def reachable_host(self) -> str:
        """A host at which the server answers on this machine."""
        return _ANY_ADDRESS.get(self.host, self.host)

    @property
    def url(self) -> str:
        """The server's address as a browser on this machine takes it."""
        host = self.reachable_host
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches a server here."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def check_free(self) -> None:
        """See that nothing listens here yet.

        Granian's workers share their port with whoever else shares it, so a second server of the
        same user would start without a word, and each would get some of the requests.

        Raises:
            Unavailable: the port is taken, or the address is none of this machine's.
        """
        try:
            family, where = self._resolve()
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                # Connections of a server that has just stopped do not count.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(where)
        except OSError as error:
            raise Unavailable(self._explain(error), code="address_unavailable") from error

    @property
    def ip(self) -> str:
        """The host as numbers."""
        return str(self._resolve()[1][0])

    def _resolve(self) -> tuple[socket.AddressFamily, tuple[Any, ...]]:
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        family, _, _, _, where = found[0]
        return family, where

    def _explain(self, error: OSError) -> str:
        if error.errno == errno.EADDRINUSE:
            return (
                f"Port {self.port} of {self.host} is in use; stop what listens there, "
                "or choose another port (--port, or PORT= with make)."
            )
        if error.errno == errno.EACCES:
            return f"Port {self.port} is not for this user; choose one above 1023 with --port."
        return f"Cannot listen on {self.host}:{self.port}: {error.strerror or error}."


def serve(
    application: Flask,
    address: Address,
    *,
    workers: int,
    log_format: str,
    when_ready: Callable[[], None],
) -> None:
    """Serve until SIGINT or SIGTERM, then finish the requests begun and return.

    Args:
        application: what is served, made from the environment. It has not answered anything: no
            connection and no thread of it is there to be copied into other processes. Those that
            are started later (SIGHUP) make their own.
        address: where to listen.
        workers: how many processes.
        log_format: how Granian's own lines are written, `text` or `json`.
        when_ready: called once the server answers, in a thread.

    Raises:
        SystemExit: a worker process has died.
    """
    server = _Server(
        "app:create_app",
        address=address.ip,
        port=address.port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        websockets=False,
        # The application logs requests; Granian speaks up when something is wrong with itself.
        log_level=LogLevels.warning,
        log_dictconfig=_logging_of(log_format),
        http1_settings=HTTP1Settings(
            header_read_timeout=_HEADER_MILLISECONDS, max_buffer_size=_HEADER_BYTES
        ),
        workers_kill_timeout=DRAIN_SECONDS,
    )
    server.on_listening(lambda: _await_answer(address, when_ready))
    wakeup = Wakeup()
    # Granian's own event may miss a signal, and the server would never stop.
    server.main_loop_interrupt = wakeup  # type: ignore[assignment]  # what Granian calls, it has
    try:
        # Without a loader of ours, Granian imports from the current directory before all others:
        # the service would run an `app.py` of the workspace it is started in.
        load = _Loader(os.getpid(), application)
        server.on_started(load.forget)
        server.serve(target_loader=load, wrap_loader=False)
    finally:
        wakeup.close()


def _logging_of(log_format: str) -> dict[str, Any]:
    """Have Granian write to standard error, in the form of all other lines."""
    return {
        "formatters": {"lines": {"()": formatter_of, "form": log_format}},
        "handlers": {
            "lines": {
                "class": "logging.StreamHandler",
                "formatter": "lines",
                "stream": "ext://sys.stderr",
            }
        },
        "loggers": {"_granian": {"handlers": ["lines"], "propagate": False}},
    }


class _Loader:
    """Gives a worker process its application."""

    def __init__(self, parent: int, application: Flask) -> None:
        """Serve an application in the processes that `parent`, this one, starts."""
        self._parent = parent
        # A copy of this process has it; one that is started from nothing cannot be handed it.
        is_copied = multiprocessing.get_start_method() == "fork"
        self._application = application if is_copied else None

    def forget(self) -> None:
        """Have processes that are started from now on make an application of their own."""
        self._application = None

    def __call__(self) -> Callable[..., Any]:
        """Make this process, which has just been started, ready to serve the application."""
        # Only the worker processes need them.
        from app import create_app  # noqa: PLC0415
        from graphql_schema.routes import prepare_graphql  # noqa: PLC0415

        # What a fork inherits: handlers that would stop the parent, of which this is a copy. Until
        # Granian sets the worker's own there is no request to finish.
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        # Ctrl-C reaches every process of the terminal's group. A worker that is told to stop twice,
        # by it and then by its parent, hangs until it is killed.
        os.setpgrp()
        keep_little()
        watching = threading.Thread(
            target=_end_with, args=(self._parent,), name="end-with-parent", daemon=True
        )
        watching.start()
        threading.Thread(target=_give_back, name="give-back-memory", daemon=True).start()
        application = self._application or create_app()
        # Once the first requests are answered: loading takes the interpreter from them.
        load_more = partial(prepare_graphql, application)
        prepare = threading.Timer(_PREPARE_SECONDS, _prepare, [load_more])
        prepare.daemon = True
        prepare.start()
        return application


def _prepare(load: Callable[[], None]) -> None:
    """Load what is left to load, which then stays: no look for garbage need go through it."""
    load()
    gc.freeze()


def _end_with(parent: int) -> None:
    """Stop this worker when its parent is gone: killed, it could not tell its workers to stop.

    They would keep the port, and nobody would be there to stop them.
    """
    while os.getppid() == parent:
        time.sleep(_PARENT_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


def _give_back() -> None:
    """Give back, again and again, what answers took: a busy server would keep it for good."""
    while True:
        time.sleep(_GIVE_BACK_SECONDS)
        give_back()


def _await_answer(address: Address, when_ready: Callable[[], None]) -> None:
    while True:
        try:
            with socket.create_connection((address.reachable_host, address.port), timeout=1):
                break
        except OSError:
            time.sleep(_POLL_SECONDS)
    when_ready()


class _Server(MPServer):
    """Granian's server, with hooks for when its workers have been started."""

    _started: Callable[[], None]
    _listening: Callable[[], None]

    def on_started(self, hook: Callable[[], None]) -> None:
        """Call `hook` at once when the workers have been started."""
        self._started = hook

    def on_listening(self, hook: Callable[[], None]) -> None:
        """Call `hook` in a thread then."""
        self._listening = hook

    def startup(self, spawn_target: Any, target_loader: Any) -> None:
        super().startup(spawn_target, target_loader)  # type: ignore[no-untyped-call]  # Granian's
        self._started()
        if sys.stdin and sys.stdin.isatty():
            # To Granian a hangup is the order to reload: closing the terminal would leave the
            # server running where nobody sees it.
            signal.signal(signal.SIGHUP, self.signal_handler_interrupt)
        # After the workers, which are forks: a fork has none of its parent's threads, but their
        # locks.
        threading.Thread(target=self._listening, name="await-answer", daemon=True).start()
