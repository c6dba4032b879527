"""`docs/issues.md` lists every code that an issue can have, as the code has it, and no other."""

from pathlib import Path

from registry.rules.issue_codes import ISSUE_KINDS

PAGE = (Path(__file__).parent.parent / "docs" / "issues.md").read_text("utf-8")


def documented() -> list[tuple[str, ...]]:
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    return [tuple(cell.strip() for cell in row.strip("|").split(" | ")) for row in rows]


def test_every_code_is_documented_as_it_is() -> None:
    assert documented() == [
        (
            f"`{code}`",
            ", ".join(kind.severities),
            kind.meaning,
            kind.remedy,
            ", ".join(f"`{key}`" for key in kind.evidence),
        )
        for code, kind in ISSUE_KINDS.items()
    ]
