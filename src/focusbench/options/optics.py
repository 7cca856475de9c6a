"""The optics of a telescope, as far as focus asks for them."""

from focusbench.options.spec import Replaceable, option, options_class


@options_class
class Optics(Replaceable):
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
