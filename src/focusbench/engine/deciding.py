"""The question that a run puts to the curve room, in one place: live and at the end the same."""

from collections.abc import Sequence

from focusbench.curve import BestFocus, FocusPoint, RigShape, find_best_focus
from focusbench.options import AutofocusOptions


def decide(
    points: Sequence[FocusPoint], options: AutofocusOptions, rig_shape: RigShape | None = None
) -> BestFocus:
    """Fit all curves to the points of one sweep; the curve of the options decides.

    Parameters
    ----------
    points : sequence of FocusPoint
        In the order taken.
    options : AutofocusOptions
    rig_shape : RigShape, optional
        What earlier runs of this rig tell of its asymmetry.
    """
    return find_best_focus(
        points,
        curve=options.curve,
        min_quality=options.min_quality,
        zone_tolerance=options.zone_tolerance,
        step_size=options.step_size,
        rig=rig_shape,
        veto=options.veto,
    )
