"""The image history of a night: every light frame and focus run, as xarray and as CSV."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from focusbench.sequence.events import FocusRun
from focusbench.sequence.history_csv import read_csv, write_csv
from focusbench.triggers import LightFrame

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True)
class ImageHistory:
    """Light frames and focus runs in the order in which they were made.

    Attributes
    ----------
    frames : tuple of LightFrame
    runs : tuple of FocusRun

    Examples
    --------
    >>> from focusbench.triggers import FrameKind
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
        write_csv(self.frames, self.runs, path)

    @classmethod
    def from_csv(cls, path: str | Path) -> "ImageHistory":
        """Read a history: one of ours, or any CSV with a time and an HFR for each frame.

        Columns may stand in any order; unknown ones are left out. `time` (the middle of the
        exposure) is ISO 8601 in UTC, or Unix time in seconds; `hfr_px` is at 1×1, a plain `hfr` as
        taken. The columns of N.I.N.A.'s ImageMetaData.csv are understood.

        Raises
        ------
        PackageError
            The file cannot be read, or it has no such columns; names the line.
        """
        return cls(*read_csv(Path(path)))


def _floats(values: Any) -> np.ndarray[Any, Any]:
    return np.array([math.nan if value is None else value for value in values], dtype=float)


def _moments(times_s: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return (
        (np.asarray(times_s, dtype=float) * 1e3)
        .round()
        .astype("datetime64[ms]")
        .astype("datetime64[ns]")
    )
