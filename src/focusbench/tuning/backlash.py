"""Backlash of a rig, from runs it has made: how much play its drive has, and how sure that is.

One model for all evidence. For a given play the path of the motor tells where the drawtube stood
at every point (`play.Path`); how well one V-curve explains the points if they stood there is the
likelihood of that play (`curve.evidence_at`: focus, shape, scatter and bad points integrated out).
Leading points that lag, a validation frame approached from the wrong side, and a sweep outward
that is shifted against the sweep inward are then the same thing seen three ways, and add up. What
was compensated cannot be seen: such runs say that the play is no more than so much.

The asymmetry κ of the V-curve looks like play in a single run, and so does the bend γ of its wings;
both are one for all runs of a rig but for their wander, and are integrated out over all of them
together (`play_shapes`). Seeing or transparency that rises
while both sweeps are taken would shift them against each other: a trend of 5 % (standard deviation)
is integrated out, too. The drift of focus itself with temperature is not: measure in a few minutes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from focusbench.af_packages import Package, open_package
from focusbench.engine import RunRecord
from focusbench.errors import OptionsError
from focusbench.tuning.backlash_words import BacklashWords
from focusbench.tuning.play_evidence import (
    LEADING,
    TWO_WAYS,
    VALIDATION,
    PlayRun,
    Shapes,
    play_run,
)
from focusbench.tuning.play_shapes import over_shapes, shapes_for

if TYPE_CHECKING:
    import xarray

FloatArray = NDArray[np.float64]

N_COARSE = 25
FORGOTTEN = 10.0
"""ln by which a play may be less likely than another before it is given up."""
LIKELY = 4.0
"""The shape of the V-curve is looked for at plays that are no further behind than this."""


@dataclass(frozen=True, eq=False, repr=False)
class Backlash(BacklashWords):
    """Play of a drive.

    Attributes
    ----------
    steps : float
        Median. Positive: after a move outward the drawtube is so much further in than the number
        says. Negative, only ever from sweeps in both directions: further out.
    error : float, steps
        Half the 68 % interval.
    interval_95 : (float, float), steps
        The most probable plays that make up 95 %.
    at_least : bool
        Whether even larger plays than were looked at are possible.
    configured : int or None, steps
        Compensation of the newest run that tells.
    final_move : {"in", "out"}
    n_runs : int
        Runs that took part.
    from_evidence : mapping of str to (float, float), steps
        The 95 % interval by each kind of evidence alone.
    skipped : tuple of str
        Runs that tell nothing, and why, one sentence each.
    """

    steps: float
    error: float
    interval_95: tuple[float, float]
    at_least: bool
    configured: int | None
    final_move: str
    n_runs: int
    from_evidence: Mapping[str, tuple[float, float]]
    skipped: tuple[str, ...] = ()
    _plays: FloatArray = field(default_factory=lambda: np.zeros(0), repr=False)
    _density: FloatArray = field(default_factory=lambda: np.zeros((0, 0)), repr=False)

    @cached_property
    def dataset(self) -> "xarray.Dataset":
        """Probability density on `backlash`, of all evidence and of each kind alone."""
        import xarray as xr

        names = ["all", *self.from_evidence]
        attrs = {"long_name": "Probability density", "units": "1 / steps"}
        return xr.Dataset(
            {"density": (("evidence", "backlash"), self._density, attrs)},
            {
                "evidence": names,
                "backlash": ("backlash", self._plays, {"long_name": "Backlash", "units": "steps"}),
            },
            {"backlash": self.steps, "backlash_error": self.error, "sentence": self.sentence},
        )


def find_backlash(
    runs: Iterable[Package | RunRecord | str | Path],
    *,
    configured: int | None = None,
    final_move: str | None = None,
) -> Backlash:
    """Find the backlash of one rig from its runs.

    Parameters
    ----------
    runs : iterable of Package, RunRecord or path
        Of one rig and one metric, oldest first; focused or not. A foreign run takes part where
        the order of its points is known; what its program compensated is then not seen.
    configured : int, optional, steps
        What is set now; that of the last run of ours where not given.
    final_move : {"in", "out"}, optional
        The same.

    Returns
    -------
    Backlash

    Raises
    ------
    OptionsError
        No run tells anything; the message says why.
    PackageError
        A path is no package.

    Examples
    --------
    >>> import focusbench as fb
    >>> rig = fb.simulated_rig(best_focus=10_250, seed=1, backlash=60)
    >>> found = fb.find_backlash([fb.autofocus(rig, save_packages_to=None)])
    >>> found.interval_95[0] < 60 < found.interval_95[1]
    True
    """
    told, skipped = [], []
    for run in runs:
        one = play_run(open_package(run) if isinstance(run, str | Path) else run)
        if isinstance(one, PlayRun):
            told.append(one)
        else:
            skipped.append(one)
    if not told:
        why = f" {skipped[0]}" if skipped else " No run was given."
        raise OptionsError(f"No run tells anything of the backlash.{why}")
    newest = next((one for one in reversed(told) if one.options is not None), None)
    if newest is not None and newest.options is not None and configured is None:
        configured, final_move = newest.options.backlash, newest.options.final_move
    top = max(one.largest for one in told)
    bottom = -top if any(one.two_ways for one in told) else 0.0
    plays, ln_l = _likelihoods(told, bottom, top)
    kinds = [kind for kind in ln_l if kind]
    answers = {kind: _Density.of(plays, ln_l[kind]) for kind in ln_l}
    whole = answers.pop("")
    return Backlash(
        steps=whole.quantile(0.5),
        error=(whole.quantile(0.841345) - whole.quantile(0.158655)) / 2,
        interval_95=whole.interval(0.95),
        at_least=bool(whole.density[-1] > 0.01 * whole.density.max()),
        configured=configured,
        final_move=final_move or "in",
        n_runs=len(told),
        from_evidence={kind: answers[kind].interval(0.95) for kind in kinds},
        skipped=tuple(skipped),
        _plays=whole.at,
        _density=np.stack([whole.density, *(answers[kind].density for kind in kinds)]),
    )


def _likelihoods(
    runs: Sequence[PlayRun], low: float, high: float
) -> tuple[FloatArray, dict[str, FloatArray]]:
    """Plays that come into question, and their pooled ln likelihood.

    Of all evidence (named "") and of each kind.
    """
    coarse = np.linspace(low, high, N_COARSE)
    everywhere = _pooled(runs, coarse, None)
    sharp, ln_sharp = coarse, everywhere[""][0, 0]
    first, last, n_probable = _probable(ln_sharp)
    # All evidence together may be much sharper than the grid.
    while n_probable < N_COARSE // 3 and sharp[last] - sharp[first] > 1:
        sharp = np.linspace(sharp[first], sharp[last], N_COARSE)
        ln_sharp = _pooled(runs, sharp, None)[""][0, 0]
        first, last, n_probable = _probable(ln_sharp)
    grids = [np.linspace(sharp[first], sharp[last], N_COARSE)]
    for kind, ln_l in everywhere.items():
        if kind:
            first, last, _ = _probable(ln_l[0, 0])
            grids.append(np.linspace(coarse[first], coarse[last], 9))
    plays = np.unique(np.concatenate(grids))
    likely = sharp[ln_sharp > ln_sharp.max() - LIKELY]
    spanning = np.unique([likely[0], sharp[ln_sharp.argmax()], likely[-1]])
    shapes = shapes_for(lambda at, shapes: _pooled(runs, at, shapes)[""], spanning)
    ln_l_of = _pooled(runs, plays, shapes)
    return plays, {kind: over_shapes(ln_l, shapes) for kind, ln_l in ln_l_of.items()}


def _probable(ln_l: FloatArray) -> tuple[int, int, int]:
    """First and last place worth a closer look, and how many are probable."""
    kept = np.flatnonzero(ln_l > ln_l.max() - FORGOTTEN)
    return max(int(kept[0]) - 1, 0), min(int(kept[-1]) + 1, len(ln_l) - 1), len(kept)


def _pooled(
    runs: Sequence[PlayRun], plays: FloatArray, shapes: Shapes | None
) -> dict[str, FloatArray]:
    pooled: dict[str, FloatArray] = {}
    for run in runs:
        for kind, ln_l in run.ln_likelihood(plays, shapes).items():
            for name in ("", kind):
                pooled[name] = pooled.get(name, 0) + ln_l
    order = ["", LEADING, VALIDATION, TWO_WAYS]
    return {kind: pooled[kind] for kind in order if kind in pooled}


@dataclass(frozen=True, eq=False)
class _Density:
    """A probability density, flat prior, on an even grid."""

    at: FloatArray
    density: FloatArray

    @classmethod
    def of(cls, plays: FloatArray, ln_l: FloatArray) -> "_Density":
        at = np.linspace(plays[0], plays[-1], 4001)
        density = np.exp(np.interp(at, plays, ln_l) - ln_l.max())
        return cls(at, density / (density.sum() * (at[1] - at[0])))

    def quantile(self, share: float) -> float:
        cumulative = np.cumsum(self.density)
        return float(np.interp(share * cumulative[-1], cumulative, self.at))

    def interval(self, share: float) -> tuple[float, float]:
        """Smallest set of that share; what is as probable as its edge belongs to it."""
        falling = np.sort(self.density)[::-1]
        cumulative = np.cumsum(falling)
        edge = falling[np.searchsorted(cumulative, share * cumulative[-1])]
        inside = self.at[self.density >= edge * (1 - 1e-9)]
        return float(inside[0]), float(inside[-1])
