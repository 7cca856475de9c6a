"""The options of a night: when focus is looked after, and what a sequence does between runs."""

from focusbench.options.spec import Replaceable, option, options_class

_WHEN = "Focus when"
_HISTORY = "Image history"
_FAILED = "After a failed run"
_BETWEEN = "Between runs"
_SITE = "Site"
_ROW = "Frames"


@options_class
class TriggerOptions(Replaceable):
    """When auto focus is run in a sequence. Several triggers may be on.

    Triggers are asked between frames; an exposure is never interrupted. A run that focused, one
    made by hand too, sets the reference of every trigger.

    Examples
    --------
    >>> from focusbench import TriggerOptions
    >>> TriggerOptions(every_c=1, history="hfr").replace(every_frames=20).every_frames
    20
    """

    use_auto_focus: bool = option(
        default=True,
        label="Use auto focus",
        group=_WHEN,
        help="Off: no trigger is asked. Runs by hand still work.",
    )
    every_frames: int | None = option(
        default=None,
        label="Every",
        group=_WHEN,
        unit="frames",
        kind=int,
        low=1,
        high=10_000,
        help="Focus when so many frames were taken since the last focus. Empty: off.",
    )
    every_c: float | None = option(
        default=None,
        label="Every",
        group=_WHEN,
        unit="°C",
        kind=float,
        low=0,
        low_open=True,
        high=50,
        help="Focus when the temperature is so far from that of the last focus, warmer or colder. "
        "One of the best triggers. Empty: off.",
    )
    every_minutes: float | None = option(
        default=None,
        label="Every",
        group=_WHEN,
        unit="min",
        kind=float,
        low=0,
        low_open=True,
        high=1440,
        help="Focus when the sequence has run for so long since the last focus; a pause does not "
        "count, and the frame that is being taken is finished first. Empty: off.",
    )
    on_filter_change: bool = option(
        default=True,
        label="Filter change",
        group=_WHEN,
        help="Focus when the next frame is taken through another filter than the last focus.",
    )
    before_first_frame: bool = option(
        default=True,
        label="Before the first frame",
        group=_WHEN,
        help="Focus when a sequence starts; not when it goes on after a pause.",
    )
    on_resume: bool = option(
        default=False,
        label="On resume",
        group=_WHEN,
        help="Focus when a paused sequence goes on.",
    )
    after_centring: bool = option(
        default=False,
        label="After centring",
        group=_WHEN,
        help="Focus after an automatic centring or a meridian flip, when a mirror may have moved.",
    )
    history: str = option(
        default="off",
        label="Degrades in",
        group=_HISTORY,
        choices=(
            ("off", "Off"),
            ("hfr", "HFR"),
            ("stars", "Stars"),
            ("hfr_or_stars", "HFR or stars"),
            ("hfr_and_stars", "HFR and stars"),
        ),
        help="Focus when frames get worse than the first one after the last focus: larger HFR, "
        "fewer stars, one of them, or both at once. Only frames of one target, filter, binning "
        "and exposure (± 10 %) are compared.",
    )
    history_percent: float = option(
        default=20.0,
        label="Worse by",
        group=_HISTORY,
        unit="%",
        low=0,
        low_open=True,
        high=1000,
        help="How much larger the HFR, or how many fewer the stars.",
    )
    history_frames: int = option(
        default=2,
        label="Frames in a row",
        group=_HISTORY,
        low=1,
        high=20,
        help="How many frames, one after the other, must all be worse: a gust does not.",
    )
    history_sinking: str = option(
        default="corrected",
        label="Sinking target",
        group=_HISTORY,
        choices=(
            ("corrected", "Corrected for"),
            ("east_only", "Off in the west"),
            ("ignored", "Ignored"),
        ),
        help="HFR grows by itself as a target sinks. Corrected for: it is compared as it would be "
        "at the airmass of the baseline (HFR ∝ airmass^0.6). Off in the west: SGPro's way. "
        "Star counts are never corrected.",
    )
    history_without_baseline: bool = option(
        default=False,
        label="Focus for a baseline",
        group=_HISTORY,
        help="Focus when frames of another kind (target, filter, binning, exposure) begin that "
        "have no baseline since the last focus.",
    )
    after_failure: str = option(
        default="go_on",
        label="Then",
        group=_FAILED,
        choices=(
            ("go_on", "Go on"),
            ("retry", "Go on and run again"),
            ("stop", "Pause the sequence"),
        ),
        help="Go on: frames are taken at the last good position; triggers are asked again when "
        "the cool-down is over. And run again: then a run is made whether they are due or not. "
        "Pause: nothing is taken until somebody resumes.",
    )
    cool_down_minutes: float = option(
        default=10.0,
        label="Cool-down",
        group=_FAILED,
        unit="min",
        low=0,
        high=1440,
        help="How long no trigger starts a run after one that did not focus, so that clouds do "
        "not cost the night.",
    )


@options_class
class SequenceOptions(Replaceable):
    """What a sequence does besides frames and focus runs.

    Examples
    --------
    >>> from focusbench.options import SequenceOptions
    >>> SequenceOptions(steps_per_c=20).steps_per_c
    20.0
    """

    steps_per_c: float | None = option(
        default=None,
        label="Compensation",
        group=_BETWEEN,
        unit="steps/°C",
        kind=float,
        low=-100_000,
        high=100_000,
        help="Between runs the focuser follows the temperature: so many steps further out for "
        "each °C warmer than at the last focus. Negative: further in. Empty: it stays.",
    )
    latitude_deg: float | None = option(
        default=None,
        label="Latitude",
        group=_SITE,
        unit="°",
        kind=float,
        low=-90,
        high=90,
        help="North is positive. With the longitude and the target's coordinates it tells airmass "
        "and side of the meridian.",
    )
    longitude_deg: float | None = option(
        default=None,
        label="Longitude",
        group=_SITE,
        unit="°",
        kind=float,
        low=-180,
        high=180,
        help="East is positive.",
    )


@options_class
class TargetEvent(Replaceable):
    """One row of a target: so many frames of one kind.

    Examples
    --------
    >>> from focusbench import TargetEvent
    >>> TargetEvent(filter="Ha", exposure_s=600, count=12).count
    12
    """

    filter: str | None = option(
        default=None,
        label="Filter",
        group=_ROW,
        kind=str,
        help="Filter of these frames. Empty: the one in the beam, or none.",
    )
    exposure_s: float = option(
        default=120.0,
        label="Exposure",
        group=_ROW,
        unit="s",
        low=0,
        low_open=True,
        high=3600,
        help="Exposure of each frame.",
    )
    count: int = option(
        default=10,
        label="Frames",
        group=_ROW,
        low=1,
        high=100_000,
        help="How many frames are taken.",
    )
    binning: int = option(
        default=1,
        label="Binning",
        group=_ROW,
        choices=((1, "1×1"), (2, "2×2"), (3, "3×3"), (4, "4×4")),
        help="Pixels added together before a frame is read.",
    )
