"""What the say line of a sequence says: a pure function of the night and the panel's state."""

from dataclasses import dataclass

from focusbench.engine import Activity
from focusbench.sequence import FocusRun, NightProgress
from focusbench.widgets.say_line import SayLine
from focusbench.widgets.wording import clock, count, duration, position


@dataclass(frozen=True)
class NightState:
    """What a sequence panel knows besides the night itself.

    Attributes
    ----------
    running : bool
        It goes on, paused or not.
    pausing, stopping, ending : bool
        Pause was pressed and a frame is still being taken; the frame being taken is to be the
        last; Stop was pressed and is being done.
    closing : bool
        A focus run is over, and the close delay goes on.
    attached : bool
        It was started by another panel, or from another page.
    now_s : float, seconds
        Unix time on the rig's clock.
    folder : str
        Where it is kept; empty where it is not.
    trouble : str
        Why the last button did nothing, or why the night broke off.
    """

    running: bool = False
    pausing: bool = False
    stopping: bool = False
    ending: bool = False
    closing: bool = False
    attached: bool = False
    now_s: float = 0.0
    folder: str = ""
    trouble: str = ""


def say_night(
    night: NightProgress, activity: Activity, state: NightState, focusing: str = ""
) -> SayLine:
    """What goes on, in a line of what happens and a line of what comes next.

    `focusing` is what the focus run that is going on does, in a sentence.
    """
    if state.trouble and not state.running:
        return SayLine("✕", state.trouble, _what_is_there(night, state))
    if not state.running:
        return _say_over(night, state)
    first, second = _doing(night, activity, state, focusing), _coming(night, state)
    failed = _last_failed(night)
    if failed is not None:
        kept = position(night.target_position)
        second = (
            f"Auto focus failed at {clock(failed.ended_s)}: {_no_dot(failed.diagnosis)}. Frames "
            f"are taken at the last good position, {kept}. {second}"
        )
        return SayLine("!", first, second, busy=night.phase != "paused")
    if state.attached:
        second += " This sequence was started by another panel or page."
    return SayLine("", first, second, busy=night.phase != "paused")


def frame_name(night: NightProgress, row: int) -> str:
    """The next frame of a row, as people name it: "M 33, Ha 15 of 40"."""
    one, done = night.sequence.rows[row], night.done[row]
    light = f"{one.frames.filter} " if one.frames.filter else ""
    return f"{one.target.name}, {light}{min(done + 1, one.frames.count)} of {one.frames.count}"


def expected_words(night: NightProgress, now_s: float) -> str:
    """Which focus run comes next, and when; empty where nobody can tell."""
    expected = night.expected_run
    if night.decided.held:
        return f"Next auto focus: not before the {night.decided.held}."
    if expected is None:
        return ""
    left_s = expected.time_s - now_s
    if left_s < 30:
        return f"Next auto focus: {expected.words}, before the next frame."
    return f"Next auto focus: {expected.words}, in about {roughly(left_s)}."


def roughly(seconds: float) -> str:
    """A time to come, no more exact than it can be known: "25 min", "2 h 10 min"."""
    if seconds < 90:
        return duration(10 * max(1, round(seconds / 10)))
    minutes = round(seconds / 60)
    if minutes >= 20:
        minutes = 5 * round(minutes / 5)
    hours, left = divmod(minutes, 60)
    if not hours:
        return f"{left} min"
    return f"{hours} h {left:02d} min" if left else f"{hours} h"


def frame_left_s(night: NightProgress, activity: Activity, now_s: float) -> float | None:
    """How much of the exposure of a light frame is left, seconds; None where none is going on."""
    if night.phase != "exposing" or activity.kind != "exposing" or activity.expected_s is None:
        return None
    return max(0.0, activity.since_s + activity.expected_s - now_s)


def _doing(night: NightProgress, activity: Activity, state: NightState, focusing: str) -> str:
    if night.phase == "paused":
        return "Paused." if night.paused_why == "by hand" else f"Paused. {night.paused_why}"
    if state.ending:
        return "Stopping."
    if night.phase == "focusing":
        return focusing if state.closing else f"Focusing. {focusing}".strip()
    row = night.row if night.phase == "exposing" else night.next_row
    if row is None:
        return "Getting ready."
    name, left_s = frame_name(night, row), frame_left_s(night, activity, state.now_s)
    if state.stopping:
        after = "" if left_s is None else f", in {duration(left_s)}"
        return f"Stopping after this frame{after}: {name}."
    if state.pausing:
        after = "" if left_s is None else f", in {duration(left_s)}"
        return f"Pausing after this frame{after}: {name}."
    if left_s is not None:
        exposure = night.sequence.rows[row].frames.exposure_s
        return f"{name}: exposing {exposure:g} s, {duration(left_s)} left."
    if night.phase == "exposing":
        doing = {"reading": "reading", "measuring": "measuring"}.get(activity.kind, "taking it")
        return f"{name}: {doing}."
    return f"{name}: getting ready."


def _coming(night: NightProgress, state: NightState) -> str:
    if night.phase == "paused":
        row = night.next_row
        on = "" if row is None else f" with {frame_name(night, row)}"
        return f"Resume goes on{on}. Counters of the triggers keep their values."
    left = f"{roughly(night.left_s)} of exposures left." if night.left_s > 0 else ""
    said = expected_words(night, state.now_s)
    if night.phase == "focusing":
        why = f"Why: {night.focus_words}."
        said = f"{why} Cancel focus brings the focuser back; the sequence goes on."
    return " ".join(part for part in (said, left) if part)


def _say_over(night: NightProgress, state: NightState) -> SayLine:
    if night.complete:
        runs = f"{count(len(night.runs), 'focus run')}."
        kept = f" Kept in {state.folder}." if state.folder else ""
        return SayLine("✓", f"All {sum(night.done)} frames are taken.", f"{runs}{kept}")
    there = _what_is_there(night, state)
    if night.phase == "ended":
        return SayLine("–", f"{_capital(_no_dot(night.ended_why))}.", f"{there} Go on continues.")
    if night.started_s:
        return SayLine("!", f"Broken off at {clock(night.time_s)}.", f"{there} Go on continues.")
    frames = sum(row.frames.count for row in night.sequence.rows)
    if not frames:
        return SayLine("–", "The sequence has no frames.", "Add a target with an event.")
    exposures_s = sum(row.frames.count * row.frames.exposure_s for row in night.sequence.rows)
    kept = f"Kept in {state.folder}." if state.folder else "Nothing is kept."
    return SayLine(
        "", f"Ready for {count(frames, 'frame')}, {roughly(exposures_s)} of exposures.", kept
    )


def _what_is_there(night: NightProgress, state: NightState) -> str:
    if not night.started_s:
        return ""
    total = sum(row.frames.count for row in night.sequence.rows)
    kept = f", in {state.folder}" if state.folder else ""
    return f"{sum(night.done)} of {total} frames are taken{kept}."


def _last_failed(night: NightProgress) -> FocusRun | None:
    """The last run, if it failed and nothing focused since."""
    if night.phase == "focusing" or not night.runs or night.state.failed_s is None:
        return None
    last = night.runs[-1]
    return None if last.focused or last.outcome == "CANCELLED" else last


def _no_dot(sentence: str) -> str:
    return sentence.rstrip(". ")


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
