"""What is kept of each point's frame to be looked at: one typical star, and a small picture.

Watchers of a run are told its frames. They are cut down in a thread of their own, so that neither
the run nor the page waits, and let go: twenty frames of 61 Mpx would be 2.4 GB.
"""

import base64
import logging
import struct
import threading
import weakref
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from focusbench.engine import Event, FocusSession, PointMeasured, RunStarted, Validated
from focusbench.frames import Frame

logger = logging.getLogger(__name__)

Pixels = NDArray[Any]

STAMP_PX = 44
"""Side of a star's cut-out, at most, pixels on the page; about 1 kB."""
PICTURE_PX = 640
"""Width and height of a small picture, at most."""
MOST_STARS = 400
"""Stars that a small picture can show; the brightest are kept."""

_LEVELS = 40  # greys: as many as one sees, and a third of the bytes
_HALF_HFR = 4.0  # half side of a cut-out, in HFR of the run's first frame


@dataclass(frozen=True, eq=False)
class PointFrame:
    """What is kept of one frame.

    Attributes
    ----------
    stamp : uint8 array, shape (n, n)
        A typical star, or the middle of a frame without any.
    picture : uint8 array, shape (n_y, n_x)
        The whole frame, stretched.
    scale : int
        How many pixels of the frame, along a side, make one of the picture.
    stars : structured array
        The brightest objects looked at, columns as in `focusbench.stars.STAR_FIELDS`.
    n_found : int
        All objects looked at.
    """

    stamp: Pixels
    picture: Pixels
    scale: int
    stars: NDArray[np.void] | None
    n_found: int


