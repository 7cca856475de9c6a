"""The filters of the simulated wheel: each focuses elsewhere and lets less light through."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Filter:
    """One filter.

    Attributes
    ----------
    focus_offset : float, steps
        How much further out best focus lies than without a filter.
    transmission : float
        Share of the light of stars and sky that passes, 0 to 1.
    """

    focus_offset: float = 0.0
    transmission: float = 1.0


FILTERS: Mapping[str, Filter] = MappingProxyType(
    {
        "L": Filter(),
        "R": Filter(8, 0.35),
        "G": Filter(-6, 0.35),
        "B": Filter(16, 0.35),
        "Ha": Filter(60, 0.15),
        "OIII": Filter(48, 0.15),
        "SII": Filter(66, 0.15),
    }
)
"""A luminance filter that changes nothing, and others that are not parfocal with it."""

OPAQUE = Filter(0.0, 0.0)
"""What is in the beam while the wheel turns."""
