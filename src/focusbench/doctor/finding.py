"""What the doctor says: one finding, its vocabulary, and what explains what."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Code = Literal[
    "good",
    "step_too_small",
    "step_too_large",
    "backlash",
    "edge",
    "outlier",
    "noise",
    "cloud",
    "few_stars",
    "donut_plateau",
    "asymmetry",
    "drift",
    "galaxy",
    "wrong_way",
    "flat",
]
"""The vocabulary of the doctor; files and programs rely on these words."""

PRIOR_LN_ODDS = -3.0
"""One run in twenty has a given trouble, before any of its points is looked at."""
FAILED_LN_ODDS = -1.5
"""A run that did not focus had one of a dozen troubles; for any one of them, two in nine."""

_OF_SHAPE: frozenset[Code] = frozenset(
    ("edge", "wrong_way", "step_too_small", "step_too_large", "asymmetry", "outlier")
)
EXPLAINS: Mapping[Code, frozenset[Code]] = {
    "flat": _OF_SHAPE | {"noise", "backlash", "donut_plateau"},
    "noise": _OF_SHAPE | {"drift"},
    "cloud": _OF_SHAPE | {"few_stars", "noise", "donut_plateau"},
    "few_stars": frozenset(("edge", "outlier", "noise", "asymmetry", "wrong_way")),
    "wrong_way": frozenset(("edge", "step_too_small", "step_too_large", "asymmetry", "outlier")),
    "edge": frozenset(("step_too_small", "step_too_large", "asymmetry")),
    "backlash": frozenset(("edge", "asymmetry", "step_too_small", "step_too_large", "outlier")),
    "donut_plateau": frozenset(("edge", "step_too_small", "step_too_large", "outlier")),
    "galaxy": frozenset(("outlier", "step_too_small", "edge")),
}
"""Findings that are left out where their cause is found: a cloud takes the stars and bends the
curve, so that few stars and an outlier say nothing more."""


@dataclass(frozen=True)
class Finding:
    """One thing the doctor found.

    Attributes
    ----------
    code : Code
        Word of the fixed vocabulary.
    evidence : float
        Natural logarithm of the odds that it is so: 0 is even, 3 is twenty to one. The same scale
        for every rule, so that the first finding is the surest.
    sentence : str
        What is seen, with its number.
    remedy : str
        What to do about it.
    """

    code: Code
    evidence: float
    sentence: str
    remedy: str


def in_order(found: list[Finding]) -> tuple[Finding, ...]:
    """The surest first, without what another one explains."""
    explained = {code for finding in found for code in EXPLAINS.get(finding.code, ())}
    return tuple(
        sorted(
            (finding for finding in found if finding.code not in explained),
            key=lambda finding: -finding.evidence,
        )
    )
