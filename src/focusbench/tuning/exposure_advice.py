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
from focusbench.stars import measure
from focusbench.tuning.sensor_noise import SensorNoise, sensor_noise
from focusbench.tuning.star_noise import StarsAtExposure
from focusbench.tuning.thinning import bin_frame

if TYPE_CHECKING:
    import xarray

SEEING_SCATTER = 0.025
"""What the air adds to a point, as a share: the scatter of frames of a few seconds."""

ENOUGH = 0.5
"""A standard error of this part of the seeing's scatter no longer limits: it adds 12 % to it."""

SEEING_EVENS_OUT_S = 2.0
"""Seeing moves shorter exposures about by more than is assumed here (`SEEING_SCATTER`)."""

_SHORTEST, _LONGEST = 1 / 32, 32
"""Exposures looked at, as multiples of that of the frame."""
_NICE = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)
_MANY_SATURATED = 0.1
_SMALLEST_HFR_PX = 1.3
_WORTH_BINNING = 0.8
"""Larger pixels are advised where they need at most this part of the exposure."""


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
    at_least_s: float = SEEING_EVENS_OUT_S,
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
    at_least_s : float, seconds
        Shorter exposures are not advised, since seeing evens out less in them.
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
    sizes scatter by noise, and how much anyway, is seen in the frame (`star_scatter`); how much
    their weighted median does, follows. A star counts while its signal to noise is above the 12
    that star measurement asks for; those too faint now but found are among the stars of longer
    exposures, those not even found are not. In shorter exposures seeing evens out less, which is in
    no frame's error.

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
    exposures = exposures_around(taken_s, at_least_s)
    found: dict[int, StarsAtExposure] = {}
    trouble: MeasurementError | None = None
    for factor in sorted({1, *binnings}):
        try:
            measured = measure(
                bin_frame(frame, factor),
                metric=metric,
                min_star_diameter_px=min_star_diameter_px,
                crop_percent=crop_percent,
            )
            found[factor] = StarsAtExposure(measured, noise, factor, metric)
        except MeasurementError as error:
            trouble = trouble or error
    if not found:
        raise trouble or MeasurementError("No star can be measured in the frame.")
    table = _table(found, exposures, taken_s, frame.binning, min_stars)
    return _advise(table, found, noise, taken_s, wanted, at_least_s)


def exposures_around(exposure_s: float, *others_s: float) -> list[float]:
    """Round exposures from a 32nd to 32 times this one, itself, and others between, seconds."""
    low, high = _SHORTEST * exposure_s, _LONGEST * exposure_s
    decades = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 1)
    nice = {round(digit * 10.0**d, 6) for d in decades for digit in _NICE}
    return sorted({exposure_s, *(s for s in {*nice, *others_s} if low <= s <= high)})


def _table(
    found: dict[int, StarsAtExposure],
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
    found: dict[int, StarsAtExposure],
    noise: SensorNoise,
    taken_s: float,
    wanted: float,
    at_least_s: float,
) -> ExposureAdvice:
    """Choose the shortest exposure that is good enough, with the finest pixels that allow it."""
    binnings, exposures = table.binning.values, table.exposure_s.values
    fit = [
        k for k, stars in enumerate(found.values()) if k == 0 or stars.value_px >= _SMALLEST_HFR_PX
    ]
    shortest: dict[int, int] = {}
    for k in fit:
        enough = table.relative_error.values[k] <= wanted
        allowed = np.flatnonzero(enough & (exposures >= at_least_s))
        if len(allowed):
            shortest[k] = int(allowed[0])
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
            f"{seen}.{_held_back(table, chosen, at, wanted)}"
        ),
        warnings=_warnings(table, found, at),
        assumptions=noise.assumptions,
        dataset=table,
    )


def _held_back(table: "xarray.Dataset", chosen: int, at: int, wanted: float) -> str:
    """That the stars alone would allow less."""
    enough = np.flatnonzero(table.relative_error.values[chosen] <= wanted)
    if enough[0] >= at:
        return ""
    stars_s, least_s = float(table.exposure_s[enough[0]]), float(table.exposure_s[at])
    return (
        f" For the stars {stars_s:g} s would do, but seeing evens out only from {least_s:g} s on."
    )


def _warnings(
    table: "xarray.Dataset", found: dict[int, StarsAtExposure], at: int
) -> tuple[str, ...]:
    """What a person should know of the exposure advised and of larger pixels."""
    said = []
    n_full, n_stars = int(table.n_saturated[at]), int(table.n_stars[0, at])
    if n_full > _MANY_SATURATED * max(n_full + n_stars, 1):
        said.append(
            f"{n_full} stars saturate at {float(table.exposure_s[at]):g} s and would not be used; "
            "take a narrower filter or less gain."
        )
    for k, (_factor, stars) in enumerate(found.items()):
        if k and stars.value_px < _SMALLEST_HFR_PX:
            binning = int(table.binning[k])
            said.append(
                f"At {binning}×{binning} the stars' half-flux radius is "
                f"{stars.value_px:.1f} px: pixels that large do not show how sharp they are."
            )
            break
    return tuple(said)
