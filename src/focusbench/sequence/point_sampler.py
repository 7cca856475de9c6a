"""Focus runs on a night of points."""

import dataclasses
import math
from typing import TYPE_CHECKING

from focusbench.curve import FocusPoint, Rejected
from focusbench.devices import Stop
from focusbench.engine import Sample
from focusbench.options import AutofocusOptions

if TYPE_CHECKING:
    from focusbench.sequence.point_station import PointStation


class PointSampler:
    """Points of the V-curve from the formula: the `focusbench.engine.Sampler` of a night."""

    def __init__(self, station: "PointStation", options: AutofocusOptions) -> None:
        self._station = station
        self._options = options

    def now(self) -> float:
        """Unix time of the simulated night, seconds."""
        return self._station.now()

    def describe(self) -> dict[str, object]:
        """Name of the source."""
        return {"name": "night of points"}

    def position(self) -> int:
        """Position of the focuser now, steps."""
        return self._station.position()

    def filter(self) -> str | None:
        """Name of the filter in the beam."""
        return self._station.filter()

    def begin(self, travel: tuple[int, int]) -> None:
        """Nothing to make ready."""

    def change_filter(self, name: str, stop: Stop | None) -> None:
        """Bring a filter into the beam."""
        self._station.turn_to(name, stop)

    def move_to(self, position: int, stop: Stop | None, *, via: int | None = None) -> int:
        """Send the focuser there."""
        if via is not None:
            self._station.move_to(via, None, stop)
        self._station.move_to(position, None, stop)
        return position

    def sample(self, position: int, stop: Stop | None, then: int | None = None) -> Sample:
        """A point of the formula, as everything stands in the middle of its exposure."""
        station, options = self._station, self._options
        station.move_to(position, None, stop)
        exposed_s = options.exposure_for(station.filter()) * options.frames_per_point
        station.sleep(options.settle_s + exposed_s / 2, stop)
        hfr, n_stars, true = station.measured(options.min_stars)
        known = FocusPoint(
            position=position,
            metric=math.nan,
            n_stars=n_stars,
            time_s=station.now(),
            temperature_c=station.temperature_c(),
        )
        station.sleep(exposed_s / 2 + station.download_s, stop)
        if hfr is None:
            why = f"{n_stars} stars, {options.min_stars} needed"
            point = dataclasses.replace(known, rejected=Rejected.FEW_STARS, reason=why)
        else:
            error = station.sky.star_error * true
            point = dataclasses.replace(known, metric=hfr, error=error)
        return Sample(point)

    def notices(self) -> tuple[str, ...]:
        """Nothing to say."""
        return ()

    def end(self) -> tuple[str, ...]:
        """Nothing to put back."""
        return ()
