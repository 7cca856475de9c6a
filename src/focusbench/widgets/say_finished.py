"""What the say line says of a run that is over: the verdict, its evidence, and what to do."""

from focusbench.curve import Outcome
from focusbench.engine import RunProgress, RunRecord
from focusbench.widgets.say_line import PanelState, SayLine, ended, join
from focusbench.widgets.wording import count, duration, plus_minus, position

FURTHER = "Focus roughly by hand, or allow a larger max. travel."


def say_finished(progress: RunProgress, record: RunRecord, state: PanelState) -> SayLine:
    """Say what came of the run."""
    if progress.dismissed:
        there = state.position
        back = there is None or abs(there - record.return_position) <= 2
        where = f"back at {record.return_position}" if back else f"at {there}"
        found = (
            f"The run had focused at {position(record.best_position or 0)}."
            if record.focused
            else ""
        )
        return SayLine("–", f"Undone. The focuser is {where}.", join(found, _taken(record)))
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
                join(record.best.diagnosis if record.best else "", _goes_back(record)),
            )
        case Outcome.CANCELLED:
            if record.final_position == record.return_position:
                return SayLine("–", f"Cancelled. {home}", _taken(record))
            return SayLine("–", "Cancelled.", join(reason, _taken(record)))
        case Outcome.NOT_FOCUSED:
            return SayLine("✕", f"Not focused. {home}", reason)
        case Outcome.LOST:
            return SayLine("✕", f"Not focused: gave up. {home}", join(_capital(reason), FURTHER))
    first, _, rest = reason.partition(". ")
    return SayLine("✕", f"{first.rstrip('.')}.", join(rest, _taken(record)))


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
            join(f"Run again, or use {points} points.", _goes_back(record)),
        )
    evidence = ""
    if error is not None and zone is not None:
        well = "Well inside" if error <= zone / 2 else "Inside"
        evidence = f"{well} the zone of good focus, {plus_minus(zone)}."
    if check is not None and check.passed and check.metric is not None:
        evidence = join(
            evidence,
            f"The validation frame agrees: {check.metric:.2f} px, expected {check.expected:.2f}.",
        )
    elif check is not None:
        evidence = join(evidence, "The validation frame could not be measured.")
    if record.warnings:
        # What a person should know must not hide behind a tick.
        n = len(record.warnings)
        what = "a warning" if n == 1 else f"{n} warnings"
        second = join(ended(record.warnings[-1]), evidence, _goes_back(record))
        return SayLine("!", f"{with_error}, with {what}.", second)
    return SayLine("✓", f"{with_error}.", join(evidence, _goes_back(record)))


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
