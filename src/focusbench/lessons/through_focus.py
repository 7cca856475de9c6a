"""Frames through focus: what the camera sees at several positions of the focuser."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from focusbench.af_packages import Package
from focusbench.errors import MeasurementError, PackageError
from focusbench.frames import Frame
from focusbench.simulator import SimulatedRig
from focusbench.stars import Measurement, measure

TICK_S = 0.1
TAKE_UP = 100
"""How far beyond the first position the focuser goes before it comes in, steps."""
ALONE = 6.0
"""A star to look at has no other within so many of its widest half-flux radii."""

NEAR_PX = 6.0
"""A star found so near is the same one in another frame; so is one nearer than half the way to
where others may stand."""

Stars = NDArray[np.void]


@dataclass(frozen=True, eq=False)
class ThroughFocus:
    """Frames taken from outside to inside, each with what was measured of it.

    Attributes
    ----------
    positions : tuple of int, steps
        In the order taken.
    frames : tuple of Frame
    measured : tuple of Measurement
    """

    positions: tuple[int, ...]
    frames: tuple[Frame, ...] = field(repr=False)
    measured: tuple[Measurement, ...] = field(repr=False)

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def hfr(self) -> NDArray[np.float64]:
        """Half-flux radius of each frame, shape (n_frames,), pixels."""
        return np.array([one.value for one in self.measured])

    @property
    def n_stars(self) -> NDArray[np.int64]:
        """Stars used in each frame."""
        return np.array([one.n_stars for one in self.measured])

    @cached_property
    def sharpest(self) -> int:
        """Index of the frame with the smallest half-flux radius."""
        return int(self.hfr.argmin())

    @cached_property
    def star(self) -> tuple[float, float]:
        """Column and row, pixels, of a bright star that stands alone: the one to look at.

        Raises
        ------
        MeasurementError
            No star of the sharpest frame was used.
        """
        stars = self.stars(self.sharpest)
        if not len(stars):
            raise MeasurementError("No star of these frames can be looked at.")
        near = ALONE * float(self.hfr.max()) / 2
        x, y = stars["x"], stars["y"]
        distance = np.hypot(x[:, None] - x, y[:, None] - y) + np.where(np.eye(len(x)), np.inf, 0)
        n_y, n_x = self.frames[self.sharpest].pixels.shape
        edge = np.minimum.reduce([x, y, n_x - 1 - x, n_y - 1 - y])
        # Of stars that fill the same room, the brighter one.
        room = np.minimum(np.minimum(distance.min(axis=1, initial=np.inf), edge), near)
        best = int(np.lexsort((stars["flux"], room))[-1])
        return float(x[best]), float(y[best])

    def stars(self, index: int) -> Stars:
        """Stars used in one frame that are not saturated, the brightest first."""
        table = self.measured[index].stars
        kept: Stars = table[table["used"] & ~table["saturated"]]
        return kept[np.argsort(-kept["flux"])]

    def place(self, index: int) -> tuple[float, float]:
        """Column and row of that star in one frame, pixels; tracking may have moved it."""
        mine = self._star_in(index)
        return self.star if mine is None else (float(mine["x"]), float(mine["y"]))

    def hfr_of_star(self, index: int) -> float:
        """Half-flux radius of the star to look at, pixels; of the frame where it is not found."""
        mine = self._star_in(index)
        return float(self.hfr[index] if mine is None else mine["hfr"])

    def _star_in(self, index: int) -> np.void | None:
        stars = self.stars(index)
        off = np.hypot(stars["x"] - self.star[0], stars["y"] - self.star[1])
        near = off < max(NEAR_PX, ALONE / 4 * float(self.hfr.max()))
        found: np.void | None = stars[near][off[near].argmin()] if near.any() else None
        return found

    def cut_out(self, index: int, half: int) -> NDArray[np.float64]:
        """Pixels around the star to look at, less the sky, shape (2·half + 1, 2·half + 1), ADU.

        What lies beyond the frame is zero.
        """
        pixels = self.frames[index].pixels.astype(np.float64)
        column, row = (round(place) for place in self.place(index))
        around = np.pad(pixels - np.median(pixels), half)
        return around[row : row + 2 * half + 1, column : column + 2 * half + 1]


def through_focus(
    rig: SimulatedRig, positions: Iterable[int], *, exposure_s: float = 3.0
) -> ThroughFocus:
    """Take a frame at each position with a simulated rig, and measure it.

    The focuser goes out beyond the first position, and then only inward.

    Parameters
    ----------
    rig : SimulatedRig
    positions : iterable of int, steps
        Sorted here, the outermost first.
    exposure_s : float, seconds

    Raises
    ------
    MeasurementError
        No frame shows a star.

    Examples
    --------
    >>> import focusbench as fb
    >>> from focusbench import lessons
    >>> rig = fb.simulated_rig(best_focus=10_250, seed=3, shape=(160, 200), n_stars=40)
    >>> looked = lessons.through_focus(rig, range(10_010, 10_491, 120))
    >>> looked.positions[looked.sharpest]
    10250
    """
    wanted = sorted({int(position) for position in positions}, reverse=True)
    move(rig, min(wanted[0] + TAKE_UP, rig.focuser.limits[1]))
    return _measured(wanted, [take_frame(rig, position, exposure_s) for position in wanted])


def take_frame(rig: SimulatedRig, position: int, exposure_s: float = 3.0) -> Frame:
    """Move a simulated rig there and take a frame; backlash is left as it is.

    Parameters
    ----------
    rig : SimulatedRig
    position : int, steps
    exposure_s : float, seconds

    Examples
    --------
    >>> import focusbench as fb
    >>> from focusbench import lessons
    >>> rig = fb.simulated_rig(seed=3, shape=(160, 200), n_stars=40)
    >>> lessons.take_frame(rig, 10_250).pixels.shape
    (160, 200)
    """
    move(rig, position)
    rig.camera.start_exposure(exposure_s)
    while not rig.camera.image_ready():
        rig.clock.sleep(TICK_S)
    return rig.camera.read_image()


def move(rig: SimulatedRig, position: int) -> None:
    """Move a simulated rig's focuser, and wait."""
    rig.focuser.start_move(position)
    while rig.focuser.is_moving():
        rig.clock.sleep(TICK_S)


def frames_of(package: Package) -> ThroughFocus:
    """The frames that a package kept, measured.

    Parameters
    ----------
    package : Package
        From `focusbench.open_package`: an AF package with frames, or a folder of them.

    Raises
    ------
    PackageError
        Fewer than three frames were kept.

    Examples
    --------
    >>> import focusbench as fb
    >>> from focusbench import lessons
    >>> len(lessons.frames_of(fb.open_package(fb.sample_packages()[0])))
    9
    """
    points = [
        (round(package.focus_points[i].position), package.frames_of(i)[0])
        for i in package.sweep()
        if len(package.frames_of(i))
    ]
    if len(points) < 3:
        raise PackageError(f"{package.name} holds no frames to look at; choose a run that does.")
    return _measured([position for position, _ in points], [frame for _, frame in points])


def _measured(positions: list[int], frames: list[Frame]) -> ThroughFocus:
    taken = []
    for position, frame in zip(positions, frames, strict=True):
        try:
            taken.append((position, frame, measure(frame)))
        except MeasurementError:
            # A frame without stars has nothing to show.
            continue
    if not taken:
        raise MeasurementError("No star is seen in any of these frames; expose longer.")
    kept_at, kept, measured = zip(*taken, strict=True)
    return ThroughFocus(tuple(kept_at), tuple(kept), tuple(measured))
