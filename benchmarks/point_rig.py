"""Rigs with known truth whose points come without rendering frames, for `tuning.py`.

Focuser, play, drift, clock, waiting and moves are the simulator's and the engine's own. Only the
frame and its measurement are replaced: by the half-flux radius that the renderer's optics have at
that defocus in that frame's seeing, with what the measurement of stars adds as seen on 60 rendered
frames of the same rig. None of it uses `focusbench.tuning` or `focusbench.curve`'s shapes.
"""

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
from scipy.special import j1

import focusbench as fb
from focusbench.curve import FocusPoint, Rejected
from focusbench.engine import RigSampler, RunFinished, Sample, autofocus_run
from focusbench.frames import Frame
from focusbench.simulator import Optics, SimulatedCamera, SimulatedRig, render_frame

PIXEL_UM = 3.76
CALIBRATION_FRAMES = 60
WIDEST = 6.0
"""Frames are calibrated up to so many times the minimum."""


@dataclass(frozen=True)
class RigTruth:
    """A rig of the benchmark. Backlash in good step sizes, starts in b."""

    name: str
    focal_ratio: float
    obstruction: float
    seeing_px: float
    variation: float
    step_um: float
    n_stars: int
    backlash: float
    start_sd: float = 0.3

    @property
    def b(self) -> float:
        """Width of the V in steps, roughly: half-flux radius in focus over the far slope."""
        k = math.sqrt((1 + self.obstruction**2) / 2)
        return 0.62 * self.seeing_px * 2 * self.focal_ratio * PIXEL_UM / (k * self.step_um)

    @property
    def good_step(self) -> float:
        """Step at which the ends of nine points read 2.5 times the minimum."""
        return 2.3 * self.b / 4

    @property
    def play(self) -> int:
        """Backlash, steps."""
        return round(self.backlash * self.good_step)

    def make(self, seed: int) -> SimulatedRig:
        """Make the rig."""
        span = max(30 * self.b, 2000)
        return fb.simulated_rig(
            best_focus=round(span) + 0.37,
            seed=seed,
            start=round(span),
            focal_ratio=self.focal_ratio,
            obstruction=self.obstruction,
            seeing_px=self.seeing_px,
            seeing_variation=self.variation,
            n_stars=self.n_stars,
            shape=(384, 512),
            step_um=self.step_um,
            backlash=self.play,
            focuser_speed=max(3.3 * self.b, 1.0),
            limits=(0, round(2 * span)),
            # As a share of b: a third of a zone an hour, whatever the focuser.
            focus_steps_per_c=0.1 * self.b,
            filters=None,
        )


class HalfFlux:
    """Half-flux radius against defocus, from the renderer's transfer function."""

    def __init__(self, optics: Optics, fwhm_px: float) -> None:
        self._fwhm = fwhm_px
        dk = 0.003
        k = np.arange(dk / 2, 16 / fwhm_px, dk)
        diagonal = k / math.sqrt(2)
        r = np.linspace(0.2, 9 * fwhm_px, 500)
        # Encircled energy of a star is the Hankel transform of its transfer function.
        rings = r[:, None] * j1(k * r[:, None]) * dk
        self._radius = np.linspace(0, 8 * fwhm_px, 120)
        self._hfr = np.array(
            [
                np.interp(0.5, np.maximum.accumulate(rings @ t), r)
                for t in (optics.transfer(diagonal, diagonal, d, fwhm_px) for d in self._radius)
            ]
        )

    def at(self, radius_px: float, fwhm_px: float) -> float:
        """Of a donut in that seeing: everything scales with the seeing, pixels nearly do."""
        scale = fwhm_px / self._fwhm
        return scale * float(np.interp(radius_px / scale, self._radius, self._hfr))

    def radius_at(self, ratio: float) -> float:
        """Donut at which the radius is so many times that in focus."""
        return float(np.interp(ratio, self._hfr / self._hfr[0], self._radius))


