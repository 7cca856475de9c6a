"""Image histories as CSV: ours, and those of other programs."""

import csv
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from focusbench.curve import Outcome
from focusbench.errors import PackageError
from focusbench.sequence.events import FocusRun
from focusbench.triggers import FrameKind, LightFrame

_COLUMNS = (
    *("what", "time", "number", "target", "filter", "exposure_s", "binning"),
    *("hfr_px", "hfr_error_px", "stars", "temperature_c", "position", "airmass", "west"),
    *("outcome", "words", "file"),
)

_ALSO = {
    "time": ("date", "datetime", "time_s"),
    # Of two, the later one counts: N.I.N.A.'s local time comes before the one in UTC.
    "start": ("date_obs", "exposurestart", "exposurestartutc"),
    "hfr_as_taken": ("hfr",),
    "hfr_error_px": ("hfr_error",),
    "stars": ("n_stars", "detectedstars", "star_count"),
    "temperature_c": ("temperature", "focusertemperature", "focusertemp", "temp"),
    "position": ("focuserposition", "focuser_position"),
    "exposure_s": ("exposure", "duration", "exptime"),
    "filter": ("filtername",),
    "target": ("object", "targetname"),
    "file": ("filename", "filepath"),
}
"""Other names of columns, as other programs have them; case and blanks do not matter."""


def write_csv(frames: tuple[LightFrame, ...], runs: tuple[FocusRun, ...], path: str | Path) -> None:
    """Write frames and runs, one a line, in the order of time."""
    lines = [(frame.time_s, _frame_line(frame)) for frame in frames]
    lines += [(run.ended_s, _run_line(run)) for run in runs]
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, _COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(line for _, line in sorted(lines, key=lambda each: each[0]))


def read_csv(path: Path) -> tuple[tuple[LightFrame, ...], tuple[FocusRun, ...]]:
    """Read the frames and runs of a history; raises `PackageError` naming the line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise PackageError(f"{path} cannot be read: {error}.") from error
    delimiter = (
        ";" if text.split("\n", 1)[0].count(";") > text.split("\n", 1)[0].count(",") else ","
    )
    rows = csv.reader(text.splitlines(), delimiter=delimiter)
    names = [_known(name) for name in next(rows, [])]
    if not {"time", "start"} & set(names) or not {"hfr_px", "hfr_as_taken"} & set(names):
        raise PackageError(f"{path} is no image history: its first line names no time and hfr_px.")
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
    return tuple(frames), tuple(runs)


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
    west, n_stars = line.get("west", ""), _whole(line, "stars")
    # N.I.N.A. writes 1x1.
    binning = int(line.get("binning", "").lower().partition("x")[0] or 1)
    exposure_s = _number(line, "exposure_s") or 0.0
    as_taken = _number(line, "hfr_as_taken")
    time_s = (
        _unix(line.get("time", ""))
        if "time" in line
        else _unix(line.get("start", "")) + exposure_s / 2
    )
    return LightFrame(
        kind=FrameKind(line.get("target", ""), line.get("filter") or None, binning, exposure_s),
        time_s=time_s,
        number=int(_number(line, "number") or number),
        # 0 and −1 say that nothing was measured.
        hfr=(_number(line, "hfr_px") if as_taken is None else as_taken * binning) or None,
        hfr_error=_number(line, "hfr_error_px"),
        n_stars=None if n_stars is None or n_stars < 0 else n_stars,
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
        plain = name.removesuffix("_as_taken")
        raise ValueError(f"{plain} is a number; got {text!r}") from error
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
