"""What earlier runs tell of a rig: how much steeper one wing of its V-curve is than the other."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from focusbench.curve.results import CurveFit

KAPPA_SD = 0.07
"""Spread of the asymmetry κ over rigs."""
WANDER = 0.025
"""κ is never taken to be better known than this: drift and frame noise look like it."""
REMEMBERED = 30


@dataclass(frozen=True)
class RigShape:
    """Asymmetry κ seen in the FOCUSED runs of one rig; empty for a rig not known yet.

    Optics and focuser make it, so that it stays from run to run; knowing it makes best focus
    about a quarter more precise. It belongs to one set-up: a new corrector or camera, or another
    metric, begins a new one.

    Attributes
    ----------
    estimates : tuple of (float, float)
        κ of each run and its standard error, as the points alone tell them; oldest first.
    """

    estimates: tuple[tuple[float, float], ...] = ()

    def after(self, fit: CurveFit) -> "RigShape":
        """Return the shape with one more run, where it focused; the same shape where not."""
        kappa = fit.parameters.get("kappa_seen", math.nan)
        error = fit.parameters.get("kappa_error", math.nan)
        if not (fit.ok and math.isfinite(kappa) and 0 < error < math.inf):
            return self
        return RigShape((*self.estimates, (kappa, error))[-REMEMBERED:])

    def prior(self) -> tuple[float, float]:
        """Expected κ of the next run, and its standard deviation.

        Normal throughout: rigs N(0, 0.07²), each run's κ about its rig's by what the runs
        scatter more than their errors (DerSimonian and Laird 1986, doi:10.1016/0197-2456(86)
        90046-2), each estimate about its run's κ by its error.
        """
        excess = _excess_variance(self.estimates)
        precision, weighted = KAPPA_SD**-2, 0.0
        for kappa, error in self.estimates:
            weight = 1 / (error * error + excess)
            precision += weight
            weighted += weight * kappa
        sd = math.sqrt(1 / precision + excess)
        return weighted / precision, min(max(sd, WANDER), KAPPA_SD)

    def to_dict(self) -> dict[str, list[list[float]]]:
        """For JSON."""
        return {"estimates": [list(estimate) for estimate in self.estimates]}

    @classmethod
    def from_dict(cls, stored: Mapping[str, list[list[float]]]) -> "RigShape":
        """Read what `to_dict` wrote."""
        return cls(tuple((float(kappa), float(error)) for kappa, error in stored["estimates"]))


def _excess_variance(estimates: tuple[tuple[float, float], ...]) -> float:
    """Variance of κ from run to run, where they differ by more than their errors can explain."""
    if not estimates:
        return 0.0
    weights = [error**-2 for _, error in estimates]
    total = sum(weights)
    mean = sum(w * kappa for w, (kappa, _) in zip(weights, estimates, strict=True)) / total
    q = sum(w * (kappa - mean) ** 2 for w, (kappa, _) in zip(weights, estimates, strict=True))
    free = len(estimates) - 1
    # One run's error is itself uncertain by a third or more; only runs that differ by twice their
    # errors contradict each other.
    if free < 2 or q < 4 * free:
        return 0.0
    return (q - free) / (total - sum(w * w for w in weights) / total)
