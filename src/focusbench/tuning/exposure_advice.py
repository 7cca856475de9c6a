"""Which exposure and binning focus frames need, told from one of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from focusbench.errors import FrameError, MeasurementError
from focusbench.frames import Frame, read_frame
from focusbench.stars import FAINTEST_SNR, MOST_STARS, Measurement, measure, weights_of
from focusbench.tuning.sensor_noise import SensorNoise, sensor_noise
from focusbench.tuning.thinning import bin_frame

if TYPE_CHECKING:
    import xarray

SEEING_SCATTER = 0.025
"""What the air adds to a point, as a share: the scatter of frames of a few seconds."""

ENOUGH = 0.5
"""A standard error of this part of the seeing's scatter no longer limits: it adds 12 % to it."""

_SHORTEST, _LONGEST = 1 / 32, 32
"""Exposures looked at, as multiples of that of the frame."""
_NICE = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)
_PER_NOISE = np.geomspace(0.3, 6.0, 25)
_USUAL_PER_NOISE = 1.5
_MANY_SATURATED = 0.1
_SMALLEST_HFR_PX = 1.3
_WORTH_BINNING = 0.8
"""Larger pixels are advised where they need at most this part of the exposure."""

_Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class ExposureAdvice:
    """Exposure and binning for focus frames, and what they were chosen from.

    Attributes
    ----------
    exposure_s : float or None, seconds
        The shortest that is good enough; None where none up to 32 times that of the frame is.
    binning : int
        In all, what the frame had included.
    relative_error : float or None
        Standard error of the frame's value there, as a share of it.
    n_stars : int
        Stars that would be used there.
    wanted : float
        Relative error that is good enough.
    summary : str
        The advice in a sentence.
    warnings : tuple of str
        Saturation, too few stars, pixels that are too large.
    assumptions : tuple of str
        What the header does not say, and what was taken for it.
    dataset : xarray.Dataset
        `relative_error` and `n_stars` on `binning` and `exposure_s`, `n_saturated` on the latter.
    """

    exposure_s: float | None
    binning: int
    relative_error: float | None
    n_stars: int
    wanted: float
    summary: str
    warnings: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    dataset: "xarray.Dataset" = field(default=None, repr=False)  # type: ignore[assignment]


def advise_exposure(
    frame: str | Path | Frame,
    *,
    wanted: float = ENOUGH * SEEING_SCATTER,
    min_stars: int = 5,
    metric: str = "hfr",
    min_star_diameter_px: float = 3.0,
    crop_percent: float = 0.0,
    binnings: Sequence[int] = (1, 2, 4),
    gain_e_per_adu: float | None = None,
    read_noise_e: float | None = None,
) -> ExposureAdvice:
    """Advise exposure and binning from one frame.

    It holds for frames as much out of focus as this one: give one from the end of a sweep, where
    the stars' light is spread most.

    Parameters
    ----------
    frame : path or Frame
        With its exposure in the header.
    wanted : float
        Relative standard error that is good enough. Half of what seeing adds to a point anyway
        (2.5 %) where not given: then it no longer limits.
    min_stars : int
        Fewest stars that make a point.
    metric, min_star_diameter_px, crop_percent
        As in `measure_frame`.
    binnings : sequence of int
        Looked at, on top of the frame's own; 1 is its own.
    gain_e_per_adu, read_noise_e : float, optional
        Where not given, what the header says; else assumed.

    Returns
    -------
    ExposureAdvice

    Raises
    ------
    FrameError
        Not a readable frame, or one that does not tell its exposure.
    MeasurementError
        No star can be measured in it, or too few to tell their scatter.

    Notes
    -----
    Binned frames are made from the frame and measured. For each, the stars' signal to noise at
    another exposure follows from their flux, the light of the sky and the read noise. How much
    sizes scatter by noise, and how much anyway, is seen in the frame (`star_scatter`); the variance
    of their weighted median is then 2π·Σw² / (2·Σ w/σ)² (that of a median, with weights, of normal
    distributions). A star counts while its signal to noise is above the 12 that star measurement
    asks for; those too faint now but found are among the stars of longer exposures, those not even
    found are not. In shorter exposures seeing evens out less, which is in no frame's error.

    Examples
    --------
    >>> import focusbench as fb
    >>> package = fb.open_package(fb.sample_packages()[0])
    >>> advice = fb.advise_exposure(package.frames[0])
    >>> advice.binning in (1, 2, 4)
    True
    """
    if isinstance(frame, str | Path):
        frame = read_frame(frame)
    taken_s = frame.exposure_s
    if taken_s is None or taken_s <= 0:
        raise FrameError(
            f"{frame.source or 'The frame'} does not say its exposure; write EXPTIME into its "
            "header."
        )
    noise = sensor_noise(frame, gain_e_per_adu, read_noise_e)
    exposures = exposures_around(taken_s)
    found: dict[int, _Stars] = {}
    trouble: MeasurementError | None = None
    for factor in sorted({1, *binnings}):
        try:
            measured = measure(
                bin_frame(frame, factor),
                metric=metric,
                min_star_diameter_px=min_star_diameter_px,
                crop_percent=crop_percent,
            )
            found[factor] = _Stars(measured, noise, factor, metric)
        except MeasurementError as error:
            trouble = trouble or error
    if not found:
        raise trouble or MeasurementError("No star can be measured in the frame.")
    table = _table(found, exposures, taken_s, frame.binning, min_stars)
    return _advise(table, found, noise, taken_s, wanted)


