"""What the order in which points were taken tells, where a foreign file does not say it."""

import dataclasses
import itertools
from collections.abc import Sequence

from focusbench.curve import FocusPoint

ORDER = "the order in which the points were taken"
"""How `Package.unknown` names it."""

VALIDATION_NOTE = (
    "The last frame was taken back among the others: it is shown as the validation frame and "
    "takes no part in the curve."
)


def with_validation(points: Sequence[FocusPoint]) -> tuple[tuple[FocusPoint, ...], bool]:
    """Mark the last point as the validation frame where it is one.

    Programs sweep in one direction, go to best focus, and take one frame more. So it is one where
    at least four points before it go one way and it lies strictly between their ends.

    Parameters
    ----------
    points : sequence of FocusPoint
        In the order taken.

    Returns
    -------
    points : tuple of FocusPoint
    marked : bool
    """
    *sweep, last = points if points else [None]
    places = [point.position for point in sweep if point is not None]
    steps = [b - a for a, b in itertools.pairwise(places)]
    one_way = all(step >= 0 for step in steps) or all(step <= 0 for step in steps)
    if last is None or len(set(places)) < 4 or not one_way:
        return tuple(points), False
    if not min(places) < last.position < max(places) or last.role == "validation":
        return tuple(points), False
    return (*points[:-1], dataclasses.replace(last, role="validation")), True
