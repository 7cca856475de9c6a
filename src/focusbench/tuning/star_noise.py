"""What becomes of the stars of a frame at another exposure: their number and their scatter."""

import math

import numpy as np
from numpy.typing import NDArray

from focusbench.errors import MeasurementError
from focusbench.stars import FAINTEST_SNR, MOST_STARS, Measurement, weights_of
from focusbench.tuning.sensor_noise import SensorNoise

_PER_NOISE = np.geomspace(0.3, 6.0, 25)
_USUAL_PER_NOISE = 1.5
_PEAK = 0.375
"""Density in the middle of Student's t with 4 degrees of freedom and scale 1."""

_Numbers = NDArray[np.float64]


class StarsAtExposure:
    """The stars of one frame, and what becomes of them at another exposure.

    Parameters
    ----------
    measured : Measurement
    noise : SensorNoise
        Of the frame before it was binned.
    factor : int
        By which it was binned, as means over squares.
    metric : str

    Raises
    ------
    MeasurementError
        One star alone: nothing tells how it scatters.
    """

    def __init__(self, measured: Measurement, noise: SensorNoise, factor: int, metric: str) -> None:
        if measured.error is None or not measured.error > 0:
            raise MeasurementError(
                "One star does not tell how surely it is measured; give a frame with several."
            )
        self.value_px = measured.value
        self._noise = noise
        stars = measured.stars
        stars = stars[stars["used"] | (stars["reason"] == "too faint")]
        known = np.isfinite(stars["snr"]) & (stars["snr"] > 0) & (stars["flux"] > 0)
        stars = stars[known]
        # Means over squares: a square's numbers stand for factor² as many electrons.
        gain = noise.gain_e_per_adu * factor**2
        self._flux_e: _Numbers = stars["flux"] * gain
        # flux / snr is the noise of the sky under the star.
        self._under_e2: _Numbers = (self._flux_e / stars["snr"]) ** 2
        variance = noise.sky_e + noise.read_noise_e**2
        self._sky_share = noise.sky_e / variance if variance > 0 else 1.0
        self._peak_adu: _Numbers = stars["peak"]
        self._used: NDArray[np.bool_] = stars["used"]
        self._n_saturated = int(measured.stars["saturated"].sum())
        sizes = stars[metric.partition(":")[0]]
        off = sizes[self._used] / measured.value - 1.0
        snr = self._flux_e / np.sqrt(self._flux_e + self._under_e2)
        self._own, self._per_noise = star_scatter(off, snr[self._used])

    def relative_error(self, scale: float) -> float:
        """Standard error of the frame's value at `scale` times the exposure, as a share.

        √Σw² / (2·Σ w·f): of a median with weights w, f the densities of the values at the median.
        Infinite without stars.
        """
        counted = self._counted(scale)
        if not counted.any():
            return math.inf
        flux, under = scale * self._flux_e[counted], self._noise_e2(scale)[counted]
        weights = weights_of(flux / np.sqrt(under))
        spread = np.hypot(self._own, self._per_noise * np.sqrt(flux + under) / flux)
        return float(math.sqrt((weights**2).sum()) / (2.0 * _PEAK * (weights / spread).sum()))

    def n_stars(self, scale: float) -> int:
        """Stars that are used."""
        return int(self._counted(scale).sum())

    def n_full(self, scale: float) -> int:
        """Stars whose brightest pixel is full; of those full now, nothing tells when not."""
        return int((self._full(scale) & self._used).sum()) + (scale >= 1) * self._n_saturated

    def _full(self, scale: float) -> NDArray[np.bool_]:
        noise = self._noise
        light = scale * (self._peak_adu + noise.sky_e / noise.gain_e_per_adu)
        full: NDArray[np.bool_] = noise.bias_adu + light >= noise.full_adu
        return full

    def _noise_e2(self, scale: float) -> _Numbers:
        """Variance of the sky under each star, electrons²."""
        return self._under_e2 * (scale * self._sky_share + 1.0 - self._sky_share)

    def _counted(self, scale: float) -> NDArray[np.bool_]:
        snr = scale * self._flux_e / np.sqrt(self._noise_e2(scale))
        counted: NDArray[np.bool_] = (snr > FAINTEST_SNR) & ~self._full(scale)
        if scale == 1:
            counted &= self._used
        if counted.sum() > MOST_STARS:
            counted &= snr >= np.sort(snr)[-MOST_STARS]
        return counted


def star_scatter(off: _Numbers, snr: _Numbers) -> tuple[float, float]:
    """How stars scatter about the frame's value, as shares of it: √(own² + (per_noise / snr)²).

    The likeliest of a grid of own / per_noise, under Student's t with 4 degrees of freedom, which
    a blend among the stars does not move; it is the scale of that. Before anything is seen the
    ratio is taken for 1/100, within a factor 3.

    Parameters
    ----------
    off : array, shape (n,)
        What each star's size is off the frame's value, as a share of it.
    snr : array, shape (n,)
        Signal to noise of the star, its own photons among the noise.

    Returns
    -------
    own : float
        By how much stars differ (tilt, coma, colour, blends).
    per_noise : float
        1 to 2.3 for half-flux radii.
    """
    best = -math.inf, 0.0, 0.0
    for ratio in np.geomspace(1 / 2000, 1 / 20, 15):
        unit = np.hypot(ratio, 1.0 / snr)
        for per_noise in _PER_NOISE:
            spread = per_noise * unit
            likely = float(-np.log(spread).sum() - 2.5 * np.log1p((off / spread) ** 2 / 4.0).sum())
            likely -= 0.5 * (math.log(100 * ratio) / math.log(3)) ** 2
            likely -= 0.5 * (math.log(per_noise / _USUAL_PER_NOISE) / math.log(2)) ** 2
            if likely > best[0]:
                best = likely, ratio * per_noise, per_noise
    return best[1], best[2]
