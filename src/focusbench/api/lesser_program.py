"""How a program measures that does not do it as we do.

Ours reads donuts whole at any size and tells galaxies from stars: it cannot show what happens to
programs that do not.
"""

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from focusbench.af_packages import PackageRecorder
from focusbench.devices import Rig, Stop
from focusbench.engine import RigSampler, RunFinished, RunRecord, Sample, autofocus_run
from focusbench.options import AutofocusOptions

BRIGHT, NEAR_PX = 8.0, 12.0
"""A speck stands so many times the noise above the sky, with no star so near, pixels."""


@dataclass(frozen=True)
class LesserProgram:
    """A measurement with faults to choose from.

    Attributes
    ----------
    radius_px : int, pixels
        A star is measured within this radius.
    everything : bool
        The mean of everything that was found, not the median of what is a star.
    specks : bool
        Every bright pixel is something that was found.

    Examples
    --------
    >>> import focusbench as fb
    >>> from focusbench.api import LesserProgram
    >>> frame = fb.open_package(fb.sample_packages()[0]).frames[0]
    >>> stars = fb.measure_frame(frame).stars
    >>> _, value, _ = LesserProgram(radius_px=3).read(frame.pixels, stars)
    >>> value < fb.measure_frame(frame).value
    True
    """

    radius_px: int
    everything: bool = False
    specks: bool = False

    def find(self, pixels: NDArray[np.generic], stars: NDArray[np.void]) -> NDArray[np.void]:
        """What it takes for stars, in a table like that of `stars`."""
        found = stars.copy()
        if self.specks:
            found = np.concatenate([found, _specks(pixels.astype(np.float64), found)])
        if self.everything:
            found["used"] = True
        return found

    def read(
        self, pixels: NDArray[np.generic], stars: NDArray[np.void]
    ) -> tuple[NDArray[np.float64], float, float]:
        """What it reads in a frame.

        Parameters
        ----------
        pixels : array, shape (n_y, n_x), ADU
        stars : structured array, shape (n_stars,)
            What was found in the frame: x, y, used.

        Returns
        -------
        hfr : float array, shape (n_stars,), pixels
            Of each star.
        value, scatter : float, pixels
            Of the frame: mean and standard deviation of everything, or median and scaled median
            deviation of the stars used.
        """
        light = pixels.astype(np.float64)
        hfr = np.array([_hfr(light, s["x"], s["y"], self.radius_px) for s in stars])
        if self.everything:
            return hfr, float(hfr.mean()), float(hfr.std(ddof=1))
        used = hfr[stars["used"]]
        value = float(np.median(used))
        return hfr, value, 1.4826 * float(np.median(np.abs(used - value)))


def run_measured_by(
    lesser: LesserProgram, rig: Rig, options: AutofocusOptions, recorder: PackageRecorder
) -> RunRecord:
    """Run auto focus with frames measured by a lesser program, and save the run."""
    record = None
    for event in autofocus_run(options, _LesserSampler(lesser, rig, options)):
        recorder.record(event)
        if isinstance(event, RunFinished):
            record = event.record
    assert record is not None
    return dataclasses.replace(record, package_path=recorder.path)


class _LesserSampler(RigSampler):
    """Takes points with the rig, and measures the stars it finds once more."""

    def __init__(self, lesser: LesserProgram, rig: Rig, options: AutofocusOptions) -> None:
        super().__init__(rig, options)
        self._lesser = lesser

    def sample(self, position: int, stop: Stop | None, then: int | None = None) -> Sample:
        """Measure again what the rig has measured."""
        sample = super().sample(position, stop, then)
        if not sample.stars or sample.stars[0] is None:
            return sample
        pixels = sample.frames[0].pixels
        stars = self._lesser.find(pixels, sample.stars[0])
        stars["hfr"], value, scatter = self._lesser.read(pixels, stars)
        n_stars = int(stars["used"].sum())
        # The median of a normal distribution scatters 1.2533 times as much as its mean.
        error = (1 if self._lesser.everything else 1.2533) * scatter / math.sqrt(n_stars)
        point = dataclasses.replace(
            sample.point, metric=value, error=error, scatter=scatter, n_stars=n_stars, others={}
        )
        return Sample(point, sample.frames, (stars,))


def _hfr(pixels: NDArray[np.float64], x: float, y: float, radius: int) -> float:
    """Radius that holds half of the light found within `radius`, pixels."""
    # A star may have its middle beyond the edge; some pixel is left of it all the same.
    row = min(round(float(y)), pixels.shape[0] - 1 + radius)
    column = min(round(float(x)), pixels.shape[1] - 1 + radius)
    top, left = max(0, row - radius), max(0, column - radius)
    box = pixels[top : row + radius + 1, left : column + radius + 1]
    rows, columns = np.indices(box.shape)
    r = np.hypot(rows + top - y, columns + left - x).ravel()
    light = np.where(r <= radius, (box - np.median(pixels)).ravel(), 0.0)
    order = np.argsort(r)
    grown = np.cumsum(light[order])
    # Half of a single pixel lies within 0.4 pixels of its middle.
    return max(float(np.interp(grown[-1] / 2, grown, r[order])), math.sqrt(0.5 / math.pi))


def _specks(pixels: NDArray[np.float64], stars: NDArray[np.void]) -> NDArray[np.void]:
    """Bright pixels with no star near them, as stars of a table."""
    from scipy.ndimage import maximum_filter

    light = pixels - np.median(pixels)
    noise = 1.4826 * np.median(np.abs(light))
    rows, columns = np.nonzero((light == maximum_filter(light, 5)) & (light > BRIGHT * noise))
    off = np.hypot(columns[:, None] - stars["x"], rows[:, None] - stars["y"])
    lonely = off.min(axis=1, initial=np.inf) > NEAR_PX
    found = np.zeros(int(lonely.sum()), stars.dtype)
    found["x"], found["y"], found["used"] = columns[lonely], rows[lonely], True
    return found
