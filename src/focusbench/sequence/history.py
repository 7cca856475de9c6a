"""The image history of a night: every light frame and focus run, as xarray and as CSV."""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from focusbench.curve import Outcome
from focusbench.errors import PackageError
from focusbench.sequence.events import FocusRun
from focusbench.triggers import FrameKind, LightFrame

if TYPE_CHECKING:
    import xarray

_COLUMNS = (
    *("what", "time", "number", "target", "filter", "exposure_s", "binning"),
    *("hfr_px", "hfr_error_px", "stars", "temperature_c", "position", "airmass", "west"),
    *("outcome", "words", "file"),
)

_ALSO = {
    "time": ("date", "datetime", "date_obs", "time_s", "exposurestart"),
    "hfr_px": ("hfr",),
    "hfr_error_px": ("hfr_error",),
    "stars": ("n_stars", "detectedstars", "star_count"),
    "temperature_c": ("temperature", "focusertemperature", "temp"),
    "position": ("focuserposition", "focuser_position"),
    "exposure_s": ("exposure", "duration", "exptime"),
    "filter": ("filtername",),
    "target": ("object", "targetname"),
    "file": ("filename", "filepath"),
}
"""Other names of columns, as other programs have them; case and blanks do not matter."""


@dataclass(frozen=True)
class ImageHistory:
    """Light frames and focus runs in the order in which they were made.

    Attributes
    ----------
    frames : tuple of LightFrame
    runs : tuple of FocusRun

    Examples
    --------
    >>> frame = LightFrame(FrameKind("M 31", "L", 1, 300), 1_700_000_000.0, 1, hfr=2.1, n_stars=80)
    >>> ImageHistory((frame,)).dataset.hfr.values.tolist()
    [2.1]
    """

    frames: tuple[LightFrame, ...] = ()
    runs: tuple[FocusRun, ...] = ()

    @property
    def dataset(self) -> "xarray.Dataset":
        """The history as a Dataset: frames on `frame`, runs on `run`.

        `n_runs` counts the focus runs that ended since the frame before: the marks of a plot.
        """
        import xarray

        frames, runs = self.frames, self.runs
        times = np.array([frame.time_s for frame in frames])
        ended = np.sort([run.ended_s for run in runs])
        before = np.searchsorted(ended, times, side="right")
        kinds = [frame.kind for frame in frames]
        on_frame: dict[str, tuple[list[Any] | np.ndarray[Any, Any], str, str]] = {
            "hfr": ([f.hfr for f in frames], "Half-flux radius, at 1×1", "pixel"),
            "hfr_error": ([f.hfr_error for f in frames], "Standard error of HFR", "pixel"),
            "n_stars": ([f.n_stars for f in frames], "Stars used", "1"),
            "temperature": ([f.temperature_c for f in frames], "Temperature", "degC"),
            "position": ([f.position for f in frames], "Focuser position", "steps"),
            "airmass": ([f.airmass for f in frames], "Airmass", "1"),
            "exposure": ([k.exposure_s for k in kinds], "Exposure", "s"),
            "binning": ([k.binning for k in kinds], "Binning", "1"),
            "n_runs": (np.diff(before, prepend=0), "Focus runs since the frame before", "1"),
        }
        on_run: dict[str, tuple[list[Any], str, str]] = {
            "run_position": ([r.final_position for r in runs], "Left at", "steps"),
            "run_best_position": ([r.best_position for r in runs], "Best focus", "steps"),
            "run_best_position_error": (
                [r.best_position_error for r in runs],
                "Half the 68 % interval of best focus",
                "steps",
            ),
            "run_temperature": ([r.temperature_c for r in runs], "Temperature", "degC"),
            "run_duration": ([r.ended_s - r.started_s for r in runs], "Duration", "s"),
        }
        variables = {
            name: (dim, _floats(values), {"long_name": label, "units": units})
            for dim, table in (("frame", on_frame), ("run", on_run))
            for name, (values, label, units) in table.items()
        }
        words = {
            "target": ("frame", [k.target for k in kinds], "Target"),
            "filter": ("frame", [k.filter or "" for k in kinds], "Filter"),
            "file": ("frame", [f.file for f in frames], "File"),
            "run_outcome": ("run", [r.outcome.value for r in runs], "Outcome"),
            "run_words": ("run", [r.words for r in runs], "Why"),
        }
        variables |= {
            name: (dim, np.array(values, dtype=str), {"long_name": label, "units": ""})
            for name, (dim, values, label) in words.items()
        }
        return xarray.Dataset(
            variables,
            coords={
                "frame": ("frame", [f.number for f in frames], {"long_name": "Frame"}),
                "time": ("frame", _moments(times), {"long_name": "Middle of the exposure"}),
                "run_time": (
                    "run",
                    _moments(np.array([r.ended_s for r in runs])),
                    {"long_name": "End of the run"},
                ),
            },
        )

    def to_csv(self, path: str | Path) -> None:
        """Write the history as CSV, a frame or a run a line, in the order of time."""
        lines = [(frame.time_s, _frame_line(frame)) for frame in self.frames]
        lines += [(run.ended_s, _run_line(run)) for run in self.runs]
        with Path(path).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, _COLUMNS, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(line for _, line in sorted(lines, key=lambda each: each[0]))

    @classmethod
    def from_csv(cls, path: str | Path) -> "ImageHistory":
        """Read a history: one of ours, or any CSV with a time and an HFR for each frame.

        Columns may stand in any order; unknown ones are left out. `time` is ISO 8601 in UTC, or
        Unix time in seconds. N.I.N.A.'s ImageMetaData.csv can be read.

        Raises
        ------
        PackageError
            The file cannot be read, or it has no such columns; names the line.
        """
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise PackageError(f"{path} cannot be read: {error}.") from error
        delimiter = (
            ";" if text.split("\n", 1)[0].count(";") > text.split("\n", 1)[0].count(",") else ","
        )
        rows = csv.reader(text.splitlines(), delimiter=delimiter)
        names = [_known(name) for name in next(rows, [])]
        if "time" not in names or "hfr_px" not in names:
            raise PackageError(
                f"{path} is no image history: its first line names no time and hfr_px."
            )
        frames: list[LightFrame] = []
        runs: list[FocusRun] = []
        for number, row in enumerate(rows, 2):
            line = {name: value.strip() for name, value in zip(names, row, strict=False)}
            if not any(line.values()):
                continue
            try:
                if line.get("what") == "focus":
                    runs.append(_run_of(line))
                else:
                    frames.append(_frame_of(line, len(frames) + 1))
            except (ValueError, OverflowError) as error:
                raise PackageError(f"{path}, line {number}: {error}.") from error
        return cls(tuple(frames), tuple(runs))


