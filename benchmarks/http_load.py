"""Asks one address over and over, in a process of its own that costs as little as it can.

    echo '{"port": 5000, "path": "/api/packages", "headers": {}, "clients": 4, "seconds": 1}' \
      | python -m benchmarks.http_load

Each client has one connection and asks again as soon as it is answered; what comes is counted and
thrown away. Prints JSON: how many answers, in how many seconds, with how many bytes, of which
status.
"""

import json
import re
import socket
import sys
import threading
import time

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_BUFFER = 1 << 20


class _Client:
    def __init__(self, port: int, request: bytes) -> None:
        self._request = request
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = memoryview(bytearray(_BUFFER))
        self.answers = 0
        self.bytes = 0
        self.statuses: set[int] = set()

    def run(self, end: float) -> None:
        while time.perf_counter() < end:
            self._socket.sendall(self._request)
            self._read()
            self.answers += 1
        self._socket.close()

    def _read(self) -> None:
        got = self._socket.recv_into(self._buffer)
        head = bytes(self._buffer[: min(got, 4096)])
        while (stop := head.find(b"\r\n\r\n")) < 0:
            more = self._socket.recv_into(self._buffer[got:])
            if not more:
                raise SystemExit("the server hung up")
            got += more
            head = bytes(self._buffer[: min(got, 4096)])
        self.statuses.add(int(head[9:12]))
        length = _LENGTH.search(head, 0, stop + 2)
        left = stop + 4 + (int(length[1]) if length else 0) - got
        self.bytes += got + left
        while left > 0:
            read = self._socket.recv_into(self._buffer, min(left, _BUFFER))
            if not read:
                raise SystemExit("the server hung up")
            left -= read


def main() -> int:
    """Read the order from standard input, ask, print what came of it."""
    order = json.load(sys.stdin)
    lines = [f"GET {order['path']} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in order["headers"].items()]
    request = "\r\n".join([*lines, "", ""]).encode()
    clients = [_Client(order["port"], request) for _ in range(order["clients"])]
    begun = time.perf_counter()
    end = begun + order["seconds"]
    threads = [threading.Thread(target=client.run, args=(end,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result = {
        "answers": sum(client.answers for client in clients),
        "seconds": time.perf_counter() - begun,
        "bytes": sum(client.bytes for client in clients),
        "statuses": sorted({status for client in clients for status in client.statuses}),
    }
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