def exposures_around(exposure_s: float) -> list[float]:
    """Round exposures from a 32nd to 32 times this one, and itself, seconds."""
    low, high = _SHORTEST * exposure_s, _LONGEST * exposure_s
    decades = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 1)
    nice = {round(digit * 10.0**d, 6) for d in decades for digit in _NICE}
    return sorted({exposure_s, *(s for s in nice if low <= s <= high)})


class _Stars:
    """The stars of one frame, and what becomes of them at another exposure."""

    def __init__(self, measured: Measurement, noise: SensorNoise, factor: int, metric: str) -> None:
        if measured.error is None or not measured.error > 0:
            raise MeasurementError(
                "One star does not tell how surely it is measured; give a frame with several."
            )
        self.measured, self.noise, self.factor = measured, noise, factor
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
        self.n_saturated = int(measured.stars["saturated"].sum())
        sizes = stars[metric.partition(":")[0]]
        off = sizes[self._used] / measured.value - 1.0
        snr = self._flux_e / np.sqrt(self._flux_e + self._under_e2)
        self._own, self._per_noise = star_scatter(off, snr[self._used])

    def relative_error(self, scale: float) -> float:
        """Standard error of the frame's value at `scale` times the exposure, as a share.

        Infinite without stars.
        """
        counted = self._counted(scale)
        if not counted.any():
            return math.inf
        flux, under = scale * self._flux_e[counted], self._noise_e2(scale)[counted]
        weights = weights_of(flux / np.sqrt(under))
        spread = np.hypot(self._own, self._per_noise * np.sqrt(flux + under) / flux)
        return float(math.sqrt(2 * math.pi * (weights**2).sum()) / (2.0 * (weights / spread).sum()))

    def n_stars(self, scale: float) -> int:
        """Stars that are used."""
        return int(self._counted(scale).sum())

    def n_full(self, scale: float) -> int:
        """Stars whose brightest pixel is full; of those full now, nothing tells when not."""
        return int((self._full(scale) & self._used).sum()) + (scale >= 1) * self.n_saturated

    def _full(self, scale: float) -> NDArray[np.bool_]:
        noise = self.noise
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
    a blend among the stars does not move. Before anything is seen the ratio is taken for 1/100,
    within a factor 3.

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