class PointRig:
    """A simulated rig with its fast truth."""

    def __init__(self, truth: RigTruth, seed: int) -> None:
        self.truth = truth
        self.rig = truth.make(seed)
        telescope = self.rig.telescope
        self.optics, self.seeing = telescope.optics, telescope.seeing
        self.half_flux = HalfFlux(self.optics, self.seeing.fwhm_px)
        self.rng = np.random.default_rng([seed, 1])
        self._calibrate(seed)

    def step_at(self, ratio: float, n_side: int) -> int:
        """Step size at which the ends read so many times the minimum."""
        radius = self.half_flux.radius_at(ratio)
        um = radius * 2 * self.optics.focal_ratio * PIXEL_UM
        return max(1, round(um / self.truth.step_um / n_side))

    def hfr(self, defocus_um: float, fwhm_px: float) -> float:
        """True half-flux radius, pixels."""
        return self.half_flux.at(self.optics.donut_radius_px(defocus_um, PIXEL_UM), fwhm_px)

    def growth(self, defocus_um: float) -> float:
        """Radius over that in focus, in usual seeing."""
        fwhm = self.seeing.fwhm_px
        return self.hfr(defocus_um, fwhm) / self.hfr(0.0, fwhm)

    def _calibrate(self, seed: int) -> None:
        """What measuring adds: bias, scatter, stated error and stars against ln growth."""
        telescope = self.rig.telescope
        widest = self.half_flux.radius_at(WIDEST) * 2 * self.optics.focal_ratio * PIXEL_UM
        rows = []
        for i, share in enumerate(np.linspace(-1, 1, CALIBRATION_FRAMES)):
            rng = np.random.default_rng([seed, 10_000_000 + i])
            fwhm, defocus = self.seeing.draw(rng), float(share * abs(share) ** 0.5 * widest)
            pixels = render_frame(
                telescope.sky,
                self.optics,
                telescope.sensor,
                defocus_um=defocus,
                fwhm_px=fwhm,
                exposure_s=3.0,
                rng=rng,
            )
            try:
                measured = fb.measure_frame(pixels)
            except fb.FocusbenchError:
                continue
            true, growth = self.hfr(defocus, fwhm), math.log(self.growth(defocus))
            error = (measured.error or math.nan) / measured.value
            rows.append((growth, math.log(measured.value / true), error, measured.n_stars))
        growth, bias, error, stars = np.array(rows).T
        known = np.isfinite(error) & (error > 0)
        self._bias = np.polyfit(growth, bias, 2)
        self._error = np.polyfit(growth[known], np.log(error[known]), 2)
        self._stars = np.polyfit(growth, np.log(stars), 2)
        left = bias - np.polyval(self._bias, growth)
        expected = np.exp(np.polyval(self._error, growth))
        self.error_factor = float(np.sqrt(np.mean(left**2) / np.mean(expected**2)))
        self._jitter = float(np.std(np.log(error[known]) - np.polyval(self._error, growth[known])))

    def measured(self, time_s: float) -> tuple[float, float, int]:
        """One frame: metric, stated error, stars."""
        defocus = self.rig.telescope.defocus_um(time_s)
        growth = min(math.log(self.growth(defocus)), math.log(WIDEST))
        true = self.hfr(defocus, self.seeing.draw(self.rng))
        error = math.exp(np.polyval(self._error, growth))
        noise = np.polyval(self._bias, growth) + self.error_factor * error * self.rng.normal()
        metric = true * math.exp(noise)
        stated = error * metric * math.exp(self._jitter * self.rng.normal())
        return metric, stated, round(math.exp(np.polyval(self._stars, growth)))

    def go_to_start(self) -> None:
        """Stand somewhere near best focus, approached inward, as a night leaves it."""
        off = self.truth.start_sd * self.truth.b * self.rng.normal()
        target = round(self.rig.true_best_focus() + off)
        for position in (target + self.truth.play + round(self.truth.b), target):
            self.rig.focuser.start_move(position)
            while self.rig.focuser.is_moving():
                self.rig.clock.sleep(1.0)

    def run(self, options: fb.AutofocusOptions) -> "Outcome":
        """One run, without frames."""
        return self._outcome(options, _PointSampler(self, options))

    def run_rendered(self, options: fb.AutofocusOptions) -> "Outcome":
        """One run through rendered frames."""
        return self._outcome(options, RigSampler(self.rig, options))

    def _outcome(self, options: fb.AutofocusOptions, sampler: RigSampler) -> "Outcome":
        self.go_to_start()
        record = None
        for event in autofocus_run(options, sampler):
            if isinstance(event, RunFinished):
                record = event.record
        now, telescope = self.rig.clock.now(), self.rig.telescope
        error = telescope.drive.drawtube(now) - self.rig.true_best_focus()
        growth = self.growth(telescope.defocus_um(now))
        return Outcome(record.focused, error, growth - 1, record.duration_s)


@dataclass(frozen=True)
class Outcome:
    """What became of one run on the rig itself."""

    focused: bool
    error: float
    penalty: float
    duration_s: float


class _PointSampler(RigSampler):
    """The engine's own sampler with a camera that delivers no pixels."""

    def __init__(self, rig: PointRig, options: fb.AutofocusOptions) -> None:
        camera = _EmptyCamera(rig.rig.telescope, rig.rig.clock, download_s=0.5)
        super().__init__(dataclasses.replace(rig.rig, camera=camera), options)
        self._points = rig

    def _measure(self, frame: Frame, position: int) -> Sample:
        metric, error, n_stars = self._points.measured(frame.time_s)
        point = FocusPoint(
            position=position, metric=metric, error=error, n_stars=n_stars, time_s=frame.time_s
        )
        if n_stars < self._options.min_stars:
            reason = f"{n_stars} stars, {self._options.min_stars} needed"
            point = dataclasses.replace(
                point, metric=math.nan, rejected=Rejected.FEW_STARS, reason=reason
            )
        return Sample(point)


class _EmptyCamera(SimulatedCamera):
    """The simulated camera in all but the pixels."""

    def read_image(self) -> Frame:
        """Fetch a frame of one pixel."""
        return Frame(pixels=np.zeros((1, 1), np.uint16))
