"""The pictures of a frame that a page gets: all of it small, and the part in view from real pixels.

A page is never sent a whole frame; each picture is at most half a megabyte. bqplot-image-gl was
looked at and left: it sends every pixel as a 32-bit number, 64 MB for 16 Mpx.
"""

from dataclasses import dataclass, replace

from focusbench.frames import Frame
from focusbench.widgets.frame_picture import Picture, Region, png, shrink, whole
from focusbench.widgets.stretch import Levels, Stretch

COARSE_PIXELS = 90_000
"""Of the picture of all of a frame while only a part is in view: seen on the way, in a drag."""


@dataclass(frozen=True, eq=False)
class Wanted:
    """What is to be drawn: the view, and how ADU become grey unless that is automatic."""

    frame: Frame
    view: Region
    curve: str
    black: float
    white: float


@dataclass(frozen=True, eq=False)
class Overview:
    """The picture of all of a frame, as PNG."""

    frame: Frame
    stretch: Stretch
    coarse: bool
    data: bytes
    region: Region


@dataclass(frozen=True, eq=False)
class Drawn:
    """What was drawn: the overview and, where it shows more, a tile of the part in view."""

    wanted: Wanted
    levels: Levels
    stretch: Stretch
    overview: Overview
    tile: bytes | None
    tile_region: Region
    factor: int


class FramePainter:
    """Draws frames as they are wanted, in one thread; what has not changed is not drawn again."""

    def __init__(self) -> None:
        self._small: tuple[Frame, Picture, Levels] | None = None
        self._overview: Overview | None = None

    def draw(self, wanted: Wanted) -> Drawn:
        """Draw a view of a frame."""
        frame = wanted.frame
        shape = (frame.pixels.shape[0], frame.pixels.shape[1])
        if self._small is None or self._small[0] is not frame:
            small = shrink(frame, whole(shape))
            self._small = (frame, small, Levels.of(small.values))
        _, small, levels = self._small
        stretch = (
            Stretch.auto(levels)
            if wanted.curve == "auto"
            else Stretch(wanted.curve, wanted.black, max(wanted.white, wanted.black + 1e-3))
        )
        near = wanted.view.on_frame(shape)
        part = small
        if near.width * near.height < 0.9 * shape[0] * shape[1]:
            part = shrink(frame, near)
        tile = png(part, stretch) if part.factor < small.factor else None
        return Drawn(
            wanted,
            levels,
            stretch,
            self._draw_all(frame, small, stretch, coarse=tile is not None),
            tile,
            part.region,
            part.factor if tile else small.factor,
        )

    def _draw_all(
        self, frame: Frame, small: Picture, stretch: Stretch, *, coarse: bool
    ) -> Overview:
        """The picture of all of the frame; coarse where it only shows beside a part of it.

        It changes with the frame and the stretch, not with the view, and a fine one stays.
        """
        known = self._overview
        if (
            known is None
            or (known.frame, known.stretch) != (frame, stretch)
            or (known.coarse and not coarse)
        ):
            part = small
            if coarse:
                part = shrink(Frame(small.values), whole(small.values.shape), COARSE_PIXELS)
                part = replace(part, region=part.region.scaled(small.factor))
            self._overview = Overview(frame, stretch, coarse, png(part, stretch), part.region)
        assert self._overview is not None
        return self._overview
