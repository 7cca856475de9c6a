"""One run as an xarray Dataset: the schema, and how it is made.

Dimensions
    `point`: the frames of the run in the order taken, all sweeps, the validation frame last (in
    the order of the file where the attribute `time_ordered` is 0). It has no labels: positions may
    come twice. `curve`: "auto", "two_lines", "parabola", "hyperbola".

Coordinates on `point`
    `position` (steps), `time` (float, CF style: seconds since 1970; `xarray.decode_cf` makes dates
    of it), `temperature` (°C), `sweep` (from 0), `role` ("sweep", "extension", "validation").

Variables on `point`
    `metric`, `metric_error` (standard error), `metric_scatter` (star to star; no error bar): the
    deciding metric, whose attribute `definition` says what it is. The same values once more under
    the metric's own name (`hfr`), and the other metrics of the same frames under theirs.
    `n_stars`. `rejected` (int8 flags, attributes `flag_masks` and `flag_meanings`; 0 counts) and
    `reason`, the same in words.

Variables on `(curve, point)`
    `used` (int8; 1 where the curve was fitted to the point; never the validation frame) and
    `fitted` (the curve's own value there).

Variables on `curve`
    `best_position` and `best_position_error` (steps).

Rules
    What is unknown is NaN, an empty text, or 0 in `used`; nothing is of dtype object, and nothing
    bool, because xarray pads bool to object when runs of unlike length are put side by side. Every
    variable has `long_name` and `units` ("1" where there is none). Attributes are texts and
    numbers, so that the Dataset can be written as netCDF: `outcome`, `diagnosis`, `best_position`,
    `best_position_error` (where there are any), `curve` (which decides), `metric`, `definition`,
    `source`, `format`, `filter`, `step_size`, `time_ordered`, `notes`, `creation_library`.
"""

from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from focusbench.af_packages.definitions import definition, label
from focusbench.curve import CURVES, BestFocus, CurveFit, FocusPoint, Rejected, evaluate
from focusbench.errors import PackageDamaged

if TYPE_CHECKING:
    from focusbench.af_packages.package import Package

_FLAGS = tuple(flag for flag in Rejected if flag)


def to_dataset(package: "Package") -> xr.Dataset:
    """Make the Dataset of one run.

    Parameters
    ----------
    package : Package

    Returns
    -------
    xarray.Dataset
        As this module's docstring says.
    """
    points, best = package.focus_points, package.decided
    variables = {
        **_metrics(package),
        "n_stars": _on_point([p.n_stars for p in points], "Stars used", "1"),
        "rejected": (
            "point",
            np.array([int(p.rejected) for p in points], np.int8),
            {
                "long_name": "Why a point does not count",
                "units": "1",
                "flag_masks": np.array([int(flag) for flag in _FLAGS], np.int8),
                "flag_meanings": " ".join(str(flag.name).lower() for flag in _FLAGS),
            },
        ),
        "reason": ("point", _texts([p.reason for p in points]), _attrs("Why, in words", "1")),
        **_curves(points, package.sweep(), best),
    }
    return xr.Dataset(variables, _coordinates(points), _run_attributes(package, best))


Variable = tuple[str | tuple[str, ...], NDArray[np.generic], Mapping[str, object]]


def _attrs(long_name: str, units: str, **more: object) -> dict[str, object]:
    return {"long_name": long_name, "units": units, **more}


def _floats(values: Sequence[float | None]) -> NDArray[np.float64]:
    return np.array([np.nan if value is None else value for value in values], np.float64)


def _texts(values: list[str]) -> NDArray[np.str_]:
    return np.array(values, dtype=np.str_) if values else np.zeros(0, "U1")


def _on_point(
    values: Sequence[float | None], long_name: str, units: str, **more: object
) -> Variable:
    return ("point", _floats(values), _attrs(long_name, units, **more))


