"""One auto focus run, as a generator of events over a sampler.

The generator touches no camera, clock or widget: it asks the `Sampler` for points, the curve room
for the decision, and yields what happened. The same generator runs at the telescope, replays a
saved package, and runs thousands of simulated nights.

The failure contract: whatever happens, there is exactly one `RunFinished`, with one sentence why
and the points taken so far. Only a run that is FOCUSED or LOWEST_POINTS leaves the focuser
elsewhere than at home; filter, gain, read-out mode and temperature compensation are always put
back. What ends how:

=========================================== =======================================================
a person cancels                            CANCELLED, home
a device refuses, times out, disconnects    FAILED, home
a move never ends                           FAILED after `MOVE_TIMEOUT_S`, halted, home is tried
the focuser stops elsewhere, slips          FAILED, home
the sweep needs a position beyond a limit   FAILED, home; nothing was forced
somebody else moves the focuser             FAILED, the focuser is left alone
a frame without stars, a black frame        its point is a red X, the run goes on
most frames without stars                   NOT_FOCUSED, home
the temperature cannot be read any more     a warning
backlash larger than there is room for      overshoot is cut, with a warning
largest travel reached, no focus            LOST, home
a watcher breaks                            logged and dropped, the run goes on
the disk is full                            a warning "not saved: why"; FAILED where a package is
                                            required
a focuser without absolute position         refused when it is connected
=========================================== =======================================================
"""

import contextlib
import logging
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Protocol, TypeVar

from focusbench.curve import BestFocus, Outcome, RigShape
from focusbench.devices import Stop
from focusbench.engine.arrival import go_to_best_focus
from focusbench.engine.events import (
    Event,
    FilterChanged,
    MoveStarted,
    RunFinished,
    RunStarted,
)
from focusbench.engine.points import RunPoints, Steps
from focusbench.engine.record import RunRecord
from focusbench.engine.sampler import Sampler
from focusbench.engine.search import Search
from focusbench.errors import FocusbenchError, FocuserTaken, RunCancelled
from focusbench.options import AutofocusOptions

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Sampling(Protocol):
    """How the points of one run are taken: smart focus, or both ways for backlash."""

    lost: str
    """Why it ended at the largest travel, in words; empty where it did not."""

    def around(self, centre: int) -> Steps:
        """Take points around a position, and fit them."""
        ...


def autofocus_run(
    options: AutofocusOptions,
    sampler: Sampler,
    *,
    stop: Stop | None = None,
    centre: int | None = None,
    return_position: int | None = None,
    rig_shape: RigShape | None = None,
    sampling: Callable[[RunPoints], Sampling] = Search,
    reasons: tuple[str, ...] = (),
) -> Generator[Event, None, RunRecord]:
    """Run auto focus once.

    Parameters
    ----------
    options : AutofocusOptions
    sampler : Sampler
        Where points come from.
    stop : Stop, optional
        Handed to the sampler; when set, the run is cancelled.
    centre : int, optional, steps
        Centre of the first sweep, in the filter that is in the beam; the position now where not
        given (Run again gives it).
    return_position : int, optional, steps
        Where a run that does not focus goes; the position now where not given.
    rig_shape : RigShape, optional
        What earlier runs tell of the rig's asymmetry.
    sampling : callable
        Makes what takes the points: `Search`, or `BothWays` to measure backlash.
    reasons : tuple of str
        Why it is made, in words.

    Yields
    ------
    Event
        In the order that `focusbench.engine.events` says; exactly one `RunFinished`, the last.

    Returns
    -------
    RunRecord

    Raises
    ------
    FocusbenchError
        The sampler cannot even say where it stands; then there was no run.

    Notes
    -----
    `RunCancelled` may be thrown in at any event; on the way home and after the end it changes
    nothing any more. Other errors never leave the generator: they become the record's outcome and
    diagnosis.
    """
    start, filters, rig = sampler.position(), _Filters.of(options, sampler), sampler.describe()
    begins, limit = start + filters.shift, options.travel_limit
    run = RunPoints(options, sampler, stop, rig_shape, (begins - limit, begins + limit))
    home = start if return_position is None else return_position
    around = start if centre is None else centre
    started_s = sampler.now()
    outcome, diagnosis, go_home, over = Outcome.FAILED, "", True, False
    try:
        try:
            yield RunStarted(options, start, home, around, started_s, rig, rig_shape, reasons)
            outcome, diagnosis = yield from _run(run, filters, around, sampling(run))
            go_home = not _stays(outcome)
        except RunCancelled:
            outcome, diagnosis = Outcome.CANCELLED, "Cancelled."
        except FocuserTaken as error:
            diagnosis, go_home = str(error), False
        except FocusbenchError as error:
            diagnosis = str(error)
        except Exception as error:
            logger.exception("Unexpected error in an auto focus run")
            diagnosis = f"Something unexpected went wrong ({type(error).__name__}: {error})."
        if go_home:
            with contextlib.suppress(FocusbenchError):
                yield MoveStarted(home, "home")
            trouble = _home(sampler, home)
            if trouble:
                outcome = Outcome.FAILED
                diagnosis += f" The focuser did not get back to {home}: {trouble}"
        trouble = _filter_back(sampler, filters)
        if trouble:
            outcome = Outcome.FAILED
            diagnosis += f" {filters.found} is not back in the beam: {trouble}"
        final_position = _quietly(sampler.position)
        for message in (*sampler.end(), *sampler.notices()):
            with contextlib.suppress(FocusbenchError):
                yield run.warn(message)
        record = RunRecord(
            outcome=outcome,
            diagnosis=f"{diagnosis}{_where(outcome, home, final_position)}".strip(),
            options=options,
            start_position=start,
            return_position=home,
            final_position=final_position,
            points=run.marked(),
            best=run.best,
            validation=run.validation,
            warnings=tuple(run.warnings),
            started_s=started_s,
            duration_s=sampler.now() - started_s,
            rig=_quietly(sampler.describe) or rig,
            filter=filters.focus,
            focus_shift=filters.shift,
            rig_shape=rig_shape,
            reasons=reasons,
        )
        over = True
        with contextlib.suppress(FocusbenchError):
            yield RunFinished(record)
        return record
    except GeneratorExit:
        # The caller walked away: nothing may be yielded any more, but the rig is left as found.
        if go_home and not over:
            _home(sampler, home)
        if not over:
            _filter_back(sampler, filters)
            sampler.end()
        raise


