"""Sets of triggers side by side: simulated nights, and nights that were."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from focusbench.errors import OptionsError
from focusbench.options import AutofocusOptions, SequenceOptions, TriggerOptions
from focusbench.sequence import ImageHistory, read_night
from focusbench.tuning.history_replay import replay_history
from focusbench.tuning.recorded_night import as_it_was
from focusbench.tuning.simulated_night import LivedNight, SimulatedNight
from focusbench.tuning.trigger_night import Alarm, TriggerNight

if TYPE_CHECKING:
    import xarray

AnyNight = SimulatedNight | ImageHistory | str | Path
AS_IT_WAS = "as it was"

_VARIABLES: dict[str, tuple[str, str, Callable[[TriggerNight], float]]] = {
    "runs": ("focus runs", "1", lambda n: len(n.alarms)),
    "needed": ("runs that were needed", "1", lambda n: _judged(n, "needed")),
    "false_alarms": (
        "runs that found focus off by less than half the zone",
        "1",
        lambda n: _judged(n, "false"),
    ),
    "no_focus": ("runs that did not focus", "1", lambda n: n.verdicts["no focus"]),
    "focusing": ("time spent on focus runs", "s", lambda n: n.focusing_s),
    "frames": ("frames taken", "1", lambda n: n.n_frames),
    "frames_lost": ("frames that this time would have held", "1", lambda n: n.frames_lost),
    "in_zone": ("share of the frames in the zone", "1", lambda n: n.in_zone),
    "hours": ("length of the night", "h", lambda n: n.hours),
}


def _judged(night: TriggerNight, verdict: str) -> float:
    """How many alarms; NaN where none could be judged though there were some."""
    if night.verdicts["not known"] and not night.verdicts[verdict]:
        return math.nan
    return night.verdicts[verdict]


@dataclass(frozen=True, eq=False, repr=False)
class TriggerComparison:
    """What sets of triggers come to on the same nights.

    Attributes
    ----------
    nights : dict of str to tuple of TriggerNight
        Of each set, in the order of the nights given; real nights are also among them "as it was".
    """

    nights: dict[str, tuple[TriggerNight, ...]]

    def __repr__(self) -> str:
        return self.table

    @cached_property
    def dataset(self) -> "xarray.Dataset":
        """Every night: dims `(trigger_set, night)`.

        `runs needed false_alarms no_focus focusing frames frames_lost in_zone hours`.
        """
        import xarray

        variables = {
            name: (
                ("trigger_set", "night"),
                np.array([[float(of(night)) for night in row] for row in self.nights.values()]),
                {"long_name": text, "units": units},
            )
            for name, (text, units, of) in _VARIABLES.items()
        }
        count = len(next(iter(self.nights.values())))
        coords = {
            "trigger_set": ("trigger_set", list(self.nights), {"long_name": "set of triggers"}),
            "night": ("night", np.arange(count), {"long_name": "number of the night"}),
        }
        return xarray.Dataset(variables, coords)

    @cached_property
    def summary(self) -> "xarray.Dataset":
        """Means of a night, on `trigger_set`; `in_zone_least` is that of the worst night."""
        found = self.dataset.mean("night", keep_attrs=True)
        worst = self.dataset.in_zone.min("night", keep_attrs=True)
        worst.attrs["long_name"] += ", worst night"
        return found.assign(in_zone_least=worst)

    @property
    def table(self) -> str:
        """Means of a night, a set of triggers a line."""
        summary = self.summary
        width = max(len(name) for name in (*self.nights, "set of triggers"))
        heads = (
            "runs",
            "needed",
            "false",
            "no focus",
            "minutes",
            "frames lost",
            "in zone",
            "worst",
        )
        lines = [f"{'set of triggers':{width}}" + "".join(f"{h:>12}" for h in heads)]
        for name in self.nights:
            row = summary.sel(trigger_set=name)
            cells = [_cell(float(row[key]), 1) for key in ("runs", "needed", "false_alarms")]
            cells += [_cell(float(row.no_focus), 1), _cell(float(row.focusing) / 60, 0)]
            cells += [_cell(float(row.frames_lost), 1)]
            cells += [_percent(float(row.in_zone)), _percent(float(row.in_zone_least))]
            lines.append(f"{name:{width}}" + "".join(f"{cell:>12}" for cell in cells))
        return "\n".join((*lines, *self.notes))

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be answered, or was modelled: of all sets, then of single ones."""
        told = {
            name: dict.fromkeys(note for night in row for note in night.notes)
            for name, row in self.nights.items()
        }
        everywhere = [n for n in next(iter(told.values())) if all(n in of for of in told.values())]
        single = [
            f"{name}: {note}"
            for name, notes in told.items()
            for note in notes
            if note not in everywhere
        ]
        return (*everywhere, *single)