def _coordinates(points: tuple[FocusPoint, ...]) -> dict[str, Variable]:
    since = "seconds since 1970-01-01T00:00:00+00:00"
    return {
        "position": _on_point([p.position for p in points], "Focuser position", "steps"),
        "time": _on_point([p.time_s for p in points], "Middle of the exposure", since),
        "temperature": _on_point([p.temperature_c for p in points], "Temperature", "degC"),
        "sweep": (
            "point",
            np.array([p.sweep for p in points], np.int32),
            _attrs("Sweep, from 0", "1"),
        ),
        "role": ("point", _texts([p.role for p in points]), _attrs("Role in the run", "1")),
        "curve": ("curve", _texts(list(CURVES)), _attrs("Curve fitted", "1")),
    }


def _metrics(package: "Package") -> dict[str, Variable]:
    """The deciding metric, and every metric under its own name."""
    points, name = package.focus_points, package.metric
    meaning, words = package.definition, label(package.metric)
    variables = {
        "metric": _on_point([p.metric for p in points], words, "px", definition=meaning),
        "metric_error": _on_point(
            [p.error for p in points], f"{words}, standard error", "px", definition=meaning
        ),
        "metric_scatter": _on_point(
            [p.scatter for p in points], f"{words}, scatter between stars", "px", definition=meaning
        ),
        name: _on_point([p.metric for p in points], words, "px", definition=meaning),
    }
    for other in sorted({other for p in points for other in p.others} - {name}):
        values = [p.others.get(other) for p in points]
        variables[other] = _on_point(values, label(other), "px", definition=definition(other))
    return variables


def _curves(
    points: tuple[FocusPoint, ...], sweep: tuple[int, ...], best: BestFocus
) -> dict[str, Variable]:
    """What was fitted: values on (curve, point) and on curve."""
    used = np.zeros((len(CURVES), len(points)), np.int8)
    fitted = np.full(used.shape, np.nan)
    position, error = np.full((2, len(CURVES)), np.nan)
    places = np.array([p.position for p in points], float)
    for i, name in enumerate(CURVES):
        fit = best.fits.get(name)
        if fit is None:
            continue
        if len(fit.used) == len(sweep):
            used[i, list(sweep)] = fit.used
        if fit.parameters:
            fitted[i] = _evaluated(fit, places)
        if fit.ok:
            position[i], error[i] = _floats([fit.best_position, fit.best_position_error])
    both = ("curve", "point")
    return {
        "used": (both, used, _attrs("Whether the curve was fitted to the point", "1")),
        "fitted": (both, fitted, _attrs("Value of the fitted curve", "px")),
        "best_position": ("curve", position, _attrs("Best focus", "steps")),
        "best_position_error": (
            "curve",
            error,
            _attrs("Best focus, half the 68 % interval", "steps"),
        ),
    }


def _evaluated(fit: CurveFit, places: NDArray[np.float64]) -> NDArray[np.float64]:
    try:
        # What a damaged file says may be beyond all numbers.
        with np.errstate(all="ignore"):
            return evaluate(fit, places)
    except KeyError as error:
        raise PackageDamaged(
            f"The package is damaged: its curve {fit.curve!r} lacks the parameter {error}."
        ) from error


def _run_attributes(package: "Package", best: BestFocus) -> dict[str, object]:
    record = package.record
    known = {
        "outcome": str(record.outcome if record else best.outcome),
        "diagnosis": record.diagnosis if record else best.diagnosis,
        "best_position": best.best_position,
        "best_position_error": best.best_position_error,
        "curve": best.curve,
        "metric": package.metric,
        "definition": package.definition,
        "source": str(package.source),
        "format": package.format,
        "filter": package.filter,
        "step_size": package.step_size,
        "time_ordered": int(package.time_ordered),
        "notes": " ".join(package.notes),
        "creation_library": f"focusbench {metadata.version('focusbench')}",
    }
    return {name: value for name, value in known.items() if value is not None}
