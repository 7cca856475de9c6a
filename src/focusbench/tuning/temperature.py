"""How focus follows temperature and filter, from many runs of one rig.

    best focus = focus of the filter + β · (temperature − mean) + session + scatter

fitted by `robust_regression`: a run's stated error and what runs scatter beyond it both count,
runs far off count little, and sessions (nights; a gap of six hours) may differ. What is left out:
the thermal lag of glass and tube behind the air, altitude, and flexure. Where they matter, the
scatter and the intervals grow; the slope of a night that only cools takes part of the lag with it.
"""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from focusbench.errors import OptionsError
from focusbench.tuning.filter_offsets import FilterOffset, FilterOffsets
from focusbench.tuning.robust_regression import Regression, regress
from focusbench.tuning.run_table import RunTable, run_table
from focusbench.tuning.temperature_model import TemperatureModel, Verdict

if TYPE_CHECKING:
    import xarray

LEAST_SPAN_C = 0.3
"""Runs that differ by less say nothing of temperature."""
SPARE_RUNS = 2
"""Runs needed beyond the unknowns, so that scatter can be told from slope."""


def fit_temperature(
    runs: "xarray.Dataset | Mapping[str, Any] | RunTable",
    *,
    reference: str | None = None,
    by_session: bool = True,
) -> TemperatureModel:
    """Fit how focus follows temperature and filter.

    Parameters
    ----------
    runs : xarray.Dataset, mapping of columns (a DataFrame, too), or RunTable
        Many runs of one rig, as `run_table` takes them. Runs without a temperature are left out
        where others have one.
    reference : str, optional
        Filter that the others are compared with; that with most runs where not given.
    by_session : bool
        Whether sessions may differ.

    Returns
    -------
    TemperatureModel

    Raises
    ------
    OptionsError
        Too few runs for the unknowns, or no such filter.

    Examples
    --------
    >>> import focusbench as fb
    >>> import numpy as np
    >>> t = np.linspace(12, 4, 20)
    >>> wiggle = 3 * np.sin(7 * t)
    >>> model = fb.fit_temperature({"best_position": 9000 + 20 * t + wiggle, "temperature": t})
    >>> model.verdict, 19 < model.steps_per_c < 21
    ('explains', True)
    >>> model.check(9400, temperature_c=8.0).off
    True
    """
    table = run_table(runs)
    known = np.isfinite(table.temperature_c)
    span_c = float(np.ptp(table.temperature_c[known])) if known.any() else 0.0
    telling = span_c >= LEAST_SPAN_C
    if telling:
        table = table.only(known)
    mean_c = float(table.temperature_c.mean()) if telling else math.nan
    names = table.filters
    dummies = np.array([[float(f == name) for name in names] for f in table.filter])
    slope = (table.temperature_c - mean_c)[:, None] if telling else np.zeros((len(table), 0))
    design = np.hstack([dummies, slope])
    if telling and np.linalg.matrix_rank(design) < design.shape[1]:
        # Each filter had its own temperature: slope and offsets are one.
        telling, design = False, dummies
    needed = design.shape[1] + SPARE_RUNS
    if len(table) < needed:
        what = "temperature and " if telling else ""
        filters = "one filter" if len(names) == 1 else f"{len(names)} filters"
        raise OptionsError(
            f"{len(table)} focused runs are too few for {what}{filters}: {needed} are needed."
        )
    session = table.session if by_session else None
    fit = regress(design, table.position, table.error, session)
    reference = names[0] if reference is None else reference
    if reference not in names:
        raise OptionsError(
            f"No run was made with the filter {reference!r}; there are {', '.join(names)}.",
            "reference",
        )
    offsets = _offsets(fit, table, reference, design.shape[1])
    plain = regress(dummies, table.position, table.error, session) if telling else fit
    beta, error, interval, p_value = math.nan, math.nan, (math.nan, math.nan), math.nan
    verdict: Verdict = "cannot tell yet"
    if telling:
        row = np.zeros(design.shape[1])
        row[-1] = 1
        found = fit.combination(row)
        beta, error, interval = found.quantile(0.5), found.error, found.interval(0.95)
        below = found.below(0.0)
        p_value = 2 * min(below, 1 - below)
        next_error = fit.next_run(np.eye(len(row))[0], float(np.median(table.error))).error
        if not interval[0] <= 0 <= interval[1]:
            verdict = "explains"
        elif max(-interval[0], interval[1]) * span_c / 2 < next_error:
            verdict = "does not matter"
    return TemperatureModel(
        steps_per_c=beta,
        steps_per_c_error=error,
        interval_95=interval,
        p_value=p_value,
        verdict=verdict,
        filter_offsets=offsets,
        scatter=float(fit.weight @ fit.scatter),
        scatter_without=float(plain.weight @ plain.scatter),
        session_spread=float(fit.weight @ fit.session_spread),
        span_c=span_c,
        table=table,
        _mean_c=mean_c,
        _fit=fit,
    )


def _offsets(fit: Regression, table: RunTable, reference: str, width: int) -> FilterOffsets:
    names = table.filters
    found = {}
    for i, name in enumerate(names):
        row = np.zeros(width)
        row[i] += 1
        row[names.index(reference)] -= 1
        n_runs = table.filter.count(name)
        if name == reference:
            found[name] = FilterOffset(0.0, 0.0, (0.0, 0.0), n_runs)
            continue
        known = fit.combination(row)
        found[name] = FilterOffset(known.quantile(0.5), known.error, known.interval(0.95), n_runs)
    return FilterOffsets(reference, found)
