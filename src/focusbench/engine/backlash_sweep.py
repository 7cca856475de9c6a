"""The sweep that measures backlash: outward, then inward over the same positions, uncompensated.

The first of the two is approached outward and lags behind by the play of the drive, the second is
approached inward; the shift between the two V-curves is the play. The inward sweep comes last, so
that all that follows is that of any run: it decides on best focus, which is approached inward as
its points were, and the validation frame is compared with its curve.
"""

from focusbench.engine.events import SweepStarted
from focusbench.engine.points import RunPoints, Steps
from focusbench.errors import OptionsError
from focusbench.options import AutofocusOptions

MIN_POINTS = 5
"""Fewer a way say nothing of their scatter."""


class BothWays:
    """Sampling of a backlash measurement, in place of smart focus.

    Parameters
    ----------
    run : RunPoints

    Attributes
    ----------
    lost : str
        Always empty: nothing is searched for.
    """

    lost = ""

    def __init__(self, run: RunPoints) -> None:
        self._run = run

    def around(self, centre: int) -> Steps:
        """Take both sweeps around a position, and fit the inward one."""
        run = self._run
        inward = run.options.sweep_positions(centre)
        for number, positions in enumerate((inward[::-1], inward)):
            yield SweepStarted(number, positions)
            run.sweep = []
            yield from run.take(positions, number, "sweep")
        yield from run.decide()


def uncompensated(options: AutofocusOptions) -> AutofocusOptions:
    """Return the options of a backlash measurement: these, but nothing that hides the play.

    Raises
    ------
    OptionsError
        Fewer than five data points: their scatter says nothing.
    """
    if options.data_points < MIN_POINTS:
        raise OptionsError(
            f"Data points (data_points): backlash is measured with {MIN_POINTS} or more a way; "
            f"got {options.data_points}.",
            "data_points",
        )
    return options.replace(backlash=0, smart_focus=False, final_approach="as_sampled")
