"""What a saved run would have come to with other options: one row for each of them."""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from focusbench.af_packages import Package
from focusbench.engine import RunRecord
from focusbench.errors import NotInPackage, OptionsError
from focusbench.options import AutofocusOptions
from focusbench.tuning.replay_options import positions_of
from focusbench.tuning.replay_points import ReplayPoints
from focusbench.tuning.replay_sampler import ReplaySampler

if TYPE_CHECKING:
    import xarray

Variation = Mapping[str, Any]
"""Options to change, by name; also `start`, `star_share` and `seed` of `replay`."""

_OF_REPLAY = ("start", "star_share", "seed")
_VARIABLES = {
    "answered": ("the package could answer", ""),
    "outcome": ("what became of the run", ""),
    "best_position": ("best focus", "steps"),
    "best_position_error": ("half the 68 % interval of best focus", "steps"),
    "off_reference": ("best focus less that of all points", "steps"),
    "duration_s": ("length of the run", "s"),
    "n_points": ("points taken, the validation frame left out", ""),
    "why": ("what came of it, or why the package cannot say", ""),
}


def what_if(
    package: Package | ReplayPoints,
    variations: Iterable[Variation],
    *,
    options: AutofocusOptions | None = None,
) -> "xarray.Dataset":
    """Replay a saved run with other options, each in turn.

    Parameters
    ----------
    package : Package, or ReplayPoints
    variations : iterable of mapping
        Each says what is changed: ``{"step_size": 120, "data_points": 5}``. Besides options,
        `start`, `star_share` and `seed` are what they are in `replay`.
    options : AutofocusOptions, optional
        What they change; the options of the run where not given.

    Returns
    -------
    xarray.Dataset
        On `variation`, with what was changed as coordinates. `answered` is False where the package
        does not hold what the run would have asked for; `why` says what. `best_position` and its
        error are NaN where there is none, `duration_s` where the package has no times.
        `off_reference` is how far best focus is from the package's own, which is in the attributes.

    Raises
    ------
    OptionsError
        A change that is no option, or out of bounds.

    Examples
    --------
    >>> import focusbench as fb
    >>> package = fb.open_package(fb.sample_packages()[0])
    >>> step = package.options.step_size
    >>> table = fb.what_if(package, [{"step_size": step}, {"step_size": 1000 * step}])
    >>> table.answered.values.tolist()
    [True, False]
    """
    import xarray

    points = package if isinstance(package, ReplayPoints) else ReplayPoints(package)
    package, base = points.package, options or points.options
    decided = package.decided
    reference = math.nan if decided.best_position is None else decided.best_position
    varied = [dict(v) for v in variations]
    rows = [_row(points, base, v, reference) for v in varied]
    names = {name: None for v in varied for name in v}
    columns: dict[str, Any] = {}
    for k, (name, (long_name, units)) in enumerate(_VARIABLES.items()):
        attrs = {"long_name": long_name, "units": units}
        columns[name] = ("variation", np.array([row[k] for row in rows]), attrs)
    coords = {
        name: ("variation", _column([_value(points, base, v, name) for v in varied]))
        for name in names
    }
    return xarray.Dataset(
        columns,
        coords=coords,
        attrs={
            "source": str(package.source),
            "reference_position": reference,
            "reference_error": _or_nan(decided.best_position_error),
        },
    )


def every_sweep(
    package: Package | ReplayPoints,
    *,
    data_points: Sequence[int] | None = None,
    step_sizes: Sequence[int] | None = None,
) -> list[Variation]:
    """All sweeps whose every position a package sampled, as variations for `what_if`.

    Each (step size, data points, start); steps that are fractions of the run's own are among them
    where it sampled positions there (after an extension, or a second sweep). Smart focus is off: it
    might ask for more.

    Parameters
    ----------
    package : Package, or ReplayPoints
    data_points : sequence of int, optional
        Only sweeps of these; all from 3 on where not given.
    step_sizes : sequence of int, optional, steps
        Only sweeps with these; all that there are where not given.
    """
    package = package.package if isinstance(package, ReplayPoints) else package
    there = positions_of(package)
    known = set(there)
    gaps = {a - b for a, b in itertools.combinations(there, 2)}
    steps = sorted(gaps if step_sizes is None else gaps & set(step_sizes))
    counts = range(3, min(len(there), 99) + 1) if data_points is None else sorted(set(data_points))
    return [
        {
            "step_size": step,
            "data_points": n,
            "start": first - (n // 2) * step,
            "smart_focus": False,
        }
        for step in steps
        for first in there
        for n in counts
        if all(first - i * step in known for i in range(n))
    ]


def _row(
    points: ReplayPoints, base: AutofocusOptions, variation: Variation, reference: float
) -> tuple[Any, ...]:
    """What is said of one variation, in the order of `_VARIABLES`."""
    changes = {k: v for k, v in variation.items() if k not in _OF_REPLAY}
    extra = {k: v for k, v in variation.items() if k in _OF_REPLAY}
    options = base.replace(**changes)
    try:
        sampler = ReplaySampler(points, options, **extra)
        record = sampler.run()
    except NotInPackage as error:
        return False, "", math.nan, math.nan, math.nan, math.nan, 0, str(error)
    if sampler.unanswered:
        n = _n_points(record)
        return False, "", math.nan, math.nan, math.nan, math.nan, n, sampler.unanswered
    best = _or_nan(record.best_position)
    return (
        True,
        record.outcome.value,
        best,
        _or_nan(record.best_position_error),
        best - reference,
        record.duration_s if sampler.knows_time else math.nan,
        _n_points(record),
        record.diagnosis,
    )


def _n_points(record: RunRecord) -> int:
    return sum(point.role != "validation" for point in record.points)


def _value(points: ReplayPoints, base: AutofocusOptions, variation: Variation, name: str) -> Any:
    """What one variation has for an option that some of them change."""
    if name in variation:
        return variation[name]
    if name in _OF_REPLAY:
        return {"star_share": 1.0, "seed": 0}.get(name, math.nan)
    if not hasattr(base, name):
        raise OptionsError(f"There is no option {name!r}.", name)
    return getattr(base, name)


def _column(values: list[Any]) -> Any:
    """Numbers or text as they are, anything else as objects."""
    plain = all(isinstance(value, bool | int | float | str | np.generic) for value in values)
    column: Any = np.array(values) if plain else np.empty(len(values), object)
    if not plain:
        column[:] = values
    return column


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value
