"""Text from elsewhere that is shown where it could do more than be read: in logs, on terminals."""

import re

# Controls (C0, DEL and C1), line and paragraph separators, and what turns the direction of text
# around (UAX 9, 2.1 to 2.5), by which a line can show what it does not say.
_ACTIVE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_ACTIVE_WITHIN_LINES = re.compile(_ACTIVE.pattern.replace("\x00-\x1f", "\x00-\x09\x0b-\x1f"))


def make_inert(text: str, *, keep_lines: bool = False) -> str:
    r"""Write out characters that would move a cursor, forge a line or turn text around.

    Args:
        text: what anyone may have written.
        keep_lines: whether line feeds stay what they are.

    Returns:
        The text, with `\x1b` and the like, as Python writes them, for such characters.
    """
    active = _ACTIVE_WITHIN_LINES if keep_lines else _ACTIVE
    return active.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
