"""What a fit, and the decision made from all fits, say."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from focusbench.curve.points import Rejected


class Outcome(enum.StrEnum):
    """What became of a run. The first three can be said of points alone."""

    FOCUSED = "FOCUSED"
    LOWEST_POINTS = "LOWEST_POINTS"
    """No fit (red lines): the average position of the three lowest neighbouring points."""
    NOT_FOCUSED = "NOT_FOCUSED"
    """The points hold no minimum; the diagnosis says why."""
    LOST = "LOST"
    """The search would have gone beyond the largest travel allowed."""
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"
    """A device failed; the diagnosis says which and how."""


@dataclass(frozen=True)
class CurveFit:
    """One curve fitted to the points.

    Attributes
    ----------
    curve : str
        "auto", "two_lines", "parabola" or "hyperbola".
    ok : bool
        Whether the curve found a focus by its own rule.
    reason : str
        One sentence saying why not, where `ok` is False.
    best_position : float or None, steps
        Where this curve puts focus; may be given although `ok` is False (to be drawn).
    best_position_error : float or None, steps
        Its standard error (half the 68 % interval).
    interval_95 : (float, float) or None, steps
    expected_metric : float or None, pixels
        What a frame at `best_position` should read.
    r_squared : float or None
        Shown because people know it; decides nothing but SGPro's parabola.
    parameters : mapping of str to float
        The curve's own parameters; `focusbench.curve.evaluate` draws it from them.
    used : tuple of bool, one per point given
        Points this curve was fitted to.
    """

    curve: str
    ok: bool
    reason: str = ""
    best_position: float | None = None
    best_position_error: float | None = None
    interval_95: tuple[float, float] | None = None
    expected_metric: float | None = None
    r_squared: float | None = None
    parameters: Mapping[str, float] = field(default_factory=dict)
    used: tuple[bool, ...] = ()


@dataclass(frozen=True)
class BestFocus:
    """Where focus is, how sure that is, and which curve said so.

    Attributes
    ----------
    outcome : Outcome
        FOCUSED, LOWEST_POINTS or NOT_FOCUSED.
    curve : str
        The curve asked to decide.
    best_position, best_position_error : float or None, steps
        None where the outcome is NOT_FOCUSED; the error is None where it cannot be stated.
    interval_95 : (float, float) or None, steps
    expected_metric : float or None, pixels
        What the validation frame should read.
    zone : float or None, steps
        Half width of the zone in which the curve lies within `zone_tolerance` of its minimum.
    diagnosis : str
        One sentence: why it is not FOCUSED; empty where it is.
    direction : int
        −1 where focus lies further in than the points, +1 further out, 0 where unknown.
    fits : mapping of str to CurveFit
        All curves, by name.
    rejected : tuple of Rejected, one per point given
    reasons : tuple of str, one per point given
        Why each red X, in words; empty where a point counts.
    """

    outcome: Outcome
    curve: str
    best_position: float | None = None
    best_position_error: float | None = None
    interval_95: tuple[float, float] | None = None
    expected_metric: float | None = None
    zone: float | None = None
    diagnosis: str = ""
    direction: int = 0
    fits: Mapping[str, CurveFit] = field(default_factory=dict)
    rejected: tuple[Rejected, ...] = ()
    reasons: tuple[str, ...] = ()