class PointFrames:
    """The frames of a session's last run, by the number of the point, from 0; use `of`.

    There is one for each session, so that a panel opened in mid-run shows the points before.
    """

    _all: ClassVar["weakref.WeakKeyDictionary[FocusSession, PointFrames]"] = (
        weakref.WeakKeyDictionary()
    )
    _lock: ClassVar = threading.Lock()

    def __init__(self) -> None:
        self._kept: dict[int, PointFrame] = {}
        self._half: list[int] = []
        self._n_seen = 0
        self._callbacks: list[Callable[[], None]] = []
        self._pool = ThreadPoolExecutor(1, "focusbench thumbnails")

    @classmethod
    def of(cls, session: FocusSession) -> "PointFrames":
        """Return the frames of a session, which are gathered from the first call on."""
        with cls._lock:
            if session not in cls._all:
                made = cls._all[session] = cls()
                session.subscribe(made.hear)
            return cls._all[session]

    @property
    def kept(self) -> dict[int, PointFrame]:
        """What there is by now, by the number of the point."""
        return dict(self._kept)

    def on_change(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call when another frame is there; returns how to stop it."""
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback) if callback in self._callbacks else None

    def hear(self, event: Event) -> None:
        """Take the frame of an event; returns at once."""
        if isinstance(event, RunStarted):
            self._kept, self._half, self._n_seen = {}, [], 0
        elif isinstance(event, PointMeasured | Validated):
            number, self._n_seen = self._n_seen, self._n_seen + 1
            if event.frames:
                stars = event.stars[0] if event.stars else None
                self._pool.submit(
                    self._keep, self._kept, self._half, number, event.frames[0], stars
                )

    def wait(self) -> None:
        """Wait until every frame that was heard of is there."""
        self._pool.submit(lambda: None).result()

    def _keep(
        self,
        kept: dict[int, PointFrame],
        half: list[int],
        number: int,
        frame: Frame,
        stars: NDArray[np.void] | None,
    ) -> None:
        try:
            kept[number] = shrink(frame, stars, half)
        except Exception:
            # A frame that cannot be shown costs its picture only.
            logger.exception("A frame cannot be shown")
        for callback in tuple(self._callbacks):
            callback()


def shrink(frame: Frame, stars: NDArray[np.void] | None, half: list[int]) -> PointFrame:
    """Cut a frame down to what is shown of it.

    Parameters
    ----------
    frame : Frame
    stars : structured array or None
        Objects looked at; None where the frame could not be measured.
    half : list of int, pixels
        Half the side of the run's cut-outs; filled in by the first frame with stars, so that all
        have one scale and a star can be seen to grow.
    """
    pixels = np.asarray(frame.pixels)
    used = stars[stars["used"]] if stars is not None else None
    centre, found = (pixels.shape[1] / 2, pixels.shape[0] / 2), False
    if used is not None and len(used):
        if not half:
            hfr = float(np.nanmedian(used["hfr"]))
            half.append(int(np.clip(np.ceil(_HALF_HFR * hfr), 10, 200)))
        inside = _inside(used, pixels.shape, half[0])
        star = typical_star(inside if len(inside) else used)
        centre, found = (float(star["x"]), float(star["y"])), True
    stamp = _cut(pixels, centre, half[0] if half else 20)
    scale = max(1, -(-max(pixels.shape) // PICTURE_PX))
    brightest = None
    if stars is not None:
        order = np.argsort(-np.nan_to_num(stars["flux"]), kind="stable")[:MOST_STARS]
        brightest = stars[order]
    return PointFrame(
        stamp=_stretched(_binned(stamp, max(1, -(-stamp.shape[0] // STAMP_PX))), of_star=found),
        picture=_stretched(_binned(pixels, scale), of_star=False),
        scale=scale,
        stars=brightest,
        n_found=0 if stars is None else len(stars),
    )


def _inside(stars: NDArray[np.void], shape: tuple[int, ...], half: int) -> NDArray[np.void]:
    """Stars whose whole cut-out lies in the frame."""
    x, y = stars["x"], stars["y"]
    return stars[(x >= half) & (y >= half) & (x < shape[1] - half) & (y < shape[0] - half)]


def typical_star(used: NDArray[np.void]) -> np.void:
    """The bright star whose HFR is nearest to the median: not saturated where there is one."""
    well = used[~used["saturated"]] if not used["saturated"].all() else used
    bright = well[well["snr"] >= np.nanmedian(well["snr"])] if len(well) > 2 else well
    off = np.abs(bright["hfr"] - np.nanmedian(used["hfr"]))
    chosen: np.void = bright[int(np.nan_to_num(off, nan=np.inf).argmin())]
    return chosen


def png(grey: Pixels) -> bytes:
    """Write an 8-bit grey image as PNG (RFC 2083)."""
    rows, columns = grey.shape
    lines = np.zeros((rows, columns + 1), np.uint8)  # each line begins with its filter: none
    lines[:, 1:] = grey

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", columns, rows, 8, 0, 0, 0, 0)
    data = zlib.compress(lines.tobytes(), 6)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


def data_url(grey: Pixels) -> str:
    """An image as the address of an `<img>`."""
    return "data:image/png;base64," + base64.b64encode(png(grey)).decode()


def _cut(pixels: Pixels, centre: tuple[float, float], half: int) -> Pixels:
    """A square around a place; where it leaves the frame, the frame's edge goes on."""
    x, y = round(centre[0]), round(centre[1])
    rows = np.clip(np.arange(y - half, y + half + 1), 0, pixels.shape[0] - 1)
    columns = np.clip(np.arange(x - half, x + half + 1), 0, pixels.shape[1] - 1)
    cut: Pixels = pixels[np.ix_(rows, columns)]
    return cut


def _binned(pixels: Pixels, n: int) -> NDArray[np.float32]:
    """Means over n by n pixels: rows first, which are read as they lie in memory."""
    rows, columns = pixels.shape[0] // n, pixels.shape[1] // n
    whole = pixels[: rows * n, : columns * n]
    if n == 1:
        return whole.astype(np.float32)
    lines = np.add.reduce(whole.reshape(rows, n, columns * n), axis=1, dtype=np.float32)
    binned: NDArray[np.float32] = lines.reshape(rows, columns, n).mean(axis=2) / n
    return binned


def _stretched(image: NDArray[np.float32], *, of_star: bool) -> Pixels:
    """Grey levels from the sky up; a star goes to its own peak, a frame to its bright stars."""
    image = np.nan_to_num(image)
    sky = float(np.median(image))
    sigma = 1.4826 * float(np.median(np.abs(image - sky)))
    # The fourth brightest pixel is the star's still; the brightest may be a hot one.
    top = float(np.sort(image, axis=None)[-4] if of_star else np.percentile(image, 99.8))
    low = sky - 2 * sigma
    high = max(top, sky + 8 * sigma, low + 1)
    share = np.clip((image - low) / (high - low), 0, 1) ** 0.7
    grey: Pixels = (np.rint(share * _LEVELS) * (255 / _LEVELS)).astype(np.uint8)
    return grey
