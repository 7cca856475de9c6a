"""What is seen on a bad curve, what causes it, and what to do: the table of the lessons.

The rows are those that users and developers of Sequence Generator Pro name in its forum, and some
of ours. Each that a single run can show has a sample package.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Symptom:
    """One row of the table.

    Attributes
    ----------
    see, cause, remedy : str
        In words, each without a full stop.
    sample : str
        The sample package that shows it; empty where none can.
    why_none : str
        Why no single run shows it.
    """

    see: str
    cause: str
    remedy: str
    sample: str = ""
    why_none: str = ""


SYMPTOMS = (
    Symptom(
        "a clean V, four points on a side, ends at three to four times the minimum",
        "nothing is wrong",
        "keep these settings",
        "good",
    ),
    Symptom(
        "ends below twice the minimum, a shallow bowl, a result that jumps",
        "step size too small",
        "make it half as large again, or twice",
        "step_too_small",
    ),
    Symptom(
        "ends above five times the minimum, hardly a point near the bottom",
        "step size too large",
        "divide it by the ratio of the ends, times three and a half",
        "step_too_large",
    ),
    Symptom(
        "tails that turn flat or bend down: an M",
        "donuts outgrow what the program measures",
        "a narrower range, or a measurement that reads rings whole; start near focus",
        "donut_plateau",
    ),
    Symptom(
        "one side less steep than the other, every time",
        "the drawtube slips or tilts",
        "look at the mechanics first; no fit mends them",
        "asymmetry",
    ),
    Symptom(
        "the first points are equal, then comes a V",
        "backlash at the first move inward",
        "set backlash, final move In",
        "backlash",
    ),
    Symptom(
        "a good V, but the validation frame reads far above it",
        "backlash at the last move",
        "approach best focus as the points were taken, or set backlash",
        "late_backlash",
    ),
    Symptom(
        "the result is always one step out",
        "backlash, or seeing and tracking mistaken for focus",
        "look for trailed stars in the light frames first",
        why_none="it takes many runs and a mask to compare with",
    ),
    Symptom(
        "the bottom is raised in the middle, or there is none",
        "galaxies or knots of nebula counted as stars",
        "larger minimum star diameter, or another field",
        "galaxy",
    ),
    Symptom(
        "scatter without a shape",
        "wind, or other noise in every frame",
        "wait or expose longer; look at the boxes on the stars",
        "noise",
    ),
    Symptom(
        "the number of stars collapses at the ends",
        "exposure too short, or range too wide",
        "expose longer, or a smaller step size",
        "few_stars",
    ),
    Symptom(
        "HFR high everywhere, and ends below twice the minimum",
        "stars wide in focus already: seeing, or pixels too small",
        "bin, and make the step size larger",
        "oversampled",
    ),
    Symptom(
        "the curve only falls",
        "focus lies further in",
        "smart focus, or start further in",
        "only_falling",
    ),
    Symptom(
        "the curve only rises",
        "focus lies further out",
        "start over around the lowest point, as smart focus does",
        "wrong_way",
    ),
    Symptom(
        "the parabola's R² is just below its gate",
        "noise, or one bad point",
        "leave the point out, expose longer, or let auto decide",
        "below_gate",
    ),
    Symptom(
        "an R² of 0.98, but the minimum at the edge of the points",
        "the parabola goes on where nothing was measured",
        "refuse it; points are needed on both sides",
        "parabola_edge",
    ),
    Symptom(
        "success early in the night, failures later",
        "temperature, seeing, or a galaxy in the new field",
        "temperature compensation, smart focus",
        why_none="it takes a night of runs",
    ),
    Symptom(
        "the run wandered far out of focus",
        "smart focus followed a curve that falls the wrong way",
        "a largest travel; a run without focus returns to its start",
        "lost",
    ),
    Symptom(
        "small and equal HFR everywhere",
        "hot pixels counted as stars",
        "larger minimum star diameter, darks",
        "hot_pixels",
    ),
    Symptom(
        "best HFR off the axis, edges of the field blurred",
        "curvature or tilt of the field",
        "crop",
        why_none="a frame shows it, the curve of a run does not",
    ),
    Symptom(
        "the first move goes the wrong way",
        "the focuser counts the other way round",
        "the driver's reverse setting",
        why_none="it is seen at the telescope; the curve is the same, mirrored",
    ),
    Symptom(
        "the narrowband run fails, the one in L works",
        "few stars in narrowband",
        "an exposure for each filter, or focus in L with offsets",
        why_none="it takes runs in two filters",
    ),
    # Not in the table of the forum:
    Symptom(
        "one point far above a good V",
        "a gust, or a passing aeroplane",
        "nothing, as long as it is left out",
        "outlier",
    ),
    Symptom(
        "stars vanish for some frames and come back",
        "a cloud",
        "wait, and run again",
        "cloud",
    ),
    Symptom(
        "a good V, while the temperature falls",
        "focus moves on during the run",
        "let the telescope cool down first",
        "drift",
    ),
    Symptom(
        "all points equal, wherever the focuser goes",
        "the motor runs, the drawtube does not",
        "tighten its clutch",
        "flat",
    ),
)
"""The table, in the order of the lessons."""


def symptom_of(sample: str) -> Symptom | None:
    """The row that a sample package shows; None where it shows none of its own."""
    return next((row for row in SYMPTOMS if row.sample == sample), None)