def _run(
    run: RunPoints, filters: "_Filters", around: int, search: Sampling
) -> Generator[Event, None, tuple[Outcome, str]]:
    """Set up, search, go to best focus; returns the outcome and its sentence."""
    run.sampler.begin(run.travel)
    if filters.change:
        yield from _change_filter(run, filters, filters.focus, filters.shift)
    yield from run.told()
    yield from search.around(around + filters.shift)
    best = run.best
    if search.lost and not run.focused:
        return Outcome.LOST, search.lost
    if best is None or best.best_position is None:
        return Outcome.NOT_FOCUSED, run.why_not()
    yield from go_to_best_focus(run, best)
    if not filters.change:
        return best.outcome, verdict(best)
    target = round(best.best_position - filters.shift)
    yield from _back_from_filter(run, filters, target)
    said = (
        f"{verdict(best)} That is in {filters.focus}; with {filters.found} it stands at {target}."
    )
    return best.outcome, said


def _stays(outcome: Outcome) -> bool:
    """Whether the focuser is left elsewhere than at home."""
    return outcome in (Outcome.FOCUSED, Outcome.LOWEST_POINTS)


@dataclass(frozen=True)
class _Filters:
    """The filter found in the beam, the one that the run is made with, and what lies between.

    `shift` is how much further out the focus filter focuses, steps; `known` is False where that
    should be taken into account but a focus point is not known.
    """

    found: str | None
    focus: str | None
    shift: int
    known: bool

    @classmethod
    def of(cls, options: AutofocusOptions, sampler: Sampler) -> "_Filters":
        found = sampler.filter()
        focus = options.focus_filter or found
        shift = options.focus_shift(found, focus)
        return cls(found, focus, shift or 0, shift is not None)

    @property
    def change(self) -> bool:
        return self.focus != self.found


def _change_filter(run: RunPoints, filters: _Filters, name: str | None, shift: int) -> Steps:
    """Turn the wheel; say what is missing where focus would be wrong afterwards."""
    assert name is not None
    run.sampler.change_filter(name, run.stop)
    yield FilterChanged(name, shift)
    if name == filters.focus and not filters.known:
        yield run.warn(
            f"The focus points of {filters.found} and {filters.focus} are not both known: "
            f"the focuser will be left where {filters.focus} focuses."
        )
    elif name == filters.focus and not run.options.adjust_focus_per_filter:
        yield run.warn(
            f"The run is made with {filters.focus}, and focus is not adjusted per filter: the "
            f"focuser will be left where {filters.focus} focuses, not {filters.found}."
        )


def _back_from_filter(run: RunPoints, filters: _Filters, target: int) -> Steps:
    """Bring the filter found back into the beam, and the focuser to where that one focuses."""
    yield from _change_filter(run, filters, filters.found, -filters.shift)
    if filters.shift:
        yield MoveStarted(target, "filter offset")
        out = run.way_out(target, shift=filters.shift) if filters.shift < 0 else None
        run.sampler.move_to(target, run.stop, via=out)
        yield from run.told()


def verdict(best: BestFocus) -> str:
    """Say best focus, its error and its yardstick; figures as fine as the error allows."""
    error, zone = best.best_position_error, best.zone
    digits = 0 if error is None or error >= 1 else 1
    position = f"{best.best_position:.{digits}f}"
    if error is not None:
        position += f" ± {error:.{digits}f}"
    if best.outcome == Outcome.LOWEST_POINTS:
        return f"No fit. The average of the lowest points is {position}."
    return f"Best focus {position} steps" + (
        "." if zone is None else f"; the zone is ± {zone:.{digits}f}."
    )


def _home(sampler: Sampler, home: int) -> str:
    """Send the focuser home, whatever state it is in; returns why it did not get there."""
    try:
        sampler.move_to(home, None)
    except Exception as error:
        logger.info("The focuser did not get home", exc_info=True)
        return str(error) or type(error).__name__
    return ""


def _filter_back(sampler: Sampler, filters: _Filters) -> str:
    """Bring the filter found back into the beam; returns why it did not get there."""
    if not filters.change or filters.found is None:
        return ""
    try:
        if sampler.filter() != filters.found:
            sampler.change_filter(filters.found, None)
    except Exception as error:
        logger.info("The filter wheel did not turn back", exc_info=True)
        return str(error) or type(error).__name__
    return ""


def _where(outcome: Outcome, home: int, final_position: int | None) -> str:
    """Say where the focuser is, where a run broke off."""
    if outcome not in (Outcome.CANCELLED, Outcome.FAILED) or final_position is None:
        return ""
    if final_position == home:
        return f" The focuser is back at {home}."
    return f" The focuser is at {final_position}, its start was {home}."


def _quietly(ask: Callable[[], T]) -> T | None:
    """What the sampler says of itself, if it still says anything."""
    try:
        return ask()
    except Exception:
        logger.info("The sampler does not answer", exc_info=True)
        return None
