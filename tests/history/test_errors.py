"""Git's reasons, in words fit for a client."""

import pytest

from registry.history.errors import HistoryIncomplete, HistoryUnreadable, explain


@pytest.mark.parametrize(
    ("stderr", "reason"),
    [
        (b"fatal: bad object 1234\n", "bad object 1234"),
        (b"error: inflate\nfatal: loose object 12 is corrupt\n", "loose object 12 is corrupt"),
        (b"warning: x\nfatal: first\nfatal: then\n", "then"),
        (b"error: no pack\nerror: more\n", "no pack"),
        (b"\n  usage: git log\n", "usage: git log"),
        (b"", "git gave no reason"),
        (b"fatal: cannot open '/srv/my repo/.git/HEAD'", "cannot open a path"),
        (b"fatal: packfile /srv/x/pack-1.pack is broken", "packfile a path is broken"),
        (b"fatal: not a git repository: /srv/x", "not a git repository: a path"),
        (b"fatal: bad refs/heads/main and a/b", "bad refs/heads/main and a/b"),
        (b"fatal: caf\xe9", "caf\ufffd"),
        (b"fatal: " + b"x" * 1000, "x" * 200),
    ],
)
def test_explain(stderr: bytes, reason: str) -> None:
    assert explain(stderr) == reason


def test_problems_name_the_reason_and_how_to_mend_it() -> None:
    damaged, incomplete = HistoryUnreadable("bad object {x}"), HistoryIncomplete("no tree")

    assert (damaged.code, damaged.status) == ("history_unreadable", 503)
    assert (incomplete.code, incomplete.status) == ("history_incomplete", 503)
    assert "bad object {x}" in damaged.detail
    assert "git fsck" in damaged.detail
    assert "no tree" in incomplete.detail
    assert "--filter=tree" in incomplete.detail
