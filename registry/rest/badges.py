"""Badges: small pictures with two words, drawn by anybadge."""

from functools import lru_cache

from registry.rules.score import Grade

_COLOURS = {Grade.HEALTHY: "#4c1", Grade.WARNING: "#dfb317", Grade.ERROR: "#e05d44"}
_UNKNOWN = "#9f9f9f"


@lru_cache(maxsize=1_000)
def draw_badge(label: str, value: str, grade: Grade | None) -> str:
    """Draw a badge as SVG; the same words give the same bytes.

    Args:
        label: the left part's text.
        value: the right part's text.
        grade: how good that is, which gives the colour; None: nobody knows.
    """
    # Only who asks for a badge waits for what draws it.
    from anybadge import Badge  # noqa: PLC0415 -- see above

    colour = _UNKNOWN if grade is None else _COLOURS[grade]
    badge = Badge(label, value, default_color=colour)
    # The library numbers the badges of a process; each of ours is a document of its own.
    badge.mask_str = "badge"
    return str(badge.badge_svg_text)
