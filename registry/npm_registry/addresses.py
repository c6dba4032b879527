"""Which addresses a connection to the registry may lead to.

The setting names a host of the world or one of the house. A host of the world must not lead into
the house: whoever rules its name could otherwise have this server ask its neighbours.
"""

import ipaddress
import socket
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError
from urllib3.poolmanager import PoolManager

# Names that the world's name servers never give out (RFC 6761, RFC 6762, RFC 8375).
_HOUSE_SUFFIXES = ("localhost", "local", "internal", "home.arpa", "lan")


def is_of_the_house(host: str) -> bool:
    """Tell whether a host is, by its name alone, one of a private network or this machine."""
    host = host.strip("[]").rstrip(".").lower()
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        pass
    return "." not in host or host.endswith(tuple(f".{suffix}" for suffix in _HOUSE_SUFFIXES))


def make_pools(*, private: bool, size: int) -> PoolManager:
    """Make connection pools; unless `private`, they lead to addresses of the world only."""
    pools = PoolManager(num_pools=1, maxsize=size, block=True, retries=False)
    if not private:
        pools.pool_classes_by_scheme = {"http": _WorldPool, "https": _WorldSecurePool}
    return pools


class PrivateAddress(NewConnectionError):
    """A name of the world leads to a private address."""


class _ToTheWorld:
    """Looks at where a connection led before anything is sent.

    Asked after the name was resolved, since it may resolve to something else each time.
    """

    def _new_conn(self) -> socket.socket:
        made: socket.socket = super()._new_conn()  # type: ignore[misc]  # that of the class beside it
        peer = made.getpeername()[0]
        if not ipaddress.ip_address(peer.partition("%")[0]).is_global:
            made.close()
            raise PrivateAddress(self, "the name leads to a private address")  # type: ignore[arg-type]  # as above
        return made


class _WorldConnection(_ToTheWorld, HTTPConnection):
    pass


class _WorldSecureConnection(_ToTheWorld, HTTPSConnection):
    pass


class _WorldPool(HTTPConnectionPool):
    ConnectionCls: Any = _WorldConnection


class _WorldSecurePool(HTTPSConnectionPool):
    ConnectionCls: Any = _WorldSecureConnection
