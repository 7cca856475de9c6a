"""From a frame to its number: which objects are counted, and what that does to the V-curve."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from focusbench.frames import DarkLibrary, Frame, crop, write_frame
from focusbench.lessons.flipbook import Flipbook
from focusbench.lessons.pictures import FIT, INK, MUTED, OTHER, Picture, X, new_axes, style
from focusbench.lessons.plain_program import plain_reading
from focusbench.lessons.through_focus import ThroughFocus
from focusbench.simulator import SimulatedRig

BOX = "#4fd18b"
DARKEST, BRIGHTEST = 1.0, 30.0
"""Black and white of a shown frame, in units of its noise above the sky."""


def minimum_diameter(frame: Frame, diameters: Sequence[float]) -> Flipbook:
    """Slide the minimum diameter and see which boxes a plain program keeps.

    Parameters
    ----------
    frame : Frame
    diameters : sequence of float, pixels

    Examples
    --------
    >>> import focusbench as fb
    >>> from focusbench import lessons
    >>> frame = lessons.take_frame(fb.simulated_rig(seed=5, hot_share=1e-3), 10_250)
    >>> book = lessons.minimum_diameter(frame, [0, 3])
    >>> book.slider.value = 3
    >>> "HFR" in book.picture.words
    True
    """

    def draw(diameter: float) -> Picture:
        read = plain_reading(frame, diameter)
        figure, (axes,) = new_axes(width=6.4, height=4.6)
        _show(axes, frame)
        _boxes(axes, read.counted)
        words = (
            f"{len(read.counted)} objects of at least {diameter:g} pixels are counted; "
            f"their mean HFR is {read.value:.2f} px."
        )
        return Picture(figure, words)

    return Flipbook("Minimum diameter, px", diameters, draw)


def objects_and_stars(
    rig: SimulatedRig, frame: Frame, diameters: Iterable[float]
) -> list[tuple[float, int, int]]:
    """Minimum diameter, objects counted by the plain program, and how many of these are stars.

    Examples
    --------
    >>> import focusbench as fb
    >>> from focusbench import lessons
    >>> rig = fb.simulated_rig(seed=5, shape=(160, 200), n_stars=40, hot_share=1e-3)
    >>> frame = lessons.take_frame(rig, 10_250)
    >>> (_, everything, _), (_, larger, _) = lessons.objects_and_stars(rig, frame, [0, 3])
    >>> larger < everything
    True
    """
    found = []
    for diameter in diameters:
        read = plain_reading(frame, diameter)
        found.append((diameter, len(read.counted), read.n_stars(rig.sky.x, rig.sky.y)))
    return found


def plain_curve(frames: Iterable[Frame], min_diameter_px: float) -> NDArray[np.float64]:
    """What the plain program reads in each frame, pixels.

    Examples
    --------
    >>> import focusbench as fb
    >>> from focusbench import lessons
    >>> looked = lessons.frames_of(fb.open_package(fb.sample_packages()[0]))
    >>> lessons.plain_curve(looked.frames, 3).shape
    (9,)
    """
    return np.array([plain_reading(frame, min_diameter_px).value for frame in frames])


def hot_pixels_counted(rig: SimulatedRig, frame: Frame) -> int:
    """How many hot pixels of the sensor the plain program takes for a star, without a minimum.

    Examples
    --------
    >>> import focusbench as fb
    >>> from focusbench import lessons
    >>> rig = fb.simulated_rig(seed=5, shape=(160, 200), n_stars=40, hot_share=1e-3)
    >>> lessons.hot_pixels_counted(rig, lessons.take_frame(rig, 10_250)) <= 32
    True
    """
    x, y = rig.sensor.hot_column.astype(float), rig.sensor.hot_row.astype(float)
    return plain_reading(frame).n_stars(x, y, near_px=0.8)


def curves(looked: ThroughFocus, others: Mapping[str, NDArray[np.float64]]) -> Picture:
    """The V-curve by the frames' own measurement, and others beside it.

    Parameters
    ----------
    looked : ThroughFocus
    others : mapping of str to float array, shape (n_frames,), pixels
        By the words that stand in the legend.

    Examples
    --------
    >>> import focusbench as fb
    >>> from focusbench import lessons
    >>> looked = lessons.frames_of(fb.open_package(fb.sample_packages()[0]))
    >>> lessons.curves(looked, {"flat": looked.hfr * 0 + 1}).words[-12:]
    '1.0 by flat.'
    """
    figure, (axes,) = new_axes(width=7.0, height=3.4)
    style(axes, x="focuser position, steps; out →", y="what is read, px")
    axes.plot(looked.positions, looked.hfr, "o-", color=FIT, lw=2, label="focusbench")
    for (name, values), mark, color in zip(others.items(), "sx^", (OTHER, X, MUTED), strict=False):
        axes.plot(looked.positions, values, f"{mark}--", color=color, lw=1.3, label=name)
    axes.set_ylim(bottom=0)
    axes.set_xticks(sorted(looked.positions)[::2])
    axes.legend(frameon=False, fontsize=9)
    said = ", ".join(
        f"{ends_over_minimum(values):.1f} by {name}"
        for name, values in {"focusbench": looked.hfr, **others}.items()
    )
    return Picture(figure, f"Ends over minimum: {said}.")


def ends_over_minimum(values: NDArray[np.float64]) -> float:
    """Mean of the first and the last value over the lowest.

    Examples
    --------
    >>> from focusbench import lessons
    >>> import numpy as np
    >>> lessons.ends_over_minimum(np.array([6.0, 2.0, 4.0]))
    2.5
    """
    return float((values[0] + values[-1]) / 2 / values.min())


def stars_seen(looked: ThroughFocus, index: int) -> Picture:
    """A frame with what focusbench counts in boxes, and what it leaves out crossed.

    Examples
    --------
    >>> import focusbench as fb
    >>> from focusbench import lessons
    >>> looked = lessons.frames_of(fb.open_package(fb.sample_packages()[0]))
    >>> "stars are counted" in lessons.stars_seen(looked, looked.sharpest).words
    True
    """
    table = looked.measured[index].stars
    figure, (axes,) = new_axes(width=6.4, height=4.6)
    _show(axes, looked.frames[index])
    _boxes(axes, table[table["used"]])
    out = table[~table["used"]]
    axes.plot(out["x"], out["y"], "x", color=X, ms=9, mew=2, label="left out")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 0), ncols=2, frameon=False, fontsize=9)
    used = int(table["used"].sum())
    return Picture(figure, f"{used} stars are counted, {len(out)} objects are left out.")


def reasons(looked: ThroughFocus, index: int) -> dict[str, int]:
    """Why objects of a frame are left out, and how many for each reason, the commonest first.

    Examples
    --------
    >>> import focusbench as fb
    >>> from focusbench import lessons
    >>> looked = lessons.frames_of(fb.open_package(fb.sample_packages()[0]))
    >>> "touches the border" in lessons.reasons(looked, 0)
    True
    """
    table = looked.measured[index].stars
    return dict(Counter(table["reason"][~table["used"]].tolist()).most_common())


def take_dark(rig: SimulatedRig, exposure_s: float, folder: str | Path) -> Path:
    """Expose with the telescope capped, and save the dark under a name that auto focus finds.

    Parameters
    ----------
    rig : SimulatedRig
    exposure_s : float, seconds
    folder : path
        Made where it is not there.

    Returns
    -------
    Path
        Of the dark, such as `darks/3_dark.fits`.

    Examples
    --------
    >>> import focusbench as fb
    >>> from focusbench import lessons
    >>> rig = fb.simulated_rig(seed=5, shape=(160, 200), n_stars=40, hot_share=1e-3)
    >>> lessons.take_dark(rig, 3, "darks").name  # doctest: +SKIP
    '3_dark.fits'
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{exposure_s:g}_dark.fits"
    no_light = np.zeros(rig.sensor.shape)
    # A number that no exposure of a night has: the noise is the dark's own.
    rng = np.random.default_rng([rig.seed, 2**31])
    write_frame(Frame(rig.sensor.read(no_light, exposure_s, rng), exposure_s=exposure_s), path)
    return path


