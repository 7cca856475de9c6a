"""How each sample package is made: one trouble a run, on a small simulated sensor."""

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from focusbench.af_packages import PackageRecorder
from focusbench.devices import Rig, Stop
from focusbench.doctor import Code
from focusbench.engine import RigSampler, RunFinished, RunRecord, Sample, autofocus_run
from focusbench.options import AutofocusOptions


@dataclass(frozen=True)
class SampleScenario:
    """How one sample is made, and what it is for.

    Attributes
    ----------
    name : str
        File name of the package, without suffix.
    finding : Code
        What the doctor has to find first.
    teaches : str
        One sentence for the index.
    rig, options : mapping
        Arguments of `simulated_rig` and `AutofocusOptions`.
    lesser : LesserProgram or None
        Who measures the frames, where it is not us.
    """

    name: str
    finding: Code
    teaches: str
    rig: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    lesser: "LesserProgram | None" = None


@dataclass(frozen=True)
class LesserProgram:
    """How a program measures that does not do it as we do.

    Ours reads donuts whole at any size and tells galaxies from stars: it cannot show what happens
    to programs that do not.

    Attributes
    ----------
    radius_px : int, pixels
        A star is measured within this radius.
    everything : bool
        The mean of everything that was found, not the median of what is a star.
    """

    radius_px: int
    everything: bool = False


# A small sensor keeps a package small; it is dense with stars to make up for it.
_PLAIN: dict[str, Any] = {"best_focus": 10_250, "filters": None}
_RIG = {**_PLAIN, "shape": (168, 224), "n_stars": 70, "sky_e_per_s": 2.0}
_LARGER = {**_PLAIN, "shape": (240, 320), "n_stars": 90}
_OPTIONS = {"step_size": 60, "data_points": 9}

