"""The runs of a package browser as rows: what is found, how it is sorted, and what differs."""

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from focusbench.af_packages import zone_is_told
from focusbench.api import ListedRuns, Sign, metric_label, outcome_words, when
from focusbench.widgets.wording import count, plus_minus, position

FOCUSED = ("FOCUSED", "LOWEST_POINTS")
HALF_A_DAY_S = 43_200.0

Key = tuple[str, int | None]
"""Which run: its source, and its number where the source holds several."""


@dataclass(frozen=True)
class RunRow:
    """One run as the table shows it; None where it is not known.

    Attributes
    ----------
    source : Path
    number : int or None
        Which run of the source.
    title : str
        When it began; its name where the run does not tell, or others began then, too.
    name, format, metric, definition, rig, diagnosis : str
    started_s : float or None, seconds
    zone_told : bool
        Whether that is a true time, shown in local time; else it reads as it was written.
    filter : str or None
    temperature_c : float or None
        At its last point.
    outcome, sign, word : str
    best, error : float or None, steps
        Where the run focused.
    hfr : float or None, pixels
        The metric expected at best focus.
    x, y : tuple of float, steps and pixels
        Points that count, validation left out.
    n_points : int
        Points taken, validation left out.
    """

    source: Path
    number: int | None
    title: str
    name: str
    format: str
    metric: str
    definition: str
    rig: str
    diagnosis: str
    started_s: float | None
    zone_told: bool
    filter: str | None
    temperature_c: float | None
    outcome: str
    sign: Sign
    word: str
    best: float | None
    error: float | None
    hfr: float | None
    x: tuple[float, ...]
    y: tuple[float, ...]
    n_points: int

    @property
    def key(self) -> Key:
        """Which run it is."""
        return str(self.source), self.number

    @property
    def label(self) -> str:
        """The run in a few words, for a legend."""
        degrees = None if self.temperature_c is None else celsius(self.temperature_c)
        return " ".join(text for text in (self.title, self.filter, degrees) if text)

    def when(self, form: str) -> str:
        """When it began; empty where that is not known."""
        return when(self.started_s, form, local=self.zone_told)

    @property
    def text(self) -> str:
        """All that the find box looks through, lower case."""
        words = (
            self.name, self.format, metric_label(self.metric), self.rig, self.filter, self.word,
            self.diagnosis, self.when("%Y-%m-%d %-d %b %Y"),
        )  # fmt: skip
        return " ".join(word for word in words if word).lower()


def rows_of(listed: ListedRuns) -> tuple[RunRow, ...]:
    """Make the rows of all runs, in the order found."""
    dates = [
        when(entry["started"], "%-d %b %H:%M", local=zone_is_told(entry["notes"]))
        for _, entry in listed.entries
    ]
    often = Counter(dates)
    return tuple(
        _row(source, entry, date if date and often[date] == 1 else entry["name"])
        for (source, entry), date in zip(listed.entries, dates, strict=True)
    )


def _row(source: Path, entry: Mapping[str, Any], title: str) -> RunRow:
    points = entry["points"]
    swept = [i for i, role in enumerate(entry["role"]) if role != "validation"]
    counted = [i for i in swept if points["metric"][i] is not None and not entry["rejected"][i]]
    # As many points as a curve needs; the sweep before was left for a better place.
    sweeps = Counter(entry["sweep"][i] for i in counted)
    last = max((sweep for sweep, n in sweeps.items() if n >= 3), default=0)
    drawn = [
        (points["position"][i], points["metric"][i]) for i in counted if entry["sweep"][i] == last
    ]
    degrees = [t for t in points["temperature"] if t is not None]
    focused = entry["outcome"] in FOCUSED
    sign, word = outcome_words(entry["outcome"], entry.get("validation_passed"))
    return RunRow(
        source=source,
        number=entry["run"],
        title=title,
        name=entry["name"],
        format=entry["format"],
        metric=entry["metric"],
        definition=entry["definition"],
        rig=entry["rig"] or "",
        diagnosis=entry["diagnosis"],
        started_s=entry["started"],
        zone_told=zone_is_told(entry["notes"]),
        filter=entry["filter"],
        temperature_c=degrees[-1] if degrees else None,
        outcome=entry["outcome"],
        sign=sign,
        word=word,
        best=entry["best_position"] if focused else None,
        error=entry["best_position_error"] if focused else None,
        hfr=entry["expected_metric"] if focused else None,
        x=tuple(x for x, _ in drawn),
        y=tuple(y for _, y in drawn),
        n_points=len(swept),
    )


# ------------------------------------------------------------------------------ find and sort

COLUMNS: dict[str, tuple[str, Callable[[RunRow], Any]]] = {
    "date": ("Run", lambda row: row.started_s),
    "filter": ("Filter", lambda row: row.filter),
    "temperature": ("°C", lambda row: row.temperature_c),
    "curve": ("Curve", lambda row: max(row.y) / min(row.y) if row.y else None),
    "outcome": ("Outcome", lambda row: row.word),
    "best": ("Best", lambda row: row.best),
    "error": ("Error", lambda row: row.error),
    "hfr": ("HFR px", lambda row: row.hfr),
    "points": ("Points", lambda row: row.n_points),
}
"""Head of each column, and what it is sorted by; a curve by how far its ends rise."""


def find(rows: Sequence[RunRow], words: str, outcome: str = "") -> list[RunRow]:
    """Those rows that hold every one of the words, given between commas, and that outcome.

    A word is found at the beginning of a word: "Ha" is the filter, not a part of "Charlie".
    """
    wanted = [word.strip().lower() for word in words.split(",") if word.strip()]
    patterns = [re.compile(rf"(?<!\w){re.escape(word)}") for word in wanted]
    return [
        row
        for row in rows
        if outcome in ("", row.word) and all(pattern.search(row.text) for pattern in patterns)
    ]


