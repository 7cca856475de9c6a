"""What the say line says: pure functions of the run, its activity and the panel's state."""

import dataclasses
from dataclasses import dataclass, field
from typing import Literal

from focusbench.curve import Outcome
from focusbench.engine import Activity, RunProgress, RunRecord
from focusbench.options import AutofocusOptions
from focusbench.widgets.forecast import planned_points, seconds_left
from focusbench.widgets.wording import about, count, duration, plus_minus, position

Sign = Literal["", "✓", "!", "✕", "–"]

PREPARING = "preparing the star measurement, which takes up to half a minute once per computer"

ROUGH_FOCUS = (
    "Focus roughly by hand first; auto focus keeps focus, it does not find it from far away."
)

FURTHER = "Focus roughly by hand, or allow a larger max. travel."


@dataclass(frozen=True)
class PanelState:
    """What a panel knows besides the run itself.

    Attributes
    ----------
    running, cancelling : bool
        A run, or a move back after one, is going on; Cancel was pressed in it.
    attached : bool
        The run was started by another panel, or from another page.
    position, return_position : int or None, steps
        Where the focuser is now, and where Cancel takes it.
    last_best : float or None, steps
    now_s : float, seconds
        Unix time on the rig's clock.
    options : AutofocusOptions
        What the form holds: the options of the next run.
    trouble : str
        Why the last button did nothing, or what broke unexpectedly.
    notes : tuple of str
        Fields whose text is not in force ("Step size is still 60.").
    obstacles : tuple of str
        Why a run would fail as things are, and what helps.
    """

    running: bool = False
    cancelling: bool = False
    attached: bool = False
    position: int | None = None
    return_position: int | None = None
    last_best: float | None = None
    now_s: float = 0.0
    options: AutofocusOptions = field(default_factory=AutofocusOptions)
    trouble: str = ""
    notes: tuple[str, ...] = ()
    obstacles: tuple[str, ...] = ()


@dataclass(frozen=True)
class SayLine:
    """One sentence in one place: what happened, and below it the evidence and what to do."""

    sign: Sign
    first: str
    second: str
    busy: bool = False


def say(progress: RunProgress, activity: Activity, state: PanelState) -> SayLine:
    """Say what is going on, or what came of it."""
    if state.running:
        line = _say_running(progress, activity, state)
        line = dataclasses.replace(line, busy=True)
    elif state.trouble:
        line = SayLine("✕", "That did not work.", state.trouble)
    elif progress.record is not None:
        line = _say_finished(progress, progress.record, state)
    else:
        line = _say_ready(state)
    if state.notes:
        line = SayLine(line.sign, line.first, _join(*state.notes, line.second), line.busy)
    return line


# ---------------------------------------------------------------------------------- before a run


def _say_ready(state: PanelState) -> SayLine:
    if state.obstacles:
        return SayLine("✕", "Not ready: a run would fail.", " ".join(state.obstacles))
    if state.last_best is None or state.position is None:
        return SayLine("", "Ready.", ROUGH_FOCUS)
    sweep = state.options.sweep_positions(state.position)
    return SayLine(
        "",
        "Ready.",
        f"Run starts at {sweep[0]} and steps in to {sweep[-1]}. "
        f"Last focus: {position(state.last_best)}.",
    )


# ---------------------------------------------------------------------------------- during a run


def _say_running(progress: RunProgress, activity: Activity, state: PanelState) -> SayLine:
    home = progress.return_position if progress.record is None else state.return_position
    home = state.return_position if home is None else home
    if state.cancelling or progress.record is not None:
        first = "Cancelling."
        if home is not None:
            first = f"Cancelling: the focuser goes back to {home}."
        waiting = activity.kind in ("exposing", "reading")
        return SayLine("–", first, "Waiting for the camera to stop." if waiting else _now(state))
    if progress.phase == "idle":
        return SayLine("", "Getting ready.", "The first frame may wait a moment.")
    if progress.phase == "going home":
        return SayLine("", f"The focuser goes back to {home}.", _now(state))
    second = ""
    left = seconds_left(progress, state.now_s)
    if left is not None and left >= 1:
        second = f"About {about(left)} left."
    if home is not None:
        second = _join(second, f"Cancel brings the focuser back to {home}.")
    if state.attached and progress.started_s is not None:
        ago = about(max(0.0, state.now_s - progress.started_s))
        second = _join(second, f"This run was started {ago} ago, by another panel or page.")
    doing = _doing(progress, activity, state)
    if progress.warnings:
        return SayLine("!", doing, _join(_ended(progress.warnings[-1]), second))
    return SayLine("", doing, second)


def _doing(progress: RunProgress, activity: Activity, state: PanelState) -> str:
    current = progress.current
    if activity.kind == "turning":
        return "The filter wheel turns."
    if current is None:
        best = progress.best
        if progress.phase == "moving" and best is not None and best.best_position is not None:
            return f"Going to best focus, {position(best.best_position)}."
        taken, planned = len(progress.points), planned_points(progress)
        if progress.phase == "sweeping" and taken < planned:
            return f"{taken} of {planned} points taken." if taken else "Getting ready."
        return "Fitting the curve."
    validation = current.role == "validation"
    name = "Validation frame" if validation else f"Point {current.number} of {current.planned}"
    if activity.kind == "exposing":
        doing = f"{name}: exposing at {current.position}{_exposed(activity, state)}."
    elif activity.kind in ("reading", "measuring"):
        doing = f"{name}: {activity.kind}."
    elif activity.kind == "preparing":
        doing = f"{name}: {PREPARING}."
    elif activity.kind == "settling":
        doing = f"{name}: settling at {current.position}."
    elif activity.kind == "moving" and validation:
        doing = f"Going to {current.position} for the validation frame."
    elif activity.kind == "moving":
        now = "" if state.position is None else f", now {state.position}"
        doing = f"{name}: moving to {activity.position}{now}."
    else:
        doing = f"{name}."
    if validation:
        return doing
    if current.role == "extension" and progress.extension:
        return f"{progress.extension} {doing}"
    if progress.sweep and not progress.sweep_points and progress.positions:
        around = (progress.positions[0] + progress.positions[-1]) / 2
        sweeps = progress.options.max_sweeps if progress.options else progress.sweep + 1
        return (
            f"No minimum yet: starting over around {position(around)}, "
            f"attempt {progress.sweep + 1} of {sweeps}."
        )
    return doing


