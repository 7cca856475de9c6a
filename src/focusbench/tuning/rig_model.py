"""What a rig is like: its V-curve, its noise, its mechanics and its times, as draws.

A `RigDraw` is one rig that could have made the runs seen; a `RigModel` holds many of them, so
that whatever is computed from it comes with its uncertainty.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from focusbench.options import AutofocusOptions

if TYPE_CHECKING:
    import xarray

FloatArray = NDArray[np.float64]

MOST_GROWTH = float(np.log(3))
"""ln of the growth in metric from which the scatter from frame to frame falls no further."""


class RigDraw(NamedTuple):
    """One rig that could have made the runs.

    Attributes
    ----------
    minimum_px : float, pixels
        Metric in focus.
    b : float, steps
        Width of the V-curve: metric = minimum·(1 + u²)^γ·exp(κ·u|u|/(1 + u²)), u = distance / b.
    gamma, kappa : float
        Bend of the wings (½ is the hyperbola), and asymmetry.
    scatter : float
        Scatter from frame to frame in focus, as a share of the metric, beyond what the stars
        state. It falls as growth^−fading, growth being metric over minimum.
    fading : float
    star_error : float
        Standard error of a frame in focus from its own stars, as a share of the metric, at the
        reference exposure; 0 where frames state none. It grows as growth^star_error_growth.
    star_error_growth : float
    n_stars : float
        Stars in focus at the reference exposure; they fall as growth^−star_loss.
    star_loss : float
    bad_share : float
        Share of points that are spoiled (a gust, a satellite).
    lag : float, steps
        Play of the drive: approached outward, the drawtube lags so far behind.
    drift_per_min : float, steps per minute
        How best focus moves.
    start_sd : float, steps
        How far from best focus runs begin (standard deviation).
    s_per_step : float, seconds
        Of a move.
    overhead_s : float, seconds
        Of a frame, beyond its exposure: download, analysis, settling of the mount.
    """

    minimum_px: float
    b: float
    gamma: float
    kappa: float
    scatter: float
    fading: float
    star_error: float
    star_error_growth: float
    n_stars: float
    star_loss: float
    bad_share: float
    lag: float
    drift_per_min: float
    start_sd: float
    s_per_step: float
    overhead_s: float


UNITS = {
    "minimum_px": "pixels",
    "b": "steps",
    "lag": "steps",
    "drift_per_min": "steps per minute",
    "start_sd": "steps",
    "s_per_step": "s",
    "overhead_s": "s",
}


@dataclass(frozen=True, eq=False)
class RigModel:
    """A rig as learned from its runs.

    Attributes
    ----------
    draws : float array, shape (n_draws, n_parameters)
        Each row a rig that could have made the runs; columns as `RigDraw` has them.
    options : AutofocusOptions
        Those of the latest run; a study changes step size, data points and what it is asked for.
    n_runs, n_points : int
        What it was learned from.
    assumptions : tuple of str
        What the runs could not tell and was assumed, a sentence each.
    """

    draws: FloatArray = field(repr=False)
    options: AutofocusOptions = field(repr=False)
    n_runs: int
    n_points: int
    assumptions: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.draws)

    def draw(self, index: int) -> RigDraw:
        """One of the rigs, by its number."""
        return RigDraw(*self.draws[index].tolist())

    def of(self, name: str) -> FloatArray:
        """One parameter in all draws, shape (n_draws,)."""
        return self.draws[:, RigDraw._fields.index(name)]

    def typical(self, name: str) -> float:
        """Median of one parameter."""
        return float(np.median(self.of(name)))

    @property
    def exposure_s(self) -> float:
        """Exposure that stars and scatter were seen with, seconds."""
        return self.options.exposure_s

    @property
    def dataset(self) -> "xarray.Dataset":
        """The draws, one variable a parameter, on the dim `draw`."""
        import xarray

        return xarray.Dataset(
            {
                name: (
                    "draw",
                    self.of(name),
                    {"long_name": name.replace("_", " "), "units": UNITS.get(name, "1")},
                )
                for name in RigDraw._fields
            }
        )
