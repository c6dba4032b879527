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


# Of two thousand pieces of 100 kB each, below what is mapped by itself, all but the last are freed.
GIVEN_BACK = """
import ctypes, resource
from registry.allocator import give_back, keep_little
keep_little()
library = ctypes.CDLL(None)
library.malloc.restype = ctypes.c_void_p
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()
pieces = [library.malloc(100_000) for _ in range(2_000)]
for piece in pieces:
    ctypes.memset(ctypes.c_void_p(piece), 1, 100_000)
for piece in pieces[:-1]:
    library.free(ctypes.c_void_p(piece))
before = resident()
give_back()
print(before - resident())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc")
def test_what_is_free_below_something_in_use_is_given_back() -> None:
    run = subprocess.run(
        [sys.executable, "-c", GIVEN_BACK], capture_output=True, text=True, check=True
    )

    assert int(run.stdout) > 150_000_000
