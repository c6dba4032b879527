"""What the main thread waits on."""

import signal
import threading
from collections.abc import Iterator

import pytest

from registry.wakeup import Wakeup

# A wait that ends as it should takes none of it.
PATIENCE = 120


@pytest.fixture
def wakeup() -> Iterator[Wakeup]:
    made = Wakeup()
    yield made
    made.close()


@pytest.fixture
def heard(wakeup: Wakeup) -> Iterator[list[int]]:
    """Collect signals USR1 whose handler has run; the handler sets the event."""
    numbers: list[int] = []

    def hear(number: int, _frame: object) -> None:
        numbers.append(number)
        wakeup.set()

    before = signal.signal(signal.SIGUSR1, hear)
    yield numbers
    signal.signal(signal.SIGUSR1, before)


def test_a_signal_that_another_thread_got_is_not_slept_through(
    wakeup: Wakeup, heard: list[int]
) -> None:
    def catch() -> None:
        signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)

    # By then the main thread waits: a lock that it waited for would not be let go of.
    threading.Timer(0.2, catch).start()

    assert wakeup.wait(PATIENCE)
    assert heard == [signal.SIGUSR1]


def test_a_handler_may_set_it_whatever_the_main_thread_does(
    wakeup: Wakeup, heard: list[int]
) -> None:
    for _ in range(1000):
        signal.raise_signal(signal.SIGUSR1)
        assert wakeup.wait(PATIENCE)
        wakeup.clear()

    assert len(heard) == 1000


def test_a_thread_may_set_it(wakeup: Wakeup) -> None:
    threading.Thread(target=wakeup.set).start()

    assert wakeup.wait(PATIENCE)
    assert wakeup.is_set()


def test_it_waits_no_longer_than_it_is_told(wakeup: Wakeup) -> None:
    assert not wakeup.wait(0.01)


def test_set_more_often_than_anybody_looks_it_blocks_nobody(wakeup: Wakeup) -> None:
    for _ in range(100_000):
        wakeup.set()

    assert wakeup.wait()


def test_signals_go_back_to_who_had_them() -> None:
    outer = Wakeup()
    inner = Wakeup()
    inner.close()
    inner.set()

    assert signal.set_wakeup_fd(-1) == outer._writer.fileno()
    outer.close()
