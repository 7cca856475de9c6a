"""From the record of a focus run to what a night remembers of it."""

from focusbench.curve import Outcome
from focusbench.engine import RunRecord
from focusbench.sequence.events import FocusRun
from focusbench.triggers import Trigger


def facts_of(
    record: RunRecord,
    triggers: tuple[Trigger, ...],
    words: str,
    filter: str | None,
    *,
    cancelled: bool = False,
) -> FocusRun:
    """What is remembered of a run; `cancelled`: it was sent back after its end."""
    temperatures = [p.temperature_c for p in record.points if p.temperature_c is not None]
    validated = record.validation.metric if record.validation else None
    return FocusRun(
        outcome=Outcome.CANCELLED if cancelled else record.outcome,
        diagnosis=record.diagnosis,
        started_s=record.started_s,
        ended_s=record.started_s + record.duration_s,
        triggers=triggers,
        words=words,
        start_position=record.start_position,
        final_position=record.return_position if cancelled else record.final_position,
        best_position=record.best_position,
        best_position_error=record.best_position_error,
        metric=record.expected_metric if validated is None else validated,
        temperature_c=sum(temperatures) / len(temperatures) if temperatures else None,
        filter=filter,
        package="" if record.package_path is None else str(record.package_path),
    )


def failed_run(
    error: Exception,
    began_s: float,
    now_s: float,
    triggers: tuple[Trigger, ...],
    words: str,
    filter: str | None,
) -> FocusRun:
    """A run that could not even begin."""
    return FocusRun(
        Outcome.FAILED, str(error), began_s, now_s, triggers=triggers, words=words, filter=filter
    )


def reasons_of(triggers: tuple[Trigger, ...], words: str) -> tuple[str, ...]:
    """What a run's own record says of why it was made: each trigger's words."""
    return tuple(words.split("; ")) if triggers else (words,)