def without_dark(frames: Iterable[Frame], folder: str | Path) -> list[Frame]:
    """Frames less the dark of the folder that fits them, as a run with `dark_folder` does it.

    Examples
    --------
    >>> import focusbench as fb
    >>> from focusbench import lessons
    >>> looked = lessons.frames_of(fb.open_package(fb.sample_packages()[0]))
    >>> cleaned = lessons.without_dark(looked.frames, "darks")  # doctest: +SKIP
    """
    library = DarkLibrary(folder)
    return [library.subtract(frame) for frame in frames]


def crop_margins(rows: int, columns: int, crop_percent: float) -> tuple[int, int]:
    """Pixels that a crop drops left and right, and top and bottom.

    Examples
    --------
    >>> from focusbench import lessons
    >>> lessons.crop_margins(600, 800, 5)
    (20, 15)
    """
    kept = crop(np.zeros((rows, columns), np.uint8), crop_percent).shape
    return (columns - kept[1]) // 2, (rows - kept[0]) // 2


def _show(axes: Any, frame: Frame) -> None:
    light = frame.pixels.astype(np.float64)
    light -= np.median(light)
    noise = 1.4826 * float(np.median(np.abs(light)))
    shown = np.sqrt(np.clip(light, DARKEST * noise, BRIGHTEST * noise))
    axes.imshow(shown, cmap="gray", origin="upper", interpolation="nearest")
    axes.set(xticks=[], yticks=[])
    axes.set(xlim=(-0.5, shown.shape[1] - 0.5), ylim=(shown.shape[0] - 0.5, -0.5))
    axes.set_autoscale_on(False)
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)
    axes.set_title(f"{frame.pixels.shape[1]} × {frame.pixels.shape[0]} pixels", loc="left",
                   fontsize=10, color=MUTED)  # fmt: skip


def _boxes(axes: Any, objects: NDArray[np.void]) -> None:
    """A box around each object, never smaller than can be seen."""
    for one in objects:
        half = max(5.0, 0.8 * float(one["diameter"]))
        corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]]) * half
        axes.plot(one["x"] + corners[:, 0], one["y"] + corners[:, 1], color=BOX, lw=1.2)
    axes.plot([], [], "s", mfc="none", mec=BOX, color=INK, label="counted")
