"""Asks one server over and over, in a process of its own.

    echo '{"port": 5000, "bodies": ["…"], "clients": 8, "requests": 100, "seconds": 2}' \
      | python -m benchmarks.graphql_load

Each client has one connection and asks again as soon as it is answered. Prints JSON: every
request's duration in milliseconds, the wall time, and what the asking itself cost.
"""

import http.client
import json
import sys
import threading
import time
from itertools import cycle, islice
from typing import Any

_HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}


class _Client:
    def __init__(self, order: dict[str, Any], number: int) -> None:
        bodies = [body.encode() for body in order["bodies"]]
        # Clients ask for different things at one time.
        start = number * len(bodies) // order["clients"]
        self._bodies = islice(cycle(bodies), start, start + order["requests"])
        self._connection = http.client.HTTPConnection("127.0.0.1", order["port"], timeout=60)
        self._connection.connect()
        self.milliseconds: list[float] = []
        self.bytes = 0
        self.failed: str | None = None

    def run(self, end: float) -> None:
        for body in self._bodies:
            before = time.perf_counter()
            if before > end:
                break
            self._connection.request("POST", "/graphql", body, _HEADERS)
            response = self._connection.getresponse()
            answer = response.read()
            self.milliseconds.append((time.perf_counter() - before) * 1000)
            self.bytes += len(answer)
            if response.status != 200:
                self.failed = f"{response.status} {answer[:500]!r}"
                break
        self._connection.close()


def main() -> int:
    """Read the order from standard input, ask, print what came of it."""
    order = json.load(sys.stdin)
    clients = [_Client(order, number) for number in range(order["clients"])]
    begun, spent = time.perf_counter(), time.process_time()
    end = begun + order["seconds"]
    threads = [threading.Thread(target=client.run, args=(end,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - begun
    if failures := [client.failed for client in clients if client.failed]:
        print(failures[0], file=sys.stderr)
        return 1
    milliseconds = [one for client in clients for one in client.milliseconds]
    result = {
        "milliseconds": milliseconds,
        "seconds": elapsed,
        "cpu_seconds": time.process_time() - spent,
        "bytes": sum(client.bytes for client in clients),
    }
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
