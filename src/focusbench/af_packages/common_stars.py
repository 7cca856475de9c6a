"""A package measured anew by the stars that its frames share, from its table of stars alone."""

import dataclasses

from focusbench.af_packages.package import Package
from focusbench.curve import FocusPoint, Rejected
from focusbench.errors import PackageError
from focusbench.stars import STAR_FIELDS, Measurement, common_stars


def by_common_stars(package: Package) -> Package:
    """The same run with each point measured by the stars that the frames share.

    Parameters
    ----------
    package : Package
        Stays as it is.

    Returns
    -------
    Package
        `notes` say how many stars there are, and which points lost many of them; such points keep
        their own, larger errors. A point without enough of them is rejected.

    Raises
    ------
    PackageError
        It has no table of stars, or one that lacks the metric.
    """
    points = package.focus_points
    if len(package.stars) == 0:
        raise PackageError(
            f"{package.source} has no table of stars, so nothing tells which of them are common; "
            "open the folder of its frames instead."
        )
    if package.metric.partition(":")[0] not in (STAR_FIELDS.names or ()):
        raise PackageError(
            f"The stars of {package.source} have no {package.metric!r}; measure its frames by hfr."
        )
    # Neighbours in position differ least: there a star is followed best.
    order = sorted(range(len(points)), key=lambda k: points[k].position)
    tables = []
    for k in order:
        tables.append(package.stars_of(k)[list(STAR_FIELDS.names or ())].astype(STAR_FIELDS))
    min_stars = package.options.min_stars if package.options else 1
    found = dict(
        zip(order, common_stars(tables, metric=package.metric, min_stars=min_stars), strict=True)
    )
    measured = [m for m in found.values() if isinstance(m, Measurement)]
    if not measured:
        raise PackageError(f"The frames of {package.source} have no star in common.")
    notes = [f"Measured by the common stars: up to {max(m.n_stars for m in measured)} a frame."]
    new_points = []
    for k, point in enumerate(points):
        one = found[k]
        if isinstance(one, Measurement):
            new_points.append(_measured(point, one))
            if one.doubt:
                notes.append(f"At {point.position:g} {one.doubt}.")
        else:
            new_points.append(
                dataclasses.replace(
                    point,
                    metric=float("nan"),
                    error=None,
                    scatter=None,
                    n_stars=getattr(one, "n_stars", 0),
                    rejected=Rejected.FEW_STARS,
                    reason=str(one),
                )
            )
    return dataclasses.replace(
        package,
        focus_points=tuple(new_points),
        definition=measured[0].definition,
        notes=(*package.notes, *notes),
    )


def _measured(point: FocusPoint, found: Measurement) -> FocusPoint:
    # What the run's own fit said of the point was said of another number.
    return dataclasses.replace(
        point,
        metric=found.value,
        error=found.error,
        scatter=found.scatter,
        n_stars=found.n_stars,
        rejected=Rejected.NO,
        reason="",
        others=found.others,
    )
