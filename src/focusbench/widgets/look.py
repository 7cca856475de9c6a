"""One look at a frame: what was measured of it, and with which settings."""

import os
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from focusbench.errors import FocusbenchError, TooFewStars
from focusbench.frames import DarkLibrary, Frame
from focusbench.options import AutofocusOptions
from focusbench.stars import STAR_FIELDS, measure

_THREADS = min(4, os.cpu_count() or 1)
_MEASURED_BY = ("metric", "min_star_diameter_px", "crop_percent", "dark_folder")


@dataclass(frozen=True, eq=False)
class Look:
    """What a frame shows with some settings.

    Attributes
    ----------
    frame : Frame
    options : AutofocusOptions
        What was measured, and how.
    value, error : float or None, pixels
        The frame's metric with its standard error; None where it could not be measured.
    stars : structured array
        Every object looked at; columns as in `focusbench.stars.STAR_FIELDS`.
    doubt : str
        Why the value may mislead; empty where nothing speaks against it.
    trouble : str
        Why there is no value; empty where there is one.
    """

    frame: Frame
    options: AutofocusOptions
    value: float | None = None
    error: float | None = None
    stars: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, STAR_FIELDS))
    doubt: str = ""
    trouble: str = ""

    @property
    def n_used(self) -> int:
        """How many stars were used."""
        return int(np.count_nonzero(self.stars["used"]))


def look_at(frame: Frame, options: AutofocusOptions) -> Look:
    """Measure a frame as a run with these options would, but show what there is of few stars."""
    try:
        whole = DarkLibrary(options.dark_folder).subtract(frame) if options.dark_folder else frame
        measured = measure(
            whole,
            metric=options.metric,
            min_star_diameter_px=options.min_star_diameter_px,
            crop_percent=options.crop_percent,
            n_threads=_THREADS,
        )
    except TooFewStars as error:
        stars = np.zeros(0, STAR_FIELDS) if error.stars is None else error.stars
        return Look(frame, options, stars=stars, trouble="No star of this frame can be used.")
    except FocusbenchError as error:
        return Look(frame, options, trouble=str(error))
    return Look(
        frame,
        options,
        measured.value,
        measured.error,
        measured.stars,
        measured.confidence_reason,
    )


def measured_alike(one: AutofocusOptions, other: AutofocusOptions) -> bool:
    """Whether a frame measured with one would read the same with the other."""
    return all(getattr(one, name) == getattr(other, name) for name in _MEASURED_BY)
