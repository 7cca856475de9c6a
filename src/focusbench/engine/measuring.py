"""From frames to a point: the same for a run at the telescope and for one replayed."""

import dataclasses
import math
from collections.abc import Sequence

from focusbench.curve import FocusPoint, Rejected
from focusbench.engine.sampler import Sample
from focusbench.errors import MeasurementError
from focusbench.frames import DarkLibrary, Frame
from focusbench.options import AutofocusOptions
from focusbench.stars import measure


def measure_sample(
    frame: Frame, position: float, options: AutofocusOptions, darks: DarkLibrary | None = None
) -> Sample:
    """Measure one frame; where it has too few stars, the point says so and is rejected.

    Parameters
    ----------
    frame : Frame
    position : float, steps
        Where it was taken.
    options : AutofocusOptions
        What is measured.
    darks : DarkLibrary, optional
        From which the dark is taken that is subtracted.
    """
    known = FocusPoint(
        position=position,
        metric=float("nan"),
        time_s=frame.time_s,
        temperature_c=frame.temperature_c,
    )
    try:
        measured = measure(
            darks.subtract(frame) if darks else frame,
            metric=options.metric,
            min_star_diameter_px=options.min_star_diameter_px,
            crop_percent=options.crop_percent,
            min_stars=options.min_stars,
        )
    except MeasurementError as error:
        n_stars = getattr(error, "n_stars", 0)
        point = dataclasses.replace(
            known, n_stars=n_stars, rejected=Rejected.FEW_STARS, reason=str(error)
        )
        return Sample(point, (frame,), (None,))
    point = dataclasses.replace(
        known,
        metric=measured.value,
        error=measured.error,
        scatter=measured.scatter,
        n_stars=measured.n_stars,
        others=dict(measured.others),
    )
    return Sample(point, (frame,), (measured.stars,))


def average(samples: Sequence[Sample]) -> Sample:
    """One point from the frames taken at one position.

    The metric is the plain mean of those that could be measured, its error that of a mean of
    independent values, √Σσ² / k; None where one is unknown. What the air adds from frame to frame
    is not in it: that scatter is the fit's to find.
    """
    frames = tuple(frame for sample in samples for frame in sample.frames)
    stars = tuple(table for sample in samples for table in sample.stars)
    points = [sample.point for sample in samples if not sample.point.rejected]
    if len(samples) == 1 or not points:
        return Sample(samples[0].point, frames, stars)
    k = len(points)

    def mean(values: Sequence[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return sum(known) / k if len(known) == k else None

    errors = [point.error for point in points if point.error is not None]
    shared = set.intersection(*(set(point.others) for point in points))
    point = dataclasses.replace(
        points[0],
        metric=sum(point.metric for point in points) / k,
        error=math.hypot(*errors) / k if len(errors) == k else None,
        scatter=mean([point.scatter for point in points]),
        n_stars=round(mean([point.n_stars for point in points]) or 0),
        time_s=mean([point.time_s for point in points]),
        temperature_c=mean([point.temperature_c for point in points]),
        others={name: sum(point.others[name] for point in points) / k for name in shared},
    )
    return Sample(point, frames, stars)
