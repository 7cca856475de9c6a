"""The optics of a telescope, as far as focus asks for them."""

import dataclasses
from typing import Any, Self

from focusbench.options.spec import option, options_class


@options_class
class Optics:
    """What the camera sits behind.

    Examples
    --------
    >>> from focusbench.options import Optics
    >>> Optics(focal_ratio=5).focal_ratio
    5.0
    """

    focal_ratio: float | None = option(
        default=None,
        kind=float,
        label="Focal ratio",
        group="Optics",
        unit="f/",
        low=0.5,
        high=100,
        help="f-number; with the camera's pixel size it gives the classic critical focus zone.",
    )
    obstruction: float | None = option(
        default=None,
        kind=float,
        label="Obstruction",
        group="Optics",
        low=0,
        high=0.9,
        help="Diameter of the secondary mirror over that of the aperture; 0 for a refractor.",
    )

    def replace(self, **changes: Any) -> Self:
        """Return the optics with some values changed."""
        return dataclasses.replace(self, **changes)