def _table(
    found: dict[int, _Stars],
    exposures: list[float],
    taken_s: float,
    binning: int,
    min_stars: int,
) -> "xarray.Dataset":
    import xarray

    scales = [exposure_s / taken_s for exposure_s in exposures]
    dims = ("binning", "exposure_s")

    def values(of: str) -> NDArray[np.float64]:
        return np.array([[getattr(s, of)(scale) for scale in scales] for s in found.values()])

    n_stars = values("n_stars").astype(int)
    error = np.where(n_stars >= max(min_stars, 2), values("relative_error"), np.nan)
    return xarray.Dataset(
        {
            "relative_error": (dims, error, {"long_name": "standard error, as a share"}),
            "n_stars": (dims, n_stars, {"long_name": "stars used"}),
            "n_saturated": (
                "exposure_s",
                [found[min(found)].n_full(scale) for scale in scales],
                {"long_name": "saturated stars"},
            ),
        },
        coords={
            "binning": [factor * binning for factor in found],
            "exposure_s": ("exposure_s", exposures, {"long_name": "exposure", "units": "s"}),
        },
    )


def _advise(
    table: "xarray.Dataset",
    found: dict[int, _Stars],
    noise: SensorNoise,
    taken_s: float,
    wanted: float,
) -> ExposureAdvice:
    """Choose the shortest exposure that is good enough, with the finest pixels that allow it."""
    binnings, exposures = table.binning.values, table.exposure_s.values
    fit = [
        k
        for k, stars in enumerate(found.values())
        if k == 0 or stars.measured.value >= _SMALLEST_HFR_PX
    ]
    shortest: dict[int, int] = {}
    for k in fit:
        enough = np.flatnonzero(table.relative_error.values[k] <= wanted)
        if len(enough):
            shortest[k] = int(enough[0])
    now = float(table.relative_error.sel(exposure_s=taken_s).values[0])
    seen = f"at {taken_s:g} s it is {100 * now:.1f} %" if math.isfinite(now) else "now unknown"
    if not shortest:
        return ExposureAdvice(
            exposure_s=None,
            binning=int(binnings[0]),
            relative_error=None,
            n_stars=int(table.n_stars.values[0, -1]),
            wanted=wanted,
            summary=(
                f"No exposure up to {exposures[-1]:g} s brings the error of a point down to "
                f"{100 * wanted:.2g} %; {seen}. Look for a field with more stars."
            ),
            warnings=_warnings(table, found, len(exposures) - 1),
            assumptions=noise.assumptions,
            dataset=table,
        )
    chosen = min(shortest)
    for k in sorted(shortest):
        if exposures[shortest[k]] <= _WORTH_BINNING * exposures[shortest[chosen]]:
            chosen = k
    at = shortest[chosen]
    error, n_stars = float(table.relative_error[chosen, at]), int(table.n_stars[chosen, at])
    binning = int(binnings[chosen])
    return ExposureAdvice(
        exposure_s=float(exposures[at]),
        binning=binning,
        relative_error=error,
        n_stars=n_stars,
        wanted=wanted,
        summary=(
            f"{exposures[at]:g} s at {binning}×{binning}: the error of a point is then "
            f"{100 * error:.1f} % with {n_stars} stars, and {100 * wanted:.2g} % is good enough; "
            f"{seen}."
        ),
        warnings=_warnings(table, found, at),
        assumptions=noise.assumptions,
        dataset=table,
    )


def _warnings(table: "xarray.Dataset", found: dict[int, _Stars], at: int) -> tuple[str, ...]:
    """What a person should know of the exposure advised and of larger pixels."""
    said = []
    n_full, n_stars = int(table.n_saturated[at]), int(table.n_stars[0, at])
    if n_full > _MANY_SATURATED * max(n_full + n_stars, 1):
        said.append(
            f"{n_full} stars saturate at {float(table.exposure_s[at]):g} s and would not be used; "
            "take a narrower filter or less gain."
        )
    for k, (_factor, stars) in enumerate(found.items()):
        if k and stars.measured.value < _SMALLEST_HFR_PX:
            binning = int(table.binning[k])
            said.append(
                f"At {binning}×{binning} the stars' half-flux radius is "
                f"{stars.measured.value:.1f} px: pixels that large do not show how sharp they are."
            )
            break
    return tuple(said)
