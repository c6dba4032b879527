"""A headless Chromium that is told what to do over its DevTools protocol, by a pipe.

https://chromedevtools.github.io/devtools-protocol/; the pipe is file descriptors 3 and 4 of the
browser, each message a JSON text that ends with a null byte.
"""

import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

EXECUTABLE = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)

# Seconds, long enough for a machine that has much else to do.
_PATIENCE = 180
# Puts the pipe where the browser looks for it; the shell cannot name descriptors above 9.
_LAUNCH = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.dup2(int(sys.argv[2]), 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--window-size=1280,800",
    "--remote-debugging-pipe",
    # Nothing but this machine can be reached.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


class Browser:
    """One tab of a browser, and everything that has happened in it."""

    def __init__(self, process: subprocess.Popen[bytes], reads: int, writes: int) -> None:
        self._process = process
        self._reads = reads
        self._writes = writes
        self._received = b""
        self._number = 0
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Have the browser do something, and give what it answers."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._writes, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer["error"]
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)

    def open(self, url: str) -> None:
        """Go to a page and wait until it is loaded."""
        self.events.clear()
        self.call("Page.navigate", url=url)
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self._receive())

    def evaluate(self, expression: str) -> Any:
        """Evaluate a JavaScript expression in the page, awaiting it if it is a promise."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait_for(self, condition: str) -> None:
        """Wait until an expression is true in the page."""
        self.evaluate(
            f"""new Promise((resolve, reject) => {{
              const end = Date.now() + {_PATIENCE // 2 * 1000};
              (function look() {{
                if ({condition}) resolve();
                else if (Date.now() > end) reject(Error("It never came."));
                else setTimeout(look, 20);
              }})();
            }})"""
        )

    def requested(self) -> list[str]:
        """List the addresses that the page asked for since it was opened."""
        return [
            event["params"]["request"]["url"]
            for event in self.events
            if event["method"] == "Network.requestWillBeSent"
        ]

    def failures(self, url: str) -> list[str]:
        """List why an address that the page asked for, and was refused, did not come."""
        asked = {
            event["params"]["requestId"]
            for event in self.events
            if event["method"] == "Network.requestWillBeSent"
            and event["params"]["request"]["url"] == url
        }
        while True:
            failed = [
                event["params"]["errorText"]
                for event in self.events
                if event["method"] == "Network.loadingFailed"
                and event["params"]["requestId"] in asked
            ]
            if failed:
                return failed
            self.events.append(self._receive())

    def complaints(self) -> list[str]:
        """List what the console and the log tell since the page was opened, exceptions included."""
        found = []
        for event in self.events:
            parameters = event["params"]
            if event["method"] == "Runtime.consoleAPICalled":
                if parameters["type"] in {"error", "warning"}:
                    found.append(json.dumps(parameters["args"]))
            elif event["method"] == "Runtime.exceptionThrown":
                found.append(json.dumps(parameters["exceptionDetails"]))
            elif event["method"] == "Log.entryAdded":
                found.append(json.dumps(parameters["entry"]))
        return found

    def _receive(self) -> dict[str, Any]:
        end = time.monotonic() + _PATIENCE
        while b"\0" not in self._received:
            ready, _, _ = select.select([self._reads], [], [], max(0, end - time.monotonic()))
            chunk = os.read(self._reads, 1 << 16) if ready else b""
            if not chunk:
                raise AssertionError(
                    f"the browser says nothing, its status: {self._process.poll()}"
                )
            self._received += chunk
        message, _, self._received = self._received.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        return answer


@contextmanager
def start_browser(executable: str, profile: Path) -> Iterator[Browser]:
    """Start a browser with a new profile; it is ended afterwards."""
    its_reads, writes = os.pipe()
    reads, its_writes = os.pipe()
    # Away from 3 and 4, which the launch is about to overwrite.
    handed = [os.dup(fd) for fd in (its_reads, its_writes)]
    while min(handed) < 5:
        handed = [os.dup(fd) for fd in handed]
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            _LAUNCH,
            *map(str, handed),
            executable,
            *_FLAGS,
            f"--user-data-dir={profile}",
        ],
        pass_fds=handed,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for fd in (its_reads, its_writes, *handed):
        os.close(fd)
    try:
        yield Browser(process, reads, writes)
    finally:
        os.close(writes)
        os.close(reads)
        process.kill()
        process.wait()
