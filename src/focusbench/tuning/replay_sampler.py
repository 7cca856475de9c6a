"""The points of a saved run, given to the engine as a rig would."""

from collections.abc import Callable

from focusbench.af_packages import Package
from focusbench.curve import FocusPoint, Rejected
from focusbench.devices import Stop
from focusbench.engine import Event, RunRecord, Sample, autofocus_run
from focusbench.errors import FocusbenchError, NotInPackage, RunCancelled
from focusbench.options import AutofocusOptions
from focusbench.tuning.replay_clock import ReplayClock
from focusbench.tuning.replay_options import centre_of, positions_of, retake
from focusbench.tuning.replay_points import ReplayPoints


class ReplaySampler:
    """Gives the points of a saved run to the engine: the run without the rig.

    A position that the run did not sample is never guessed: `sample` raises `NotInPackage`, which
    ends the replay with that sentence. Only the validation frame may be missing, for nobody can
    have sampled a best focus that is new: then there is none, and the record says so.

    Parameters
    ----------
    points : ReplayPoints
        Those of the package; several samplers may share them.
    options : AutofocusOptions
        How the frames are measured, and how many of them.
    start : int, optional, steps
        Where the focuser stands at first; the centre of the run's first sweep where not given.
    star_share : float
        Of each frame's stars that are kept, 0 to 1: a field with fewer of them.
    seed : int
        Of the draws of photons and stars.

    Raises
    ------
    NotInPackage
        The package kept too little to measure its frames so.

    Notes
    -----
    Time passes as in the saved run (`ReplayClock`); points keep the times at which their frames
    were taken. What the drive did is in the frames: a replay cannot show other backlash
    compensation, nor the first points of a shorter sweep lagging. A shorter exposure has fewer
    photons, but the seeing of the longer one.
    """

    def __init__(
        self,
        points: ReplayPoints,
        options: AutofocusOptions,
        *,
        start: int | None = None,
        star_share: float = 1.0,
        seed: int = 0,
    ) -> None:
        self._points, self._options = points, options
        package = self._package = points.package
        self._asked, notes = retake(package, options, star_share=star_share, seed=seed)
        points.check(self._asked)
        self._notices = list(notes)
        self._told: set[str] = set()
        self._position = centre_of(package) if start is None else start
        self._arrived = False
        self._takes = _takes(package)
        self._used: set[int] = set()
        self._clock = ReplayClock.of(package, points.options)
        self._now_s = package.started_s or 0.0
        if self._clock is None:
            self._notices.append(f"{package.name} has no times: how long this takes is not known.")
        if not package.time_ordered:
            self._notices.append(
                f"{package.name} does not tell the order of its points: they are replayed inward."
            )
        self.unanswered = ""
        """Why the package could not go on answering, in words; empty where it could."""

    @property
    def knows_time(self) -> bool:
        """Whether the package tells how long things take."""
        return self._clock is not None

    def now(self) -> float:
        """Unix time on the replay's own clock, seconds."""
        return self._now_s

    def describe(self) -> dict[str, object]:
        """The rig of the saved run, and what is replayed."""
        rig = self._package.record.rig if self._package.record else {}
        return {
            **rig,
            "replay_of": str(self._package.source),
            "changed": list(self._asked.changed),
        }

    def position(self) -> int:
        """Position now, steps."""
        return self._position

    def filter(self) -> str | None:
        """Filter that the points were taken in; positions are its own."""
        return self._package.filter

    def begin(self, travel: tuple[int, int]) -> None:
        """Nothing has to be made ready."""

    def change_filter(self, name: str, stop: Stop | None) -> None:
        """A package holds one filter."""
        raise NotInPackage(f"{self._package.name} was not taken through {name}.")

    def move_to(self, position: int, stop: Stop | None, *, via: int | None = None) -> int:
        """Stand there after the time that the move takes."""
        _look_at(stop)
        for leg in (via, position):
            if leg is not None:
                self._pass_by(leg)
        self._arrived = True
        return position

    def sample(self, position: int, stop: Stop | None, then: int | None = None) -> Sample:
        """The point that was taken there; each of several in turn.

        Raises
        ------
        NotInPackage
            None was.
        """
        _look_at(stop)
        validates = self._arrived and position == self._position
        self._pass_by(position)
        self._arrived = False
        indices = self._takes.get(position, ())
        unused = [i for i in indices if i not in self._used]
        if validates and not unused:
            return Sample(_missing(position, self._package.name, fitted=bool(indices)))
        if not indices:
            raise self._not_there(position)
        if not unused:
            self._say(
                f"{self._package.name} has no second frame at {position}: an earlier one serves "
                "again."
            )
        index = (unused or indices)[0]
        self._used.add(index)
        self._spend_frame()
        try:
            point = self._points.point(index, self._asked)
        except FocusbenchError as error:
            self.unanswered = str(error)
            raise
        for assumption in self._points.assumptions if self._asked.exposure_share < 1 else ():
            self._say(assumption)
        return Sample(point)

    def notices(self) -> tuple[str, ...]:
        """What a person should know and was not told before."""
        said = tuple(self._notices)
        self._notices.clear()
        return said

    def end(self) -> tuple[str, ...]:
        """Nothing to put back."""
        return ()

    def run(
        self, *, watcher: Callable[[Event], object] | None = None, stop: Stop | None = None
    ) -> RunRecord:
        """Run the engine over these points, once.

        Parameters
        ----------
        watcher : callable, optional
            Told every event.
        stop : Stop, optional
            When set, the run is cancelled.
        """
        saved = self._package.record
        shape = saved.rig_shape if saved else None
        run = autofocus_run(self._options, self, stop=stop, rig_shape=shape)
        while True:
            try:
                event = next(run)
            except StopIteration as end:
                record: RunRecord = end.value
                return record
            if watcher is not None:
                watcher(event)

    def _not_there(self, position: int) -> NotInPackage:
        there = ", ".join(str(p) for p in positions_of(self._package)[:30])
        self.unanswered = (
            f"{self._package.name} has no frame at {position}, so it cannot say what this run "
            f"would have done; it has frames at {there}."
        )
        return NotInPackage(self.unanswered)

    def _say(self, words: str) -> None:
        if words not in self._told:
            self._told.add(words)
            self._notices.append(words)

    def _pass_by(self, position: int) -> None:
        if self._clock is not None:
            self._now_s += self._clock.step_s * abs(position - self._position)
        self._position = position

    def _spend_frame(self) -> None:
        if self._clock is None:
            return
        options, own = self._options, self._points.options
        self._now_s += (
            options.frames_per_point * options.exposure_for(self._package.filter)
            + self._clock.frame_s
            + options.settle_s
            - own.settle_s
        )


def _takes(package: Package) -> dict[int, tuple[int, ...]]:
    """Which points were taken at each position, in the order taken; the validation comes last."""
    takes: dict[int, tuple[int, ...]] = {}
    order = sorted(
        range(len(package.focus_points)),
        key=lambda i: package.focus_points[i].role == "validation",
    )
    for i in order:
        position = round(package.focus_points[i].position)
        takes[position] = (*takes.get(position, ()), i)
    return takes


def _missing(position: int, name: str, *, fitted: bool) -> FocusPoint:
    """The validation frame that is not there."""
    reason = f"{name} has no {'second ' if fitted else ''}frame at {position}"
    return FocusPoint(
        position=position,
        metric=float("nan"),
        n_stars=None,
        rejected=Rejected.FEW_STARS,
        reason=reason,
    )


def _look_at(stop: Stop | None) -> None:
    if stop is not None and stop.is_set():
        raise RunCancelled("Cancelled.")