def in_order(rows: Sequence[RunRow], column: str, *, falling: bool) -> list[RunRow]:
    """Rows sorted by a column; those without a value come last, whichever way."""
    value = COLUMNS[column][1]
    known = [row for row in rows if value(row) is not None]
    unknown = [row for row in rows if value(row) is None]
    return sorted(known, key=value, reverse=falling) + unknown


def n_nights(rows: Sequence[RunRow]) -> int:
    """Nights the runs were made in; a night ends at noon."""
    began = [
        when(row.started_s - HALF_A_DAY_S, "%Y-%m-%d", local=row.zone_told)
        for row in rows
        if row.started_s is not None
    ]
    return len(set(began))


# --------------------------------------------------------------------------------- in words


def celsius(degrees: float) -> str:
    """A temperature: "13.1 °C", with a true minus."""
    return f"{degrees:.1f} °C".replace("-", "−")


def signed(steps: float) -> str:
    """A change in whole steps: "+13", "−2", "0"."""
    return f"{round(steps):+d}".replace("-", "−") if round(steps) else "0"


def say_difference(rows: Sequence[RunRow]) -> tuple[str, str]:
    """What the runs picked differ in: the sentence, and what supports it.

    The slope is that of the straight line through best focus and temperature of the runs in the
    most frequent filter, by least squares; its error follows from the runs' own errors.
    """
    if not rows:
        return "Pick a run, or several.", "Up to six are drawn over each other."
    if len(rows) == 1:
        (row,) = rows
        return f"{row.word}: {row.label}.", row.diagnosis
    if len({row.definition for row in rows}) > 1:
        names = sorted({metric_label(row.metric) for row in rows})
        what = " and ".join(names) if len(names) > 1 else f"kinds of {names[0]}"
        return (
            f"These runs measure different things: {what}.",
            "Compare where their curves are lowest, not how low they are.",
        )
    focused = sorted(
        (row for row in rows if row.best is not None), key=lambda row: row.started_s or 0.0
    )
    if len(focused) < 2:
        found = "None" if not focused else "Only one"
        return f"{found} of these {len(rows)} runs found focus.", ""
    first, last = focused[0], focused[-1]
    return _moved(first, last), _slope_sentence(focused)


def _moved(first: RunRow, last: RunRow) -> str:
    assert first.best is not None
    assert last.best is not None
    by = last.best - first.best
    error = math.hypot(first.error or 0.0, last.error or 0.0)
    if abs(by) <= 2 * error:
        said = f"Focus agrees: {position(first.best)} and {position(last.best)}"
        said += f", {signed(by)} {plus_minus(error)} steps"
    else:
        said = f"Focus moved from {position(first.best)} to {position(last.best)}"
    also = []
    if first.temperature_c is not None and last.temperature_c is not None:
        warmer = last.temperature_c - first.temperature_c
        if abs(warmer) >= 0.1:
            also.append(f"it {'warmed' if warmer > 0 else 'cooled'} by {celsius(abs(warmer))}")
    if first.filter and last.filter and first.filter != last.filter:
        also.append(f"the filter changed from {first.filter} to {last.filter}")
    return said + (f" while {' and '.join(also)}." if also else ".")


def _slope_sentence(focused: Sequence[RunRow]) -> str:
    most, _ = Counter(row.filter for row in focused).most_common(1)[0]
    known = [
        (row.temperature_c, row.best, row.error or 0.0)
        for row in focused
        if row.filter == most and row.temperature_c is not None and row.best is not None
    ]
    degrees = [t for t, _, _ in known]
    if len(known) < 2 or max(degrees) - min(degrees) < 0.5:
        return ""
    mean = sum(degrees) / len(known)
    spread = sum((t - mean) ** 2 for t in degrees)
    slope = sum((t - mean) * best for t, best, _ in known) / spread
    error = math.sqrt(sum(((t - mean) * e) ** 2 for t, _, e in known)) / spread
    those = f"The {count(len(known), 'run')}" + (f" in {most}" if most else "")
    return f"{those} give {slope:.1f} {plus_minus(error)} steps per °C.".replace("-", "−")


def say_remeasured(settings: str, pairs: Sequence[tuple[RunRow, Any]]) -> tuple[str, str]:
    """What other settings change: the stored run beside the same frames measured anew.

    Parameters
    ----------
    settings : str
        In words ("12 px minimum").
    pairs : sequence of (RunRow, BestFocus)
    """
    if len(pairs) == 1:
        ((row, best),) = pairs
        said = f"Stored {_where(row.hfr, row.best)}; with {settings} "
        said += f"{_where(best.expected_metric, best.best_position)}."
        return said, best.diagnosis or "Solid: as stored. Dashed: measured anew."
    found = [best for _, best in pairs if best.best_position is not None]
    moves = [
        signed(best.best_position - row.best)
        for row, best in pairs
        if best.best_position is not None and row.best is not None
    ]
    first = f"With {settings}, {len(found)} of {len(pairs)} runs focus."
    if not moves:
        return first, "Solid: as stored. Dashed: measured anew."
    return first, f"Best focus moves by {', '.join(moves)} steps. Solid: as stored. Dashed: anew."


def _where(metric: float | None, best: float | None) -> str:
    if best is None:
        return "no focus"
    return f"{position(best)}" if metric is None else f"{metric:.2f} px at {position(best)}"
