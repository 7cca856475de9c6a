"""Do runs repeat as well as their error bars say? Run-to-run noise apart from drift.

Within a session, and after filter and temperature are accounted for (a plain straight line),

    best focusᵢ = level of the session + drift(tᵢ) + f · σᵢ · zᵢ,      z normal

with drift a straight line in each session, of a slope r·N(0, 1), and a random walk of variance
q·Δt. The ratio f says how many times the stated errors σ runs really scatter; two runs soon after
each other tell noise from drift. f, q and r are found on a grid by their restricted likelihood
(levels integrated out; Patterson and Thompson 1971, doi:10.1093/biomet/58.3.545), flat priors on
their logarithms, and half of the prior each on no walk and no slope.
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

RATIOS = np.geomspace(0.1, 30, 150)
N_DRIFTS = 8
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
    >>> import focusbench as fb
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> runs = {"best_position": rng.normal(9000, 6, 30), "best_position_error": np.full(30, 2.0)}
    >>> fb.repeatability(runs).error_bars
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
    strengths = np.array([0.0, *np.geomspace(0.1 * middle, 3 * spread, N_DRIFTS)])
    ln_prior = np.log(np.where(strengths > 0, 0.5 / N_DRIFTS, 0.5))
    walk, line = _drifts(hours / typical, table.session)
    likelihood = _Restricted(table, design)
    priors = list(zip(strengths.tolist(), ln_prior.tolist(), strict=True))
    ln_p = np.array(
        [
            [likelihood(q**2 * walk + r**2 * line) + of_q + of_r for r, of_r in priors]
            for q, of_q in priors
        ]
    )
    weight = np.exp(ln_p - ln_p.max())
    of_drift = weight.sum(axis=2) / weight.sum()
    # Rms way in an hour: a walk grows as √t, a line as t.
    per_hour = np.hypot.outer(strengths / np.sqrt(typical), strengths / typical)
    weight = weight.sum(axis=1)
    of_ratio = weight.sum(axis=0)
    cumulative = np.cumsum(of_ratio) - of_ratio / 2
    low, ratio, high = np.exp(
        np.interp([0.025, 0.5, 0.975], cumulative / of_ratio.sum(), np.log(RATIOS))
    ).tolist()
    return Repeatability(
        ratio=ratio,
        interval_95=(low, high),
        error_bars=_verdict(low, high),
        noise=ratio * middle,
        drift_per_hour=float((of_drift * per_hour).sum()),
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


def _drifts(times: FloatArray, session: NDArray[np.intp] | None) -> tuple[FloatArray, FloatArray]:
    """Covariances of a random walk and of a line that begin anew in every session."""
    session = np.zeros(len(times), dtype=np.intp) if session is None else session
    since = times - times[np.searchsorted(session, session)]
    together = session[:, None] == session[None, :]
    walk = np.where(together, np.minimum(since[:, None], since[None, :]), 0.0)
    return walk, np.where(together, np.outer(since, since), 0.0)


class _Restricted:
    """Ln restricted likelihood of f, for a given covariance of the drift."""

    def __init__(self, table: RunTable, design: FloatArray) -> None:
        # Contrasts that hold nothing of the design: what is left is noise and drift alone.
        u, s, _ = np.linalg.svd(design, full_matrices=True)
        contrast = u[:, int((s > 1e-9 * s[0]).sum()) :].T
        white = np.linalg.inv(np.linalg.cholesky((contrast * table.error**2) @ contrast.T))
        self._to_white = white @ contrast
        self._y = self._to_white @ table.position

    def __call__(self, drift: FloatArray) -> FloatArray:
        """One number for each of `RATIOS`: f² is added to every eigenvalue of the drift."""
        eigen, vectors = np.linalg.eigh(self._to_white @ drift @ self._to_white.T)
        variance = RATIOS[:, None] ** 2 + np.maximum(eigen, 0)
        z2 = (vectors.T @ self._y) ** 2
        return np.asarray(-0.5 * (z2 / variance + np.log(variance)).sum(axis=1))
