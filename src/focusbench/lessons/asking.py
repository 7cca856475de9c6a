"""Questions with hidden answers: plain HTML, so that they open in a saved page, too.

A browser's own `<details>` opens on a click or on Enter. No script takes part, so that JupyterLab
shows it in notebooks that are not trusted, too.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

_BOX = (
    "margin:8px 0;padding:8px 14px;max-width:46em;line-height:1.5;"
    "border-left:4px solid var(--jp-brand-color1, #1976d2);"
    "background:var(--jp-layout-color2, rgba(127,127,127,.12))"
)
_MARKS = (
    (re.compile(r"\*\*(.+?)\*\*"), r"<b>\1</b>"),
    (re.compile(r"(?<!\*)\*([^*]+?)\*(?!\*)"), r"<i>\1</i>"),
    (re.compile(r"`(.+?)`"), r"<code>\1</code>"),
)


@dataclass(frozen=True)
class Question:
    """A question, and the answer that a click shows.

    Attributes
    ----------
    ask, answer : str
        Both may have `**bold**`, `*italic*`, `` `code` ``; an empty line begins a paragraph.
    """

    ask: str
    answer: str

    def __repr__(self) -> str:
        return f"Question: {self.ask}\nAnswer: {self.answer}"

    def _repr_html_(self) -> str:
        return (
            f'<div style="{_BOX}"><b>Question.</b> {_words(self.ask)}'
            f"{_opens('Show the answer', self.answer)}</div>"
        )


@dataclass(frozen=True)
class Quiz:
    """A question with choices; a click on one says whether it is right, and why.

    Attributes
    ----------
    ask : str
    right : str
        The right choice.
    replies : mapping of str to str
        What is said to each choice, in the order shown.
    """

    ask: str
    right: str
    replies: Mapping[str, str]

    def __repr__(self) -> str:
        choices = "".join(f"\n- {choice}" for choice in self.replies)
        return f"Question: {self.ask}{choices}\nAnswer: {self.right}. {self.replies[self.right]}"

    def _repr_html_(self) -> str:
        choices = "".join(
            _opens(choice, f"**{'Yes.' if choice == self.right else 'No.'}** {reply}")
            for choice, reply in self.replies.items()
        )
        return f'<div style="{_BOX}"><b>Choose.</b> {_words(self.ask)}{choices}</div>'


def question(ask: str, answer: str) -> Question:
    """Ask something; the answer is hidden until it is clicked.

    Parameters
    ----------
    ask, answer : str
        With `**bold**`, `*italic*` and `` `code` ``; an empty line begins a paragraph.

    Raises
    ------
    ValueError
        Either is empty.

    Examples
    --------
    >>> from focusbench import lessons
    >>> step = 60
    >>> lessons.question("How far do nine points reach?", f"{8 * step} steps.").answer
    '480 steps.'
    """
    if not ask.strip() or not answer.strip():
        raise ValueError("question(ask, answer): both need words.")
    return Question(ask.strip(), answer.strip())


def quiz(ask: str, right: str, replies: Mapping[str, str]) -> Quiz:
    """Ask something that has choices.

    Parameters
    ----------
    ask : str
    right : str
        The right choice, as it stands in `replies`.
    replies : mapping of str to str
        Choices in the order to show them, each with what is said when it is clicked.

    Raises
    ------
    ValueError
        `right` is none of the choices, or there are fewer than two.

    Examples
    --------
    >>> from focusbench import lessons
    >>> asked = lessons.quiz(
    ...     "Which way is out?",
    ...     right="the larger number",
    ...     replies={"the larger number": "By convention.", "the smaller": "That is in."},
    ... )
    >>> asked.right
    'the larger number'
    """
    if right not in replies or len(replies) < 2:
        raise ValueError(f"quiz: {right!r} must be one of two or more choices: {list(replies)}.")
    return Quiz(ask.strip(), right, dict(replies))


def _opens(summary: str, inside: str) -> str:
    return (
        f'<details style="margin:4px 0"><summary style="cursor:pointer">{_line(summary)}</summary>'
        f'<div style="margin:4px 0 4px 1.2em">{_words(inside)}</div></details>'
    )


def _words(text: str) -> str:
    """Paragraphs as HTML; what looks like a tag is shown as it is."""
    first, *more = re.split(r"\n\s*\n", text.strip())
    return _line(first) + "".join(f'<p style="margin:6px 0 0">{_line(one)}</p>' for one in more)


def _line(text: str) -> str:
    marked = escape(text, quote=False)
    for pattern, tag in _MARKS:
        marked = pattern.sub(tag, marked)
    return marked