def _exposed(activity: Activity, state: PanelState) -> str:
    if activity.expected_s is None:
        return ""
    elapsed = min(max(0.0, state.now_s - activity.since_s), activity.expected_s)
    if activity.expected_s < 1:
        return f", {activity.expected_s:g} s"
    return f", {elapsed:.1f} of {activity.expected_s:g} s"


def _now(state: PanelState) -> str:
    return "" if state.position is None else f"It is at {state.position} now."


# ----------------------------------------------------------------------------------- after a run


def _say_finished(progress: RunProgress, record: RunRecord, state: PanelState) -> SayLine:
    if progress.dismissed:
        there = state.position
        back = there is None or abs(there - record.return_position) <= 2
        where = f"back at {record.return_position}" if back else f"at {there}"
        found = (
            f"The run had focused at {position(record.best_position or 0)}."
            if record.focused
            else ""
        )
        return SayLine("–", f"Undone. The focuser is {where}.", _join(found, _taken(record)))
    if record.outcome is Outcome.FOCUSED:
        return _say_focused(record)
    home = _home(record)
    reason = _reason(record)
    match record.outcome:
        case Outcome.LOWEST_POINTS:
            best = position(record.best_position or 0)
            return SayLine(
                "!",
                f"No fit. Moved to {best}, the average of the three lowest points.",
                _join(record.best.diagnosis if record.best else "", _goes_back(record)),
            )
        case Outcome.CANCELLED:
            if record.final_position == record.return_position:
                return SayLine("–", f"Cancelled. {home}", _taken(record))
            return SayLine("–", "Cancelled.", _join(reason, _taken(record)))
        case Outcome.NOT_FOCUSED:
            return SayLine("✕", f"Not focused. {home}", reason)
        case Outcome.LOST:
            return SayLine("✕", f"Not focused: gave up. {home}", _join(_capital(reason), FURTHER))
    first, _, rest = reason.partition(". ")
    return SayLine("✕", f"{first.rstrip('.')}.", _join(rest, _taken(record)))


def _say_focused(record: RunRecord) -> SayLine:
    best, zone, error = record.best, None, record.best_position_error
    zone = best.zone if best else None
    at = f"Focused at {position(record.best_position or 0)}"
    with_error = at if error is None else f"{at}, {plus_minus(error)} steps"
    check = record.validation
    if check is not None and check.passed is False:
        return SayLine("!", f"{at}, but the validation frame disagrees.", _disagrees(record))
    if error is not None and zone is not None and error > zone:
        points = record.options.data_points + 2
        return SayLine(
            "!",
            f"{with_error}: wider than the zone of good focus, {plus_minus(zone)}.",
            _join(f"Run again, or use {points} points.", _goes_back(record)),
        )
    evidence = ""
    if error is not None and zone is not None:
        well = "Well inside" if error <= zone / 2 else "Inside"
        evidence = f"{well} the zone of good focus, {plus_minus(zone)}."
    if check is not None and check.passed and check.metric is not None:
        evidence = _join(
            evidence,
            f"The validation frame agrees: {check.metric:.2f} px, expected {check.expected:.2f}.",
        )
    elif check is not None:
        evidence = _join(evidence, "The validation frame could not be measured.")
    if record.warnings:
        # What a person should know must not hide behind a tick.
        n = len(record.warnings)
        what = "a warning" if n == 1 else f"{n} warnings"
        second = _join(_ended(record.warnings[-1]), evidence, _goes_back(record))
        return SayLine("!", f"{with_error}, with {what}.", second)
    return SayLine("✓", f"{with_error}.", _join(evidence, _goes_back(record)))


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


def _disagrees(record: RunRecord) -> str:
    """The run's own warning, so that the panel and the record name the same cause."""
    return next((w for w in record.warnings if is_validation_warning(w)), "Nothing was undone.")


def is_validation_warning(warning: str) -> bool:
    """Whether a warning of a run is about its validation frame."""
    return warning.startswith("The validation frame ")


def is_no_fit_warning(warning: str) -> bool:
    """Whether a warning says that the average of the lowest points was taken."""
    return warning.startswith("No fit.")


def _home(record: RunRecord) -> str:
    if record.final_position is None:
        return "Where the focuser is could not be found out."
    back = "back " if record.final_position == record.return_position else ""
    return f"The focuser is {back}at {record.final_position}."


def _goes_back(record: RunRecord) -> str:
    return f"Cancel goes back to {record.return_position}."


def _taken(record: RunRecord) -> str:
    n, took = len(record.points), duration(record.duration_s)
    if not n:
        return f"No point was taken in {took}."
    saved = " and saved" if record.package_path else ""
    return f"{count(n, 'point')} {'was' if n == 1 else 'were'} taken{saved} in {took}."


def _reason(record: RunRecord) -> str:
    """The diagnosis without the words that the first line says anyway."""
    return record.diagnosis.removeprefix("Cancelled.").removeprefix("Not focused:").strip()


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _join(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)
