"""What the say line says while a run goes on."""

from focusbench.engine import Activity, RunProgress
from focusbench.widgets.forecast import planned_points, seconds_left
from focusbench.widgets.say_line import PanelState, SayLine, ended, join
from focusbench.widgets.wording import about, position

PREPARING = "preparing the star measurement, which takes up to half a minute once per computer"


def say_running(progress: RunProgress, activity: Activity, state: PanelState) -> SayLine:
    """Say where the run is, how long it takes, and what Cancel would do."""
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
        second = join(second, f"Cancel brings the focuser back to {home}.")
    if state.attached and progress.started_s is not None:
        ago = about(max(0.0, state.now_s - progress.started_s))
        second = join(second, f"This run was started {ago} ago, by another panel or page.")
    doing = _doing(progress, activity, state)
    if progress.warnings:
        return SayLine("!", doing, join(ended(progress.warnings[-1]), second))
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
