"""What was learned of focus against temperature and filter, and what it expects of the next run."""

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from focusbench.errors import OptionsError
from focusbench.options import FilterTable
from focusbench.tuning.filter_offsets import FilterOffsets
from focusbench.tuning.robust_regression import Mixture, Regression
from focusbench.tuning.run_table import RunTable

if TYPE_CHECKING:
    import xarray

FloatArray = NDArray[np.float64]

Verdict = Literal["explains", "does not matter", "cannot tell yet"]

SURELY_OFF = 0.01
"""Probability of a run at least so far off below which it does not belong to the model."""


@dataclass(frozen=True)
class Prediction:
    """Where the next run should find focus.

    Attributes
    ----------
    position, error : float, steps
        Median, and half the 68 % interval: the model's own error and what runs scatter.
    interval_95 : (float, float), steps
    """

    position: float
    error: float
    interval_95: tuple[float, float]

    @classmethod
    def of(cls, mixture: Mixture) -> "Prediction":
        """Put a distribution in numbers."""
        return cls(mixture.quantile(0.5), mixture.error, mixture.interval(0.95))


@dataclass(frozen=True)
class ModelCheck:
    """A run held against the model.

    Attributes
    ----------
    sigma : float
        How far off, in the error of the prediction; positive is further out.
    probability : float
        Of a run at least so far off.
    off : bool
        Whether the run does not belong to the model.
    """

    sigma: float
    probability: float
    off: bool

    @property
    def sentence(self) -> str:
        """One sentence: as expected, or run again."""
        size = f"{abs(self.sigma):.0f}" if abs(self.sigma) >= 10 else f"{abs(self.sigma):.1f}"
        if self.off:
            way = "out" if self.sigma > 0 else "in"
            return f"{size} σ off your model ({way}): run again."
        return f"As your model expects ({size} σ)."