def compare_triggers(
    nights: AnyNight | Iterable[AnyNight],
    sets: Mapping[str, TriggerOptions],
    *,
    zone: float | None = None,
    run_s: float | None = None,
    autofocus: AutofocusOptions | None = None,
    options: SequenceOptions | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> TriggerComparison:
    """Live through nights with each set of triggers, and see how focus is kept and what it costs.

    Parameters
    ----------
    nights : SimulatedNight, ImageHistory or path, or several
        Simulated nights are lived through anew with each set. A night that was, its folder, or a
        CSV of its frames is asked what each set would have done.
    sets : mapping of str to TriggerOptions
        By the names that the table shows.
    zone : float, optional, steps
        Half width of the zone of good focus of nights that were; simulated ones know theirs.
    run_s : float, optional, seconds
        What a run takes, where a night that was does not tell.
    autofocus, options : AutofocusOptions and SequenceOptions, optional
        Of simulated nights: how focus runs are made, and whether temperature is compensated
        between them.
    progress : callable, optional
        Called with the number of nights done and their total.

    Returns
    -------
    TriggerComparison
        Its `table` reads itself; `dataset` has every night, `nights` every alarm in words.

    Raises
    ------
    OptionsError
        No night, or no set.
    PackageError
        A history that cannot be read.

    Examples
    --------
    >>> import focusbench as fb
    >>> sets = {"every 1 °C": fb.TriggerOptions(every_c=1), "never": fb.TriggerOptions(
    ...     before_first_frame=False, on_filter_change=False)}
    >>> compared = fb.compare_triggers(fb.SimulatedNight.reference(seed=1), sets)
    >>> compared.dataset.runs.sel(trigger_set="never").item()
    0.0
    >>> better = compared.dataset.in_zone.sel(trigger_set="every 1 °C").item()
    >>> better > compared.dataset.in_zone.sel(trigger_set="never").item()
    True
    """
    several = [nights] if isinstance(nights, AnyNight) else list(nights)
    given = [_opened(night) for night in several]
    if not given:
        raise OptionsError("There is no night to compare triggers on.", "nights")
    if not sets or AS_IT_WAS in sets:
        raise OptionsError(
            f"sets are one or more sets of triggers by name, none called {AS_IT_WAS!r}; "
            f"got {list(sets)}.",
            "sets",
        )
    done, total = 0, len(given) * len(sets)
    found: dict[str, list[TriggerNight]] = {}
    if all(isinstance(night, ImageHistory) for night in given):
        found[AS_IT_WAS] = [
            as_it_was(night, zone=zone, run_s=run_s)
            for night in given
            if isinstance(night, ImageHistory)
        ]
    for name, triggers in sets.items():
        found[name] = []
        for night in given:
            if isinstance(night, SimulatedNight):
                lived = night_of(night.live(triggers, autofocus, options), triggers)
            else:
                lived = replay_history(night, triggers, zone=zone, run_s=run_s)
            found[name].append(lived)
            done += 1
            if progress is not None:
                progress(done, total)
    return TriggerComparison({name: tuple(row) for name, row in found.items()})


def night_of(lived: LivedNight, triggers: TriggerOptions) -> TriggerNight:
    """A simulated night as it is compared: every run judged by the truth."""
    night, told = lived.night, lived.progress
    times = np.array([frame.time_s for frame in told.frames])
    alarms = []
    for run in told.runs:
        truth = night.true_focus(run.started_s - told.started_s, run.filter)
        start = math.nan if run.start_position is None else run.start_position
        alarms.append(
            Alarm(
                time_s=run.started_s,
                before_frame=int(np.searchsorted(times, run.started_s)),
                triggers=run.triggers,
                words=run.words,
                off=start - truth,
                focused=run.focused,
                duration_s=run.ended_s - run.started_s,
                basis="true",
            )
        )
    values: list[Any] = [math.nan if frame.hfr is None else frame.hfr for frame in told.frames]
    return TriggerNight(
        triggers=triggers,
        times_s=times,
        off_focus=lived.off_focus,
        hfr=np.array(values, dtype=float),
        alarms=tuple(alarms),
        zone=night.zone,
        hours=night.hours,
        frame_s=night.frame_s,
        known=True,
    )


def _opened(night: AnyNight) -> SimulatedNight | ImageHistory:
    if isinstance(night, SimulatedNight | ImageHistory):
        return night
    if Path(night).is_dir():
        kept = read_night(night)
        return kept.history
    return ImageHistory.from_csv(night)


def _cell(value: float, decimals: int) -> str:
    return f"{value:.{decimals}f}" if math.isfinite(value) else "–"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if math.isfinite(share) else "–"