SCENARIOS = (
    SampleScenario(
        "good",
        "good",
        "A clean V-curve: four points on each side, ends at three times the minimum.",
        {**_RIG, "seed": 11, "start": 10_240},
        _OPTIONS,
    ),
    SampleScenario(
        "off_centre_start",
        "good",
        "The run began three steps away from focus; smart focus went on until both sides "
        "had points.",
        {**_RIG, "seed": 12, "start": 10_430},
        _OPTIONS,
    ),
    SampleScenario(
        "step_too_small",
        "step_too_small",
        "A third of the right step size: a shallow bowl whose minimum drowns in seeing.",
        {**_RIG, "seed": 13, "start": 10_250},
        {"step_size": 20, "data_points": 9, "smart_focus": False},
    ),
    SampleScenario(
        "step_too_large",
        "step_too_large",
        "Twice the right step size: the ends read seven times the minimum, and one point alone "
        "tells where it is.",
        {**_RIG, "seed": 21, "start": 10_240},
        {"step_size": 130, "data_points": 9},
    ),
    SampleScenario(
        "backlash",
        "backlash",
        "170 steps of play that nobody compensates: the first points are all taken at the same "
        "place, and smart focus has to start over.",
        {**_RIG, "seed": 21, "start": 10_240, "backlash": 170},
        _OPTIONS,
    ),
    SampleScenario(
        "edge",
        "edge",
        "The run began too far out, with smart focus off: one point alone lies beyond the minimum.",
        {**_RIG, "seed": 21, "start": 10_450},
        {**_OPTIONS, "smart_focus": False},
    ),
    SampleScenario(
        "outlier",
        "outlier",
        "A gust shook one frame; that point stands far above the curve and is left out.",
        {**_RIG, "seed": 21, "start": 10_240, "gusts": [(12, 15.5, 2.2)]},
        _OPTIONS,
    ),
    SampleScenario(
        "noise",
        "noise",
        "A windy night: every other frame is shaken, and the points follow no curve.",
        {
            **_RIG,
            "seed": 21,
            "start": 10_240,
            "gusts": [
                (3.8 * i, 3.8 * i + 3.7, factor)
                for i, factor in enumerate((1, 2, 1, 3, 2, 1, 2.5, 1, 1.5, 1, 2))
            ],
        },
        _OPTIONS,
    ),
    SampleScenario(
        "cloud",
        "cloud",
        "A cloud took all but a thirtieth of the light for four frames in a row.",
        {**_LARGER, "sky_e_per_s": 2.0, "seed": 21, "start": 10_240, "clouds": [(10, 24, 0.03)]},
        _OPTIONS,
    ),
    SampleScenario(
        "few_stars",
        "few_stars",
        "A field with nine stars: at the ends too few are left to measure.",
        {**_RIG, "n_stars": 9, "seed": 24, "start": 10_240},
        _OPTIONS,
    ),
    SampleScenario(
        "donut_plateau",
        "donut_plateau",
        "Stars measured within 6 pixels, as a lesser program does: the rings at the ends do not "
        "fit in, and the V bends over. Measure the frames again to see the whole curve.",
        {**_LARGER, "seed": 21, "start": 10_240, "obstruction": 0.5},
        {"step_size": 70, "data_points": 11, "exposure_s": 6},
        LesserProgram(radius_px=6),
    ),
    SampleScenario(
        "asymmetry",
        "asymmetry",
        "The drawtube slips outside focus and goes half as far a step: one wing is half as steep.",
        {**_RIG, "seed": 21, "start": 10_240, "outer_travel": 0.5},
        _OPTIONS,
    ),
    SampleScenario(
        "drift",
        "drift",
        "The dome was just opened: a degree in half a minute moves focus by 80 steps.",
        {
            **_RIG,
            "seed": 21,
            "start": 10_240,
            "temperature_c_per_h": -100,
            "focus_steps_per_c": 80,
        },
        _OPTIONS,
    ),
    SampleScenario(
        "galaxy",
        "galaxy",
        "The mean of everything found, as a lesser program takes it: galaxies are plain in focus "
        "and fade out of it, so that the bottom of the V is raised. By its common stars it is a V.",
        {
            **_LARGER,
            "n_stars": 60,
            "seed": 21,
            "start": 10_240,
            "n_galaxies": 12,
            "galaxy_px": 9.0,
        },
        _OPTIONS,
        LesserProgram(radius_px=16, everything=True),
    ),
    SampleScenario(
        "wrong_way",
        "wrong_way",
        "The run began beyond focus and only got worse; smart focus turned round after five "
        "points and found it.",
        {**_RIG, "seed": 21, "start": 9_920},
        _OPTIONS,
    ),
    SampleScenario(
        "flat",
        "flat",
        "The motor runs but the drawtube is not clamped to it: every frame is the same.",
        {**_RIG, "seed": 21, "start": 10_240, "step_um": 0.001},
        {**_OPTIONS, "smart_focus": False},
    ),
)


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
        pixels = sample.frames[0].pixels.astype(float)
        stars = sample.stars[0].copy()
        if self._lesser.everything:
            stars["used"] = True
        stars["hfr"] = [_hfr(pixels, s["x"], s["y"], self._lesser.radius_px) for s in stars]
        hfr = stars["hfr"][stars["used"]]
        if self._lesser.everything:
            value, scatter = float(hfr.mean()), float(hfr.std(ddof=1))
            error = scatter / math.sqrt(len(hfr))
        else:
            value = float(np.median(hfr))
            scatter = 1.4826 * float(np.median(np.abs(hfr - value)))
            error = 1.2533 * scatter / math.sqrt(len(hfr))
        point = dataclasses.replace(
            sample.point, metric=value, error=error, scatter=scatter, n_stars=len(hfr), others={}
        )
        return Sample(point, sample.frames, (stars,))


def _hfr(pixels: NDArray[np.float64], x: float, y: float, radius: int) -> float:
    """Radius that holds half of the light found within `radius`, pixels."""
    column, row = round(float(x)), round(float(y))
    top, left = max(0, row - radius), max(0, column - radius)
    box = pixels[top : row + radius + 1, left : column + radius + 1]
    rows, columns = np.indices(box.shape)
    r = np.hypot(rows + top - y, columns + left - x).ravel()
    light = np.where(r <= radius, (box - np.median(pixels)).ravel(), 0.0)
    order = np.argsort(r)
    grown = np.cumsum(light[order])
    return float(np.interp(grown[-1] / 2, grown, r[order]))
