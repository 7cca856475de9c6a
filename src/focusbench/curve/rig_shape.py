"""What earlier runs tell of a rig: how much steeper one wing of its V-curve is than the other."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from focusbench.curve.results import CurveFit

KAPPA_SD = 0.07
"""Spread of the asymmetry κ over rigs."""
WANDER = 0.025
"""Spread of κ from run to run of one rig: drift and frame noise look like it."""
TELLING = 0.3
"""A run with a larger error of κ tells nothing of it."""
REMEMBERED = 30


@dataclass(frozen=True)
class RigShape:
    """Asymmetry κ seen in the FOCUSED runs of one rig; empty for a rig not known yet.

    Optics and focuser make it, so that it stays from run to run; knowing it makes best focus
    about a quarter more precise. It belongs to one set-up, one filter and one metric: a new
    corrector or camera begins a new one. Whoever keeps profiles keeps it beside the profile::

        rig = RigShape.from_dict(json.load(file))        # or RigShape()
        best = find_best_focus(points, rig=rig)
        if best.outcome is Outcome.FOCUSED:
            json.dump(rig.after(best.fits["auto"]).to_dict(), file)

    Attributes
    ----------
    estimates : tuple of (float, float)
        κ of each run and its standard error, as the points alone tell them; oldest first.
    """

    estimates: tuple[tuple[float, float], ...] = ()

    def after(self, fit: CurveFit) -> "RigShape":
        """Return the shape with one more run, where `auto` focused; the same shape where not."""
        kappa = fit.parameters.get("kappa_seen", math.nan)
        error = fit.parameters.get("kappa_error", math.nan)
        if not (fit.ok and math.isfinite(kappa) and 0 < error < TELLING):
            return self
        return RigShape((*self.estimates, (kappa, error))[-REMEMBERED:])

    def prior(self, *, drifting: bool = False) -> tuple[float, float]:
        """Expected κ of the next run, and its standard deviation, 0.025 to 0.07.

        Normal throughout: rigs N(0, 0.07²), each run's κ about its rig's by `WANDER`, or by what
        the runs scatter more than their errors (DerSimonian and Laird 1986, doi:10.1016/
        0197-2456(86)90046-2), each estimate about its run's κ by its error.

        Parameters
        ----------
        drifting : bool
            Whether star counts, flux or the validation frame say that seeing or transparency
            changed during the run. It looks like asymmetry, so that the wide prior is needed.
        """
        between = max(_between_runs(self.estimates), WANDER**2)
        precision, weighted = KAPPA_SD**-2, 0.0
        for kappa, error in self.estimates:
            weight = 1 / (error * error + between)
            precision += weight
            weighted += weight * kappa
        sd = KAPPA_SD if drifting else min(math.sqrt(1 / precision + between), KAPPA_SD)
        return weighted / precision, sd

    def to_dict(self) -> dict[str, list[list[float]]]:
        """For JSON."""
        return {"estimates": [list(estimate) for estimate in self.estimates]}

    @classmethod
    def from_dict(cls, stored: Mapping[str, list[list[float]]]) -> "RigShape":
        """Read what `to_dict` wrote."""
        return cls(tuple((float(kappa), float(error)) for kappa, error in stored["estimates"]))


def learn_shape(fits: Iterable[CurveFit]) -> RigShape:
    """Learn a rig's shape from its earlier runs.

    Parameters
    ----------
    fits : iterable of CurveFit
        ``best.fits["auto"]`` of each run of one set-up, filter and metric, oldest first. Those
        that did not focus are passed over.
    """
    rig = RigShape()
    for fit in fits:
        rig = rig.after(fit)
    return rig


def _between_runs(estimates: tuple[tuple[float, float], ...]) -> float:
    """Variance of κ from run to run, where they differ by more than errors and wander explain."""
    variances = [error * error + WANDER**2 for _, error in estimates]
    total = sum(1 / v for v in variances)
    free = len(estimates) - 1
    if free < 2:
        return 0.0
    mean = sum(kappa / v for v, (kappa, _) in zip(variances, estimates, strict=True)) / total
    q = sum((kappa - mean) ** 2 / v for v, (kappa, _) in zip(variances, estimates, strict=True))
    # One run's error is itself uncertain by a third or more; only runs that differ by twice their
    # errors contradict each other.
    if q < 4 * free:
        return 0.0
    return WANDER**2 + (q - free) / (total - sum(v**-2 for v in variances) / total)
