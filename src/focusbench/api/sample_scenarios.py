"""How each sample package is made: one trouble a run, on a small simulated sensor."""

from dataclasses import dataclass, field
from typing import Any

from focusbench.api.lesser_program import LesserProgram
from focusbench.doctor import Code


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
    lesser: LesserProgram | None = None


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
    SampleScenario(
        "late_backlash",
        "backlash",
        "110 steps of play and the shortest way to best focus: the V is good, but the last move, "
        "outward, falls short, and the validation frame shows it.",
        {**_RIG, "seed": 21, "start": 10_240, "backlash": 110},
        {**_OPTIONS, "final_approach": "direct"},
    ),
    SampleScenario(
        "only_falling",
        "edge",
        "The run began far outside focus, with smart focus off: the curve falls to its last point, "
        "and says which way to go on.",
        {**_LARGER, "n_stars": 130, "seed": 22, "start": 10_520},
        {**_OPTIONS, "exposure_s": 8, "smart_focus": False},
    ),
    SampleScenario(
        "parabola_edge",
        "edge",
        "The parabola runs through all points with an R² of 0.98, but the minimum lies at their "
        "edge: the run is refused all the same.",
        {**_RIG, "seed": 21, "start": 10_400},
        {"step_size": 45, "data_points": 9, "curve": "parabola", "smart_focus": False},
    ),
    SampleScenario(
        "below_gate",
        "outlier",
        "The parabola's R² is just below its gate of 0.90, for one bad point: the three lowest "
        "points decide. Auto leaves the point out.",
        {**_RIG, "seed": 26, "start": 10_240, "seeing_variation": 0.1, "gusts": [(12, 15.5, 2.0)]},
        {"step_size": 50, "data_points": 9, "curve": "parabola", "smart_focus": False},
    ),
    SampleScenario(
        "oversampled",
        "step_too_small",
        "Seeing of 7 pixels: the stars are wide even in focus, and the usual step size reaches "
        "ends of less than twice the minimum. Bin, or step further.",
        {**_LARGER, "seed": 22, "start": 10_240, "seeing_px": 7.0},
        _OPTIONS,
    ),
    SampleScenario(
        "hot_pixels",
        "flat",
        "A warm sensor, and a program that takes every bright pixel for a star: they are equally "
        "small in every frame. Measure the frames again to see the V.",
        {**_RIG, "seed": 21, "start": 10_240, "hot_share": 5e-3},
        {**_OPTIONS, "smart_focus": False},
        LesserProgram(radius_px=3, everything=True, specks=True),
    ),
    SampleScenario(
        "lost",
        "few_stars",
        "Measured within 5 pixels, far from focus: the curve falls the wrong way, smart focus "
        "follows it until the largest travel ends the run, back at its start.",
        {**_LARGER, "seed": 21, "start": 9_770, "obstruction": 0.5},
        {**_OPTIONS, "exposure_s": 6, "max_travel": 480},
        LesserProgram(radius_px=5),
    ),
)
