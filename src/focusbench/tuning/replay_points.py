"""The points of a saved run, as they were measured or measured anew in another way."""

import dataclasses
import zlib
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from focusbench.af_packages import Package
from focusbench.curve import FocusPoint, Rejected
from focusbench.engine import Sample, average, measure_sample
from focusbench.errors import NotInPackage, TooFewStars
from focusbench.frames import DarkLibrary, Frame
from focusbench.stars import ensemble, weights_of
from focusbench.tuning.replay_options import Retake, options_of
from focusbench.tuning.sensor_noise import SensorNoise, sensor_noise
from focusbench.tuning.thinning import bin_frame, thin

_FROM_TABLE = {"metric", "min_star_diameter_px", "min_stars", "frames_per_point", "star_share"}
"""What can be changed with the table of stars alone."""


class ReplayPoints:
    """Gives the points of a package; what was measured once in some way is remembered.

    The numbers of the package serve where nothing changes them, else its frames, else its table of
    stars as far as that goes. Several replays may share one of these. The package stays as it is.

    Parameters
    ----------
    package : Package
    gain_e_per_adu, read_noise_e : float, optional
        For shorter exposures, where the headers of the frames do not say it.

    Attributes
    ----------
    package : Package
    options : AutofocusOptions
        Those of the run.
    """

    def __init__(
        self,
        package: Package,
        *,
        gain_e_per_adu: float | None = None,
        read_noise_e: float | None = None,
    ) -> None:
        self.package = package
        self.options = options_of(package)
        self._gain_e_per_adu, self._read_noise_e = gain_e_per_adu, read_noise_e
        self._measured: dict[tuple[object, ...], FocusPoint] = {}
        self._libraries: dict[str, DarkLibrary] = {}

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What has to be assumed of the camera for shorter exposures, one sentence each."""
        return self._camera.assumptions

    @cached_property
    def _camera(self) -> SensorNoise:
        """Gain and read noise, the same for all frames: what the first of them tells."""
        return sensor_noise(self.package.frames[0], self._gain_e_per_adu, self._read_noise_e)

    def point(self, index: int, asked: Retake) -> FocusPoint:
        """One of the package's points, with no curve's red X.

        Raises
        ------
        NotInPackage
            The package kept too little to measure it so.
        FrameError, OptionsError
            A frame is damaged; no dark fits.
        """
        key = (index, *asked.key)
        if key not in self._measured:
            self._measured[key] = self._point(index, asked)
        return self._measured[key]

    def check(self, asked: Retake) -> None:
        """See at once what would go wrong at the first point.

        Raises
        ------
        NotInPackage
            The package kept too little for this.
        OptionsError
            No such folder of darks.
        """
        if asked.options.dark_folder and "dark_folder" in asked.changed:
            self._darks(asked.options.dark_folder)
        if self._has_frames or self._has_numbers(asked):
            return
        if all(self._stands(point, asked) for point in self.package.focus_points):
            return
        if set(asked.changed) <= _FROM_TABLE and len(self.package.stars):
            if asked.options.min_star_diameter_px < self.options.min_star_diameter_px:
                raise self._lacks("min_star_diameter_px")
            return
        raise self._lacks(
            next((n for n in asked.changed if n not in _FROM_TABLE), asked.changed[0])
        )

    @property
    def _has_frames(self) -> bool:
        return len(self.package.frames) > 0

    def _has_numbers(self, asked: Retake) -> bool:
        """Whether nothing but the metric is changed, and every point has that one."""
        return asked.changed == ("metric",) and all(
            point.rejected & Rejected.FEW_STARS or asked.options.metric in point.others
            for point in self.package.focus_points
        )

    def _lacks(self, option: str) -> NotInPackage:
        return NotInPackage(
            f"{self.package.name} keeps no frames, so {option} cannot be changed; a package saved "
            'with keep="frames" can be measured anew.'
        )

    def _point(self, index: int, asked: Retake) -> FocusPoint:
        saved = self._saved(index)
        if self._stands(saved, asked):
            n_stars, needed = saved.n_stars, asked.options.min_stars
            few = n_stars is not None and n_stars < needed
            return _too_few(saved, n_stars or 0, needed) if few else saved
        frames = self.package.frames_of(index)
        if len(frames):
            samples = [
                self._remeasured(frame, index, k, asked)
                for k, frame in enumerate(frames[: asked.n_frames])
            ]
            return self._like(saved, average(samples).point)
        if self._has_numbers(asked):
            value = saved.others.get(asked.options.metric, float("nan"))
            return dataclasses.replace(saved, metric=value, error=None, scatter=None)
        if saved.rejected & Rejected.FEW_STARS and not len(self.package.stars_of(index)):
            return saved  # it could not be measured then, either
        if not (set(asked.changed) <= _FROM_TABLE and len(self.package.stars_of(index))):
            raise NotInPackage(f"{self.package.name} kept no frame of {saved.position:g}.")
        samples = [
            _from_table(self.package.stars_of(index, k), saved, asked, self._rng(index, k, asked))
            for k in range(asked.n_frames)
        ]
        return self._like(saved, average(samples).point)

    @staticmethod
    def _stands(saved: FocusPoint, asked: Retake) -> bool:
        """Whether the number that was saved is the one that is asked for."""
        if not asked.changed:
            return True
        return asked.changed == ("min_stars",) and not saved.rejected & Rejected.FEW_STARS

    def _saved(self, index: int) -> FocusPoint:
        """A point as it was before any fit."""
        point = self.package.focus_points[index]
        rejected = point.rejected & ~(Rejected.OUTLIER | Rejected.LAG)
        if rejected == point.rejected:
            return point
        return dataclasses.replace(point, rejected=rejected, reason="")

    def _remeasured(self, frame: Frame, index: int, k: int, asked: Retake) -> Sample:
        """Measure one frame: dark, fewer photons, larger pixels, fewer stars, in this order."""
        if "FULLX" in frame.header and asked.options.crop_percent:
            raise NotInPackage(
                f"{self.package.name} keeps the pixels around its stars alone, which cannot be "
                "cropped."
            )
        rng = self._rng(index, k, asked)
        if asked.options.dark_folder:
            frame = self._darks(asked.options.dark_folder).subtract(frame)
        if asked.exposure_share < 1:
            camera = self._camera
            noise = sensor_noise(frame, camera.gain_e_per_adu, camera.read_noise_e)
            frame = thin(frame, asked.exposure_share, rng, noise)
        frame = bin_frame(frame, asked.binning)
        position = self.package.focus_points[index].position
        sample = measure_sample(frame, position, asked.options)
        stars = sample.stars[0]
        if asked.star_share < 1 and stars is not None:
            return _from_table(stars, sample.point, asked, rng)
        return sample

    def _darks(self, folder: str) -> DarkLibrary:
        if folder not in self._libraries:
            self._libraries[folder] = DarkLibrary(folder)
        return self._libraries[folder]

    def _rng(self, index: int, frame: int, asked: Retake) -> np.random.Generator:
        """Draws that depend on the seed and on the frame, not on what was asked before."""
        name = zlib.crc32(self.package.name.encode())
        return np.random.default_rng([asked.seed, name, index, frame])

    def _like(self, saved: FocusPoint, found: FocusPoint) -> FocusPoint:
        """What was found, with what the package knows of its taking."""
        return dataclasses.replace(
            found,
            position=saved.position,
            time_s=saved.time_s,
            temperature_c=saved.temperature_c,
        )


def _from_table(
    stars: NDArray[np.void], saved: FocusPoint, asked: Retake, rng: np.random.Generator
) -> Sample:
    """A point from some of the stars that were measured."""
    options = asked.options
    used = stars[stars["used"]]
    used = used[used["diameter"] >= options.min_star_diameter_px / options.binning]
    if asked.star_share < 1:
        # Which ones, differs from frame to frame: what stars differ by adds to the scatter.
        used = used[rng.random(len(used)) < asked.star_share]
    metric = options.metric.partition(":")[0]
    if metric not in (stars.dtype.names or ()):
        raise NotInPackage(f"The table of stars has no {options.metric!r}; it needs the frames.")
    used = used[np.isfinite(used[metric])]
    if len(used) < max(options.min_stars, 1):
        return Sample(_too_few(saved, len(used), max(options.min_stars, 1)))
    weights = weights_of(used["snr"]) if np.isfinite(used["snr"]).all() else None
    value, scatter, error = ensemble(used[metric], weights)
    point = dataclasses.replace(
        saved,
        metric=value,
        error=error,
        scatter=scatter,
        n_stars=len(used),
        rejected=Rejected.NO,
        reason="",
        others={},
    )
    return Sample(point)


def _too_few(saved: FocusPoint, n_stars: int, needed: int) -> FocusPoint:
    return dataclasses.replace(
        saved,
        metric=float("nan"),
        error=None,
        scatter=None,
        n_stars=n_stars,
        rejected=Rejected.FEW_STARS,
        reason=str(TooFewStars(n_stars, needed)),
        others={},
    )
