"""What one run says of the play of its drive."""

import dataclasses
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.special import logsumexp

from focusbench.af_packages import Package
from focusbench.curve import (
    GAMMA,
    GAMMA_SD,
    KAPPA_SD,
    WANDER,
    FocusPoint,
    Rejected,
    evidence_at,
)
from focusbench.engine import RunRecord
from focusbench.options import AutofocusOptions
from focusbench.tuning.play import Path, as_sampled

FloatArray = NDArray[np.float64]

LEADING, VALIDATION, TWO_WAYS = "leading points", "validation frames", "sweeps both ways"

GAMMA_WANDER = 0.015
"""Spread of the bend γ of the wings from run to run of one rig: the seeing changes it a little."""
TREND_SD = 0.05
"""Rise of ln(metric) from the first point to the last that the air may cause."""
TREND_NODES = np.linspace(-2.2, 2.2, 5)
REACH = 2.5
"""Standard deviations of a prior within which an unknown is looked for."""
IMPOSSIBLE = -1e6
MIN_POINTS = 5


@dataclass(frozen=True, eq=False)
class Shapes:
    """Shapes of a rig's V-curve at which the likelihood is worked out: all pairs.

    Attributes
    ----------
    kappas, gammas : float arrays
    """

    kappas: FloatArray
    gammas: FloatArray


@dataclass(frozen=True)
class PlayRun:
    """A run that tells of the play.

    Attributes
    ----------
    points : tuple of FocusPoint
        All of the run, as measured.
    path : Path
    swept : tuple of int
        Which points belong to the last sweep, or to the last two where they went both ways.
    validation : int or None
        Which point is the validation frame, where it counts and was not approached as the points
        of the sweep were: then it tells nothing.
    step_size : float, steps
    two_ways : bool
    options : AutofocusOptions or None
    """

    points: tuple[FocusPoint, ...]
    path: Path
    swept: tuple[int, ...]
    validation: int | None
    step_size: float
    two_ways: bool
    options: AutofocusOptions | None

    @property
    def largest(self) -> float:
        """Largest play worth asking about, steps: 3/4 of a sweep beyond what was compensated."""
        positions = [self.points[i].position for i in self.swept]
        compensated = self.options.backlash if self.options else 0
        return compensated + 0.75 * (max(positions) - min(positions))

    def ln_likelihood(self, plays: FloatArray, shapes: Shapes | None) -> dict[str, FloatArray]:
        """Ln likelihood by kind of evidence, each of shape (κ, γ, play).

        Without `shapes`, quick and rough: each run has an asymmetry and a bend of its own, and the
        air does not change. Shape (1, 1, play) then.
        """
        stood = self.path.drawtube(plays)
        swept = self._evidence(self.swept, stood, shapes)
        if self.two_ways:
            # Best focus is then approached as the sweep inward was: it tells nothing more.
            return {TWO_WAYS: swept}
        found = {LEADING: swept}
        if self.validation is not None:
            both = self._evidence((*self.swept, self.validation), stood, shapes)
            # Where the points of the sweep would all have stood at one place, nothing is said.
            with np.errstate(invalid="ignore"):
                found[VALIDATION] = np.where(np.isfinite(swept), both - swept, 0.0)
        return found

    def _evidence(
        self, which: tuple[int, ...], stood: FloatArray, shapes: Shapes | None
    ) -> FloatArray:
        points = [self.points[i] for i in which]
        kappas, gammas = [(0.0, KAPPA_SD)], [(GAMMA, GAMMA_SD)]
        nodes = np.zeros(1)
        if shapes is not None:
            kappas = [(kappa, WANDER) for kappa in shapes.kappas.tolist()]
            gammas = [(gamma, GAMMA_WANDER) for gamma in shapes.gammas.tolist()]
            nodes = TREND_NODES if self.two_ways else nodes
        # What cannot be told apart is worked out once: many plays put the points alike.
        places, back = np.unique(stood[:, list(which)], axis=0, return_inverse=True)
        ln_l = [
            evidence_at(
                points,
                places,
                step_size=self.step_size,
                kappa=kappa,
                gamma=gamma,
                ln_trend=TREND_SD * node,
            )
            for node in nodes.tolist()
            for kappa in kappas
            for gamma in gammas
        ]
        table = np.reshape(ln_l, (len(nodes), len(kappas), len(gammas), len(places)))
        # A spline between the nodes: the trend may be known better than they are apart.
        return over_normal(table, nodes)[..., back.ravel()]


