"""Do runs repeat as well as their error bars say? Run-to-run noise apart from drift.

Within a session, and after filter and temperature are accounted for (a plain straight line),

    best focusᵢ = level of the session + drift(tᵢ) + f · σᵢ · zᵢ,      z normal

with drift a random walk in time, of variance q·Δt. The ratio f says how many times the stated
errors σ runs really scatter; two runs soon after each other tell noise from drift. f and q are
found on a grid by their restricted likelihood (levels and slope integrated out; Patterson and
Thompson 1971, doi:10.1093/biomet/58.3.545), flat priors on ln f and ln q, and half of the prior on
no drift.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from focusbench.errors import OptionsError
from focusbench.tuning.robust_regression import regress
from focusbench.tuning.run_table import RunTable, run_table

if TYPE_CHECKING:
    import xarray

FloatArray = NDArray[np.float64]

RATIOS = np.geomspace(0.1, 30, 120)
N_DRIFTS = 16
FAR_OFF = 0.15
"""A run that counts less than this in a robust fit is a bad run, not noise."""
SPARE_RUNS = 3
CANNOT_TELL = 4.0
"""An interval whose ends differ by more than this factor tells nothing."""

ErrorBars = Literal["believable", "too short", "too long", "cannot tell yet"]


@dataclass(frozen=True, eq=False, repr=False)
class Repeatability:
    """How well runs of one rig repeat.

    Attributes
    ----------
    ratio : float
        Run-to-run noise over the stated errors; median.
    interval_95 : (float, float)
    error_bars : {"believable", "too short", "too long", "cannot tell yet"}
    noise : float, steps
        Run-to-run noise of a typical run: `ratio` times the median stated error.
    drift_per_hour : float, steps
        How far focus wanders in an hour (rms) beyond what temperature explains.
    n_runs, n_far_off : int
        Runs that took part; runs left out because they lie far off.
    """

    ratio: float
    interval_95: tuple[float, float]
    error_bars: ErrorBars
    noise: float
    drift_per_hour: float
    n_runs: int
    n_far_off: int
    _density: FloatArray = field(default_factory=lambda: np.zeros(0), repr=False)

    @property
    def sentence(self) -> str:
        """Whether the stated errors are to be believed, in one sentence or two."""
        low, high = self.interval_95
        found = (
            f"runs scatter {self.ratio:.1f} times what their errors say "
            f"(95 %: {low:.1f} to {high:.1f}), from {self.n_runs} runs"
        )
        far = ""
        if self.n_far_off:
            runs = "1 run lies" if self.n_far_off == 1 else f"{self.n_far_off} runs lie"
            far = (
                f" {runs} far off and are left out."
                if self.n_far_off > 1
                else (f" {runs} far off and is left out.")
            )
        match self.error_bars:
            case "believable":
                said = f"The stated errors are believable: {found}."
            case "too short":
                said = f"The stated errors are too short: {found}. Multiply them by that."
            case "too long":
                said = f"The stated errors are too long: {found}."
            case _:
                said = f"Cannot tell yet whether the stated errors are right: {found}."
        return said + far

    def __repr__(self) -> str:
        return f"<Repeatability: {self.sentence}>"

    @cached_property
    def dataset(self) -> "xarray.Dataset":
        """Probability density on `ratio`."""
        import xarray as xr

        attrs = {"long_name": "Probability density of ln ratio", "units": "1"}
        words = {"long_name": "Run-to-run noise over stated errors", "units": "1"}
        return xr.Dataset(
            {"density": ("ratio", self._density, attrs)},
            {"ratio": ("ratio", RATIOS, words)},
            {"sentence": self.sentence},
        )


def repeatability(
    runs: "xarray.Dataset | Mapping[str, Any] | RunTable",
) -> Repeatability:
    """Find out how well the runs of one rig repeat.

    Parameters
    ----------
    runs : xarray.Dataset, mapping of columns (a DataFrame, too), or RunTable
        As `run_table` takes them. Runs without a stated error are left out. Without times, runs
        are taken to be evenly spaced.

    Returns
    -------
    Repeatability

    Raises
    ------
    OptionsError
        Too few runs.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> runs = {"best_position": rng.normal(9000, 6, 30), "best_position_error": np.full(30, 2.0)}
    >>> repeatability(runs).error_bars
    'too short'
    """
    table = run_table(runs)
    table = table.only(table.error > 0)
    n_given = len(table)
    if n_given:
        table = table.only(_near(table))
    n = len(table)
    design = _design(table)
    free = n - np.linalg.matrix_rank(design) if n else 0
    if free < SPARE_RUNS:
        raise OptionsError(
            f"{n} focused runs with stated errors are too few to see how well they repeat: "
            f"{SPARE_RUNS + n - free} are needed, two or more in a session."
        )
    hours = _hours(table)
    apart = np.diff(hours)
    apart = apart[(apart > 0) & (apart < 12)]
    typical = float(np.median(apart)) if len(apart) else 1.0
    middle = float(np.median(table.error))
    spread = max(float(np.std(table.position)), middle)
    per_hour = np.array([0.0, *np.geomspace(0.1 * middle, 3 * spread, N_DRIFTS) ** 2 / typical])
    walk = _walk(hours, table.session)
    ln_p = np.array([_restricted(table, design, q * walk) for q in per_hour])
    ln_p[1:] -= np.log(N_DRIFTS)
    weight = np.exp(ln_p - ln_p.max())
    of_ratio = weight.sum(axis=0)
    cumulative = np.cumsum(of_ratio) - of_ratio / 2
    low, ratio, high = np.exp(
        np.interp([0.025, 0.5, 0.975], cumulative / of_ratio.sum(), np.log(RATIOS))
    ).tolist()
    wander = np.sqrt(per_hour) @ weight.sum(axis=1) / weight.sum()
    return Repeatability(
        ratio=ratio,
        interval_95=(low, high),
        error_bars=_verdict(low, high),
        noise=ratio * middle,
        drift_per_hour=float(wander),
        n_runs=n,
        n_far_off=n_given - n,
        _density=of_ratio / (of_ratio.sum() * np.log(RATIOS[1] / RATIOS[0])),
    )


def _verdict(low: float, high: float) -> ErrorBars:
    if low > 1:
        return "too short"
    if high < 1:
        return "too long"
    return "cannot tell yet" if high > CANNOT_TELL * low else "believable"


def _near(table: RunTable) -> NDArray[np.bool_]:
    """Which runs are not far off what the others say."""
    design = _design(table, by_session=False)
    if len(table) < design.shape[1] + SPARE_RUNS:
        return np.ones(len(table), dtype=bool)
    return regress(design, table.position, table.error, table.session).pull > FAR_OFF


def _design(table: RunTable, *, by_session: bool = True) -> FloatArray:
    """Filters, temperature where it is known, and sessions; of full rank or not."""
    columns = [np.array([float(f == name) for f in table.filter]) for name in table.filters]
    known = table.temperature_c
    if len(known) and np.isfinite(known).all() and np.ptp(known) > 0:
        columns.append(known - known.mean())
    session = table.session
    if by_session and session is not None:
        columns += [(session == s).astype(float) for s in range(1, int(session.max()) + 1)]
    return np.stack(columns, axis=1) if columns else np.zeros((len(table), 0))


def _hours(table: RunTable) -> FloatArray:
    if np.isfinite(table.time_s).all():
        return np.asarray((table.time_s - table.time_s[0]) / 3600)
    return np.arange(len(table), dtype=float)


def _walk(hours: FloatArray, session: NDArray[np.intp] | None) -> FloatArray:
    """Covariance of a random walk of 1 step² an hour that begins anew in every session."""
    session = np.zeros(len(hours), dtype=np.intp) if session is None else session
    first = np.searchsorted(session, session)
    since = hours - hours[first]
    together = session[:, None] == session[None, :]
    return np.where(together, np.minimum(since[:, None], since[None, :]), 0.0)


def _restricted(table: RunTable, design: FloatArray, drift: FloatArray) -> FloatArray:
    """Ln restricted likelihood for each of `RATIOS`."""
    # Contrasts that hold nothing of the design: what is left is noise and drift alone.
    u, s, _ = np.linalg.svd(design, full_matrices=True)
    rank = int((s > 1e-9 * s[0]).sum())
    contrast = u[:, rank:].T
    y = contrast @ table.position
    noise = (contrast * table.error**2) @ contrast.T
    covariance = RATIOS[:, None, None] ** 2 * noise + contrast @ drift @ contrast.T
    lower = np.linalg.cholesky(covariance)
    z = np.linalg.solve(lower, np.broadcast_to(y[:, None], (len(RATIOS), len(y), 1)))[..., 0]
    ln_det = np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1)
    return np.asarray(-0.5 * (z**2).sum(axis=1) - ln_det)
