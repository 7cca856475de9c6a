"""What stands in the right column before a run: the preflight list."""

from collections.abc import Sequence

from focusbench.engine import Check
from focusbench.widgets.pieces import section
from focusbench.widgets.wording import escape

SIGNS = {"ok": "✓", "warn": "!", "bad": "✕"}


def before_html(checks: Sequence[Check], title: str = "Before a run") -> str:
    """The list, each line with its sign, what it is about, what was found, and the cure."""
    lines = "".join(
        f'<li class="fb-{check.verdict}"><i>{SIGNS[check.verdict]}</i><b>{check.about}</b> '
        f"{escape(check.sentence)}{_cure(check)}</li>"
        for check in checks
    )
    return f'<div class="fb-result fb-before">{section(title)}<ul>{lines}</ul></div>'


def obstacles(checks: Sequence[Check]) -> tuple[str, ...]:
    """Why a run would fail, and what helps, one text for each reason."""
    return tuple(
        f"{check.about}: {check.sentence} {check.cure}".strip()
        for check in checks
        if check.verdict == "bad"
    )


def _cure(check: Check) -> str:
    return f' <span class="fb-cure">{escape(check.cure)}</span>' if check.cure else ""
