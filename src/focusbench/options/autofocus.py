"""The options of one auto focus run, in the words of SGPro's help page."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Self

from focusbench.options.filters import FilterTable
from focusbench.options.spec import Replaceable, option, options_class

_SAMPLING = "Sampling"
_STARS = "Stars"
_CURVE = "Curve and smart focus"
_OTHER = "Backlash, darks, validation"
_FILTERS = "Filters and camera"

SGPRO_RUN: Mapping[str, Any] = MappingProxyType(
    {
        "metric": "hfr",
        "curve": "two_lines",
        "veto": False,
        "smart_focus": True,
        "max_sweeps": 3,
        "frames_per_point": 1,
        "final_approach": "direct",
        "validation_frame": True,
        "validation_tolerance_percent": 10.0,
    }
)
"""What makes a run that of SGPro's help page; the rest is the rig's (step size, exposure …).

Two lines decide, with the average of the three lowest points where they do not cross; one frame a
point; the shortest way to best focus; a validation frame within 10 %; three attempts in all.
"""


@options_class
class AutofocusOptions(Replaceable):
    """What one auto focus run does.

    Every field is checked when the options are made; a value out of bounds raises
    `~focusbench.errors.OptionsError`, which names the field, the bound and what was given.

    Examples
    --------
    >>> from focusbench import AutofocusOptions
    >>> options = AutofocusOptions(step_size=60, data_points=9, exposure_s=3)
    >>> options.replace(step_size=80).step_size
    80
    >>> options.sweep_positions(10_250)[:3]
    (10490, 10430, 10370)
    """

    # Sampling
    step_size: int = option(
        default=60,
        label="Step size",
        group=_SAMPLING,
        unit="steps",
        low=1,
        help="Focuser steps between two data points. The ends of the V-curve should read 2.5 to "
        "4 times its minimum: raise the step size where they are lower, lower it where higher.",
    )
    data_points: int = option(
        default=9,
        label="Data points",
        group=_SAMPLING,
        low=3,
        high=99,
        help="Frames in one sweep, in all. An odd number puts one at the centre; 9 is usual.",
    )
    exposure_s: float = option(
        default=3.0,
        label="Exposure",
        group=_SAMPLING,
        unit="s",
        low=0,
        low_open=True,
        high=3600,
        help="Exposure of each frame, for all filters that have none of their own. Long enough for "
        "ten stars at the ends of the sweep.",
    )
    binning: int = option(
        default=1,
        label="Binning",
        group=_SAMPLING,
        choices=((1, "1×1"), (2, "2×2"), (3, "3×3"), (4, "4×4")),
        help="Pixels added together before a frame is read. SGPro's tutorial advises 2×2; keep "
        "1×1 where a star in focus is narrower than about 4 pixels.",
    )
    frames_per_point: int = option(
        default=1,
        label="Frames a point",
        group=_SAMPLING,
        low=1,
        high=20,
        help="Frames taken and averaged at each position. More of them even out the seeing; "
        "SGPro takes one.",
    )
    # Stars
    metric: str = option(
        default="hfr",
        label="Metric",
        group=_STARS,
        choices=(
            ("hfr", "HFR"),
            ("hfr_mean_radius", "HFR, mean radius"),
            ("hfd_astap", "HFD"),
            ("fwhm", "FWHM"),
            ("hfr:photutils", "HFR by photutils"),
            ("hfd_astap:astap_cli", "HFD by ASTAP"),
        ),
        help="What is measured of the stars. HFR: the radius that holds half of a star's light. "
        "Mean radius: N.I.N.A.'s HFR, to compare with its runs. HFD: ASTAP's diameter. "
        "FWHM: for stars near focus alone. photutils, or ASTAP where it is installed: a second "
        "opinion.",
    )
    min_star_diameter_px: float = option(
        default=3.0,
        label="Min. diameter",
        group=_STARS,
        unit="px",
        low=0,
        high=200,
        help="Objects smaller than this at 1×1 are no stars (hot pixels, cosmic rays). "
        "It halves by itself at 2×2.",
    )
    crop_percent: float = option(
        default=0.0,
        label="Crop",
        group=_STARS,
        unit="%",
        low=0,
        high=90,
        help="Part of the width and of the height left out, half of it on each side: 5 % of "
        "800×600 drops 20 px left and right, 15 px top and bottom.",
    )
    min_stars: int = option(
        default=5,
        label="Min. stars",
        group=_STARS,
        low=1,
        high=1000,
        help="A frame with fewer stars than this is not used.",
    )
    # Curve and smart focus
    curve: str = option(
        default="auto",
        label="Curve",
        group=_CURVE,
        choices=(
            ("auto", "Auto"),
            ("two_lines", "Two lines"),
            ("parabola", "Parabola"),
            ("hyperbola", "Hyperbola"),
        ),
        help="Which curve decides. All are fitted and shown. Auto: the estimator whose error bar "
        "was tested. Two lines: SGPro. Parabola: SGPro 3.1, with its quality gate.",
    )
    veto: bool = option(
        default=True,
        label="Veto of auto",
        group=_CURVE,
        help="Another curve than auto may decide only where auto, too, sees a minimum. Off: that "
        "curve decides alone, as in SGPro, even where it was laid through noise.",
    )
    min_quality: float = option(
        default=0.90,
        label="Min. quality",
        group=_CURVE,
        low=0,
        high=1,
        help="Smallest R², from 0 to 1, at which the parabola may decide (SGPro's gate is 0.90). "
        "No other curve is judged by R².",
    )
    smart_focus: bool = option(
        default=True,
        label="Smart focus",
        group=_CURVE,
        help="Go on past the planned points, or start over around the lowest one, until the "
        "minimum has points on both sides. Off: exactly the data points asked for.",
    )
    max_sweeps: int = option(
        default=3,
        label="Sweeps",
        group=_CURVE,
        low=1,
        high=10,
        help="How often a run may start over around a better centre, the first sweep included.",
    )
    max_travel: int | None = option(
        default=None,
        label="Max. travel",
        group=_CURVE,
        unit="steps",
        kind=int,
        low=1,
        help="No move goes further than this from where the run began, overshoot included. "
        "Empty: twice the length of a sweep (2 × data points × step size).",
    )
    zone_tolerance: float = option(
        default=0.05,
        label="Zone",
        group=_CURVE,
        low=0,
        low_open=True,
        high=0.5,
        help="The zone of good focus is where the curve lies within this share of its minimum: "
        "0.05 is 5 %.",
    )
    # Backlash, darks, validation
    backlash: int = option(
        default=0,
        label="Backlash",
        group=_OTHER,
        unit="steps",
        low=0,
        high=100_000,
        help="How far a move overshoots before it comes back, when it would otherwise end in the "
        "wrong direction. A little too much does no harm.",
    )
    final_move: str = option(
        default="in",
        label="Final move",
        group=_OTHER,
        choices=(("in", "In"), ("out", "Out")),
        help="The direction in which every move ends that is compensated for backlash; without "
        "backlash it changes nothing. In is right for this sweep, which steps inward.",
    )
    final_approach: str = option(
        default="as_sampled",
        label="Final approach",
        group=_OTHER,
        choices=(("as_sampled", "As sampled"), ("direct", "Direct")),
        help="As sampled: best focus is approached from outside, as every point was, so that "
        "even unknown backlash does no harm. Direct: the shortest way (SGPro).",
    )
    settle_s: float = option(
        default=0.0,
        label="Settle time",
        group=_OTHER,
        unit="s",
        low=0,
        high=120,
        help="Pause between a move and the exposure after it.",
    )
    validation_frame: bool = option(
        default=True,
        label="Validation frame",
        group=_OTHER,
        help="Take one more frame at best focus and compare it with the curve.",
    )
    validation_tolerance_percent: float = option(
        default=10.0,
        label="Tolerance",
        group=_OTHER,
        unit="%",
        low=0,
        low_open=True,
        high=100,
        help="A validation frame further than this from the expected value, above or below, "
        "is a warning. Nothing is undone.",
    )

    dark_folder: str | None = option(
        default=None,
        label="Darks",
        group=_OTHER,
        kind=str,
        help="Folder of darks named <seconds>_<name>, such as 15_dark.fits. The one nearest in "
        "exposure, at most 2 s off, is subtracted before stars are measured. Empty: none.",
    )
    close_delay_s: float = option(
        default=0.0,
        label="Close delay",
        group=_OTHER,
        unit="s",
        low=0,
        high=3600,
        help="In a sequence: how long the next frame waits after a run, for Run again or Cancel. "
        "0: not at all.",
    )
    # Filters and camera
    filters: FilterTable = option(
        default=FilterTable(),
        label="Filters",
        group=_FILTERS,
        help="Exposure and focus point of each filter: L 3 s @ 10250, Ha 30 s @ 10310. A filter "
        "without an exposure gets the common one. Focus points are used as differences only.",
    )
    focus_filter: str | None = option(
        default=None,
        label="Focus with",
        group=_FILTERS,
        kind=str,
        help="Filter that every run is made with. Empty: the filter that is in the beam, which "
        "is the better way where it has enough stars.",
    )
    adjust_focus_per_filter: bool = option(
        default=False,
        label="Adjust per filter",
        group=_FILTERS,
        help="Move the focuser by the difference of the focus points when the filter changes: in "
        "a sequence, and before and after a run with a chosen filter.",
    )
    gain: int | None = option(
        default=None,
        label="Gain",
        group=_FILTERS,
        kind=int,
        low=0,
        high=1_000_000,
        help="Gain of focus frames, in the driver's own numbers. Empty: as the camera is set.",
    )
    fast_download: bool = option(
        default=False,
        label="Fast download",
        group=_FILTERS,
        help="Read focus frames in the camera's fast mode, where it has one. It may add noise: "
        "try it, and watch the metric.",
    )

    @classmethod
    def as_sgpro(cls, **changes: Any) -> Self:
        """Make the options of SGPro's run, to the letter of its help page.

        Examples
        --------
        >>> AutofocusOptions.as_sgpro(step_size=25).curve
        'two_lines'
        """
        return cls(**{**SGPRO_RUN, **changes})

    @property
    def travel_limit(self) -> int:
        """Furthest that any move may go from the start, steps."""
        return self.max_travel or 2 * self.data_points * self.step_size

    def exposure_for(self, filter: str | None) -> float:
        """Exposure of a focus frame through a filter, or without any, seconds."""
        row = self.filters.get(filter) if filter is not None else None
        return self.exposure_s if row is None or row.exposure_s is None else row.exposure_s

    def focus_shift(self, current: str | None, target: str | None) -> int | None:
        """How far the focuser moves when the filter changes from one to another, steps.

        `focus_point[target] − focus_point[current]`; 0 where filters are not adjusted for or are
        the same; None where they should be, but a focus point is not known.
        """
        if not self.adjust_focus_per_filter or current == target:
            return 0
        rows = [self.filters.get(name or "") for name in (current, target)]
        points = [row.focus_point for row in rows if row is not None]
        if len(points) < 2 or points[0] is None or points[1] is None:
            return None
        return points[1] - points[0]

    def sweep_positions(self, centre: int) -> tuple[int, ...]:
        """Positions of one sweep around `centre`, in the order taken: outermost first.

        SGPro's help: move out by (points × step) / 2, then step in. Its examples show that the
        division is a whole one: (1000, 3, 10) gives 1010, 1000, 990.
        """
        first = centre + (self.data_points // 2) * self.step_size
        return tuple(first - i * self.step_size for i in range(self.data_points))