@dataclass(frozen=True, eq=False, repr=False)
class TemperatureModel:
    """Focus as a function of temperature and filter.

    Attributes
    ----------
    steps_per_c, steps_per_c_error : float, steps per °C
        Median and half the 68 % interval; NaN where temperatures tell nothing. Positive: focus
        lies further out when it is warmer.
    interval_95 : (float, float), steps per °C
    p_value : float
        Two-sided, of no slope at all.
    verdict : {"explains", "does not matter", "cannot tell yet"}
        `explains` where the 95 % interval leaves 0 out; `does not matter` where even its larger
        end moves focus, from the middle to the end of the temperatures seen, by less than the
        error of a run.
    filter_offsets : FilterOffsets
    scatter : float, steps
        What runs scatter beyond their stated errors.
    scatter_without : float, steps
        The same without temperature in the model.
    session_spread : float, steps
        How far sessions differ.
    span_c : float, °C
    table : RunTable
        Runs that were fitted.
    """

    steps_per_c: float
    steps_per_c_error: float
    interval_95: tuple[float, float]
    p_value: float
    verdict: Verdict
    filter_offsets: FilterOffsets
    scatter: float
    scatter_without: float
    session_spread: float
    span_c: float
    table: RunTable = field(repr=False)
    _mean_c: float = field(repr=False)
    _fit: Regression = field(repr=False)

    def predict(
        self, temperature_c: float | None = None, filter: str | None = None, error: float = 0.0
    ) -> Prediction:
        """Say where focus will be, in a session yet to come; in that one where only one is known.

        Parameters
        ----------
        temperature_c : float, °C
            May be left out where temperature is not in the model.
        filter : str, optional
            The reference filter where not given.
        error : float, steps
            Stated error of the run that is to be predicted; 0 for focus itself.
        """
        return Prediction.of(self._next(temperature_c, filter, error))

    def check(
        self,
        position: float,
        error: float = 0.0,
        temperature_c: float | None = None,
        filter: str | None = None,
    ) -> ModelCheck:
        """Hold the best focus of a new run against the model."""
        expected = self._next(temperature_c, filter, error)
        low = expected.below(position)
        sigma = (position - expected.quantile(0.5)) / expected.error
        probability = 2 * min(low, 1 - low)
        return ModelCheck(sigma, probability, probability < SURELY_OFF)

    def filter_table(self, settings: FilterTable | None = None) -> FilterTable:
        """Focus points of the filters, as the options want them, at the mean temperature.

        Parameters
        ----------
        settings : FilterTable, optional
            Its exposures and its other filters are kept.
        """
        rows: dict[str, Any] = dict(settings or {})
        for name in self.table.filters:
            if not name:
                continue
            exposure_s = rows[name].exposure_s if name in rows else None
            focus = round(self._known(self._mean_c, name).quantile(0.5))
            rows[name] = {"exposure_s": exposure_s, "focus_point": focus}
        return FilterTable(rows)

    @property
    def has_temperature(self) -> bool:
        """Whether temperature is in the model."""
        return math.isfinite(self.steps_per_c)

    @property
    def sentence(self) -> str:
        """What temperature does, and how sure that is."""
        n = len(self.table)
        if not self.has_temperature:
            return (
                f"The {n} runs do not differ in temperature ({self.span_c:.1f} °C), or theirs is "
                "not known: nothing can be said of it."
            )
        low, high = self.interval_95
        slope = f"{self.steps_per_c:+.1f} ± {self.steps_per_c_error:.1f} steps per °C"
        base = f"{slope} (95 %: {low:.1f} to {high:.1f}), from {n} runs over {self.span_c:.1f} °C."
        if self.verdict == "explains":
            return (
                f"Focus moves by {base} Runs scatter {self.scatter:.0f} steps about it, "
                f"{self.scatter_without:.0f} without it."
            )
        if self.verdict == "does not matter":
            return f"Temperature does not matter here: {base}"
        return f"Cannot tell yet whether temperature moves focus: {base} Take more runs."

    def __repr__(self) -> str:
        return f"<TemperatureModel: {self.sentence}>"

    @cached_property
    def dataset(self) -> "xarray.Dataset":
        """Runs on `run`, and on `(filter, temperature)` what the model expects of the next."""
        import xarray as xr

        names, table = self.table.filters, self.table
        grid = np.linspace(*self._range(), 13)
        bands = [[self.predict(t, name) for t in grid.tolist()] for name in names]
        both, steps = ("filter_name", "model_temperature"), {"units": "steps"}
        of_model = {
            "expected": [[p.position for p in row] for row in bands],
            "expected_low": [[p.interval_95[0] for p in row] for row in bands],
            "expected_high": [[p.interval_95[1] for p in row] for row in bands],
        }
        words = {
            "expected": "Next focus",
            "expected_low": "Next focus, lower end of 95 %",
            "expected_high": "Next focus, upper end of 95 %",
        }
        degrees = {"long_name": "Temperature", "units": "degC"}
        return xr.Dataset(
            {
                "best_position": ("run", table.position, {"long_name": "Best focus", **steps}),
                "best_position_error": ("run", table.error, {"long_name": "Its error", **steps}),
                "weight": (
                    "run",
                    self._fit.pull,
                    {"long_name": "How much the run counts", "units": "1"},
                ),
                **{
                    k: (both, np.array(v), {"long_name": words[k], **steps})
                    for k, v in of_model.items()
                },
            },
            {
                "temperature": ("run", table.temperature_c, degrees),
                "filter": ("run", list(table.filter)),
                "filter_name": list(names),
                "model_temperature": ("model_temperature", grid, degrees),
            },
            {"steps_per_c": self.steps_per_c, "sentence": self.sentence},
        )

    def _range(self) -> tuple[float, float]:
        known = self.table.temperature_c[np.isfinite(self.table.temperature_c)]
        return (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)

    def _row(self, temperature_c: float | None, filter: str | None) -> FloatArray:
        names = self.table.filters
        name = self.filter_offsets.reference if filter is None else filter
        if name not in names:
            raise OptionsError(
                f"No run was made with the filter {name!r}; there are {', '.join(names)}.", "filter"
            )
        row = np.zeros(len(names) + self.has_temperature)
        row[names.index(name)] = 1
        if self.has_temperature:
            if temperature_c is None:
                raise OptionsError("The model needs a temperature (temperature_c).")
            row[-1] = temperature_c - self._mean_c
        return row

    def _known(self, temperature_c: float | None, filter: str | None) -> Mixture:
        return self._fit.combination(self._row(temperature_c, filter))

    def _next(self, temperature_c: float | None, filter: str | None, error: float) -> Mixture:
        return self._fit.next_run(self._row(temperature_c, filter), error)
