"""What becomes of a build when its CI tells of it again."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.rules.builds import FINISHED, BuildState, counted_branches, merge_build
from registry.rules.enumerations import BuildStatus

START = datetime(2026, 1, 5, 10, tzinfo=UTC)
QUEUED, RUNNING = BuildStatus.QUEUED, BuildStatus.RUNNING
SUCCESS, FAILED, CANCELLED = BuildStatus.SUCCESS, BuildStatus.FAILED, BuildStatus.CANCELLED


def state(status: BuildStatus, minutes: float | None = None, **texts: str) -> BuildState:
    finish = None if minutes is None else START + timedelta(minutes=minutes)
    return BuildState(status, START, finish, **texts)


@pytest.mark.parametrize(
    ("known", "told", "expected"),
    [
        (None, state(QUEUED), "told"),
        (None, state(SUCCESS, 5), "told"),
        (state(QUEUED), state(RUNNING), "told"),
        (state(RUNNING), state(QUEUED), "known"),
        (state(RUNNING), state(RUNNING), "told"),
        (state(RUNNING), state(FAILED, 5), "told"),
        (state(SUCCESS, 5), state(RUNNING), "known"),
        (state(SUCCESS, 5), state(QUEUED), "known"),
        (state(SUCCESS, 5), state(SUCCESS, 5), "told"),
        (state(SUCCESS, 5), state(FAILED, 5), "told"),
        (state(SUCCESS, 5), state(FAILED, 6), "told"),
        (state(FAILED, 5), state(SUCCESS, 4), "known"),
        (state(CANCELLED, 5), state(SUCCESS, 7), "told"),
    ],
)
def test_a_build_never_goes_back(known: BuildState | None, told: BuildState, expected: str) -> None:
    assert merge_build(known, told) == (told if expected == "told" else known)


def test_what_is_left_out_stays_as_it_was_known() -> None:
    known = state(RUNNING, commit="abcdef0", branch="main", url="https://ci.example.com/1")

    merged = merge_build(known, state(SUCCESS, 5, branch="next"))

    assert merged == state(
        SUCCESS, 5, commit="abcdef0", branch="next", url="https://ci.example.com/1"
    )


def test_a_duration_is_from_start_to_finish_in_milliseconds() -> None:
    assert state(SUCCESS, 1.5).duration == 90_000
    assert state(RUNNING).duration is None


def states() -> st.SearchStrategy[BuildState]:
    minutes = st.integers(0, 3)
    finished = st.builds(state, st.sampled_from(sorted(FINISHED)), minutes)
    return st.one_of(finished, st.builds(state, st.sampled_from([QUEUED, RUNNING])))


@given(st.lists(states(), min_size=1, max_size=5))
def test_telling_it_twice_changes_nothing_and_no_finish_is_lost(told: list[BuildState]) -> None:
    known: BuildState | None = None
    for each in told:
        known = merge_build(known, each)
        assert merge_build(known, known) == known
    assert known is not None
    finishes = [each.finished_at for each in told if each.finished_at is not None]
    assert known.finished_at == (max(finishes) if finishes else None)


def test_the_branches_that_count() -> None:
    assert counted_branches("main") == ("", "main")
    # HEAD is detached.
    assert counted_branches("") is None