def over_normal(ln_l: FloatArray, nodes: FloatArray) -> FloatArray:
    """Sum a likelihood over an unknown with a standard normal prior.

    Parameters
    ----------
    ln_l : float array, shape (n_nodes, …)
        Its logarithm at `nodes`; between them goes a cubic spline (a parabola through three).
    nodes : float array, shape (n_nodes,)
        In standard deviations of the prior.

    Returns
    -------
    float array, shape (…)
    """
    if len(nodes) == 1:
        return np.asarray(ln_l[0])
    fine = np.linspace(-REACH, REACH, 101)
    between = CubicSpline(nodes, np.where(np.isfinite(ln_l), ln_l, IMPOSSIBLE))(fine)
    prior = -0.5 * fine**2
    prior -= logsumexp(prior)
    return np.asarray(logsumexp(between + prior.reshape(-1, *[1] * (ln_l.ndim - 1)), axis=0))


def play_run(run: Package | RunRecord) -> PlayRun | str:
    """Look at a run; a sentence where it tells nothing of the play."""
    record = run.record if isinstance(run, Package) else run
    name = run.name if isinstance(run, Package) else "A run"
    measured = run.focus_points if isinstance(run, Package) else run.points
    points = tuple(map(_as_measured, measured))
    if isinstance(run, Package) and not run.time_ordered:
        return f"{name}: the order in which its points were taken is not known."
    sweeps = [
        [i for i, _ in group]
        for _, group in groupby(
            ((i, p) for i, p in enumerate(points) if p.role != "validation"),
            key=lambda one: one[1].sweep,
        )
    ]
    sweeps = [s for s in sweeps if sum(points[i].counts for i in s) >= MIN_POINTS]
    if not sweeps:
        return f"{name}: fewer than {MIN_POINTS} points count."
    swept, two_ways = sweeps[-1], False
    if len(sweeps) > 1 and _direction(points, sweeps[-1]) != _direction(points, sweeps[-2]):
        swept, two_ways = sweeps[-2] + sweeps[-1], True
    last = next((i for i, p in enumerate(points) if p.role == "validation"), None)
    if last is not None and (points[last].rejected or record is None or as_sampled(record.options)):
        last = None
    step_size: Any = record.options.step_size if record else None
    if isinstance(run, Package) and step_size is None:
        step_size = run.step_size
    positions = [points[i].position for i in swept]
    if not step_size or max(positions) == min(positions):
        return f"{name}: its positions do not differ."
    path = Path.of_record(dataclasses.replace(record, points=points)) if record else None
    return PlayRun(
        points=points,
        path=path or Path.of_points(points),
        swept=tuple(swept),
        validation=last,
        step_size=float(step_size),
        two_ways=two_ways,
        options=record.options if record else None,
    )


def _as_measured(point: FocusPoint) -> FocusPoint:
    """Return a point as it was before any fit."""
    rejected = point.rejected & ~(Rejected.OUTLIER | Rejected.LAG)
    return dataclasses.replace(point, rejected=rejected)


def _direction(points: tuple[FocusPoint, ...], sweep: list[int]) -> bool:
    """Whether most moves of a sweep went outward."""
    positions = [points[i].position for i in sweep]
    return bool(np.sign(np.diff(positions)).sum() > 0)
