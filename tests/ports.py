"""Ports for servers that run as processes of their own, and have to be told where to listen."""

import itertools
import random
import socket
import time

from registry.errors import Unavailable
from registry.server import Address

# Seconds, long enough for a machine that has much else to do.
_PATIENCE = 60

# Below those that the system gives to whoever asks for any: between its choice and its use, no
# connection and no server of another test takes one.
_FIRST, _LAST = 20_000, 32_000
_ports = itertools.cycle(range(_FIRST, _LAST))
# Another process that runs tests begins elsewhere.
for _ in range(random.SystemRandom().randrange(_LAST - _FIRST)):
    next(_ports)


def free_port() -> int:
    """Find a port of loopback that nothing listens on, another one each time."""
    for port in _ports:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise AssertionError("every port is taken")


def await_free(port: int) -> None:
    """Wait until a server that was killed has let go of its port.

    Processes close what they have opened one after the other, and some may wait for the disk first.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            Address("127.0.0.1", port).check_free()
        except Unavailable:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return