def _frame_line(frame: LightFrame) -> dict[str, object]:
    kind = frame.kind
    return {
        "what": "frame",
        "time": _iso(frame.time_s),
        "number": frame.number,
        "target": kind.target,
        "filter": kind.filter or "",
        "exposure_s": f"{kind.exposure_s:g}",
        "binning": kind.binning,
        "hfr_px": _text(frame.hfr),
        "hfr_error_px": _text(frame.hfr_error),
        "stars": _text(frame.n_stars),
        "temperature_c": _text(frame.temperature_c),
        "position": _text(frame.position),
        "airmass": _text(frame.airmass),
        "west": "" if frame.west is None else str(int(frame.west)),
        "file": frame.file,
    }


def _run_line(run: FocusRun) -> dict[str, object]:
    return {
        "what": "focus",
        "time": _iso(run.ended_s),
        "exposure_s": f"{run.ended_s - run.started_s:g}",
        "filter": run.filter or "",
        "hfr_px": _text(run.metric),
        "temperature_c": _text(run.temperature_c),
        "position": _text(run.final_position),
        "outcome": run.outcome.value,
        "words": run.words,
        "file": run.package,
    }


def _frame_of(line: Mapping[str, str], number: int) -> LightFrame:
    west = line.get("west", "")
    return LightFrame(
        kind=FrameKind(
            line.get("target", ""),
            line.get("filter") or None,
            int(_number(line, "binning") or 1),
            _number(line, "exposure_s") or 0.0,
        ),
        time_s=_unix(line.get("time", "")),
        number=int(_number(line, "number") or number),
        hfr=_number(line, "hfr_px") or None,
        hfr_error=_number(line, "hfr_error_px"),
        n_stars=_whole(line, "stars"),
        temperature_c=_number(line, "temperature_c"),
        position=_whole(line, "position"),
        airmass=_number(line, "airmass"),
        west=None if not west else west.lower() in ("1", "true", "west"),
        file=line.get("file", ""),
    )


def _run_of(line: Mapping[str, str]) -> FocusRun:
    ended_s = _unix(line.get("time", ""))
    return FocusRun(
        outcome=Outcome(line.get("outcome", "")),
        diagnosis="",
        started_s=ended_s - (_number(line, "exposure_s") or 0.0),
        ended_s=ended_s,
        words=line.get("words", ""),
        final_position=_whole(line, "position"),
        metric=_number(line, "hfr_px"),
        temperature_c=_number(line, "temperature_c"),
        filter=line.get("filter") or None,
        package=line.get("file", ""),
    )


def _known(name: str) -> str:
    plain = name.strip().lower().replace(" ", "_")
    for ours, others in _ALSO.items():
        if plain in others:
            return ours
    return plain


def _number(line: Mapping[str, str], name: str) -> float | None:
    text = line.get(name, "")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError as error:
        raise ValueError(f"{name} is a number; got {text!r}") from error
    return value if math.isfinite(value) else None


def _whole(line: Mapping[str, str], name: str) -> int | None:
    value = _number(line, name)
    return None if value is None else round(value)


def _text(value: float | None) -> str:
    return "" if value is None else repr(value)


def _iso(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).isoformat(timespec="milliseconds")


def _unix(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"time is ISO 8601 or Unix seconds; got {text!r}") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _floats(values: Any) -> np.ndarray[Any, Any]:
    return np.array([math.nan if value is None else value for value in values], dtype=float)


def _moments(times_s: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return (
        (np.asarray(times_s, dtype=float) * 1e3)
        .round()
        .astype("datetime64[ms]")
        .astype("datetime64[ns]")
    )
