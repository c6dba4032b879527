"""Threads share one heap, where the C library is one that can be told so."""

import platform
import subprocess
import sys

import pytest

# Each thread holds on to what it allocated until all have, so none can use another's heap.
PROGRAM = """
import ctypes, threading
from registry.allocator import keep_little
keep_little()
library = ctypes.CDLL(None)
library.malloc.restype = ctypes.c_void_p
met = threading.Barrier(4)
def allocate():
    library.malloc(100_000)
    met.wait()
threads = [threading.Thread(target=allocate) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
library.malloc_info(0, ctypes.c_void_p.in_dll(library, "stdout"))
library.fflush(None)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc")
def test_threads_share_a_heap() -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )

    assert run.stdout.count("<heap nr=") == 1
