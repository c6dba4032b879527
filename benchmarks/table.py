"""The one table that a run ends in: ratios, each with its aim."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Line:
    """One measurement: what was compared with what, and how it came out.

    Attributes:
        what: what was measured.
        against: what it was measured against.
        ratio: the median over the rounds, as a text with its range; or a figure with its unit.
        aim: what the project wants it to be; empty: nothing in particular.
        met: whether it is; None where there is no aim.
        times: wall times or rates of both sides.
        cpu: processor time of both sides.
        memory: peak memory, where it was measured.
    """

    what: str
    against: str
    ratio: str
    aim: str = ""
    met: bool | None = None
    times: str = ""
    cpu: str = ""
    memory: str = ""


def compare(
    what: str,
    against: str,
    pairs: Sequence[tuple[float, float]],
    *,
    at_most: float | None = None,
    at_least: float | None = None,
    times: str = "",
    cpu: str = "",
    memory: str = "",
) -> Line:
    """Make a line of the ratios of ours to the other's, a pair for each round."""
    ratios = sorted(ours / theirs for ours, theirs in pairs)
    middle = median(ratios)
    shown = f"{middle:.3g} ({ratios[0]:.3g} to {ratios[-1]:.3g})"
    aim, met = _aim(middle, at_most, at_least, "")
    return Line(what, against, shown, aim, met, times, cpu, memory)


def figure(
    what: str,
    values: Sequence[float],
    unit: str,
    *,
    at_most: float | None = None,
    against: str = "",
    memory: str = "",
) -> Line:
    """Make a line of a figure that has a limit of its own."""
    ordered = sorted(values)
    middle = median(ordered)
    shown = f"{middle:.3g} {unit} ({ordered[0]:.3g} to {ordered[-1]:.3g})"
    aim, met = _aim(middle, at_most, None, f" {unit}")
    return Line(what, against, shown, aim, met, memory=memory)


def interleave(rounds: int, ours: Callable[[], T], theirs: Callable[[], T]) -> list[tuple[T, T]]:
    """Take both sides in turns, the first one first in every other round."""
    pairs = []
    for number in range(rounds):
        if number % 2:
            other = theirs()
            pairs.append((ours(), other))
        else:
            own = ours()
            pairs.append((own, theirs()))
    return pairs


def print_table(title: str, lines: Sequence[Line]) -> None:
    """Print the lines as a Markdown table."""
    print(f"\n{title}\n")
    print("| what | against | ratio, median (range) | aim | | wall | processor | memory |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    marks = {True: "met", False: "**missed**", None: ""}
    for line in lines:
        cells = (line.what, line.against, line.ratio, line.aim, marks[line.met])
        print("| " + " | ".join([*cells, line.times, line.cpu, line.memory]) + " |")


def _aim(
    value: float, at_most: float | None, at_least: float | None, unit: str
) -> tuple[str, bool | None]:
    if at_most is not None:
        return f"at most {at_most:g}{unit}", value <= at_most
    if at_least is not None:
        return f"at least {at_least:g}{unit}", value >= at_least
    return "", None
