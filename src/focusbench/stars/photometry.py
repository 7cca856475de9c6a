"""Flux, radii and shape of many stars at once, all with the aperture of the frame."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from focusbench.stars.detection import Peaks, binned
from focusbench.stars.growth import RING_PX, Cutouts, Growth, cut_out, grow
from focusbench.stars.sky import SkySubtracted

_FloatArray = NDArray[np.float64]
_BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class StarSize:
    """Width that the stars of one frame share.

    Attributes
    ----------
    r50, r90 : float, pixels
        Radii that hold half and nine tenths of the flux.
    """

    r50: float
    r90: float

    @property
    def body(self) -> float:
        """Radius of what belongs to the star beyond doubt, pixels."""
        return self.r50 + 1.5 * (self.r90 - self.r50)

    @property
    def aperture(self) -> float:
        """Radius within which the flux is summed, pixels.

        Four times the way from half to nine tenths of the flux ends 1.5 to 1.7 radii from the
        centre of a donut and holds all of a Gaussian. Stars with wide wings end at five half-flux
        radii: 99.2 % of a Moffat profile with β = 3.
        """
        return min(self.r50 + 4.0 * (self.r90 - self.r50), 5.0 * self.r50)

    @property
    def bin_px(self) -> int:
        """Binning that leaves a star at least 4 pixels of half-flux radius."""
        return 1 << max(0, int(np.log2(max(self.r50, 1.0) / 4.0)))


@dataclass(frozen=True, eq=False)
class Photometry:
    """What was measured of each star; arrays of shape (n_stars,), pixels of the full frame.

    Attributes
    ----------
    x, y : centroid.
    flux, peak : ADU above the local sky.
    snr : flux over the noise of the sky under the star.
    diameter : of the circle with the area of the pixels well above the noise.
    r50, r90 : radii of half and nine tenths of the flux.
    mean_radius : mean distance of the flux from the centroid.
    axis_ratio : long over short axis, from the second moments.
    clear : part of the star's body that neither a neighbour nor a missing pixel hides.
    at_border, saturated, blended : flags.
    """

    x: _FloatArray
    y: _FloatArray
    flux: _FloatArray
    peak: _FloatArray
    snr: _FloatArray
    diameter: _FloatArray
    r50: _FloatArray
    r90: _FloatArray
    mean_radius: _FloatArray
    axis_ratio: _FloatArray
    clear: _FloatArray
    at_border: _BoolArray
    saturated: _BoolArray
    blended: _BoolArray


def photometry(sky: SkySubtracted, peaks: Peaks, size: StarSize) -> Photometry:
    """Measure the stars at `peaks`, each by its curve of growth.

    Parameters
    ----------
    sky : SkySubtracted
    peaks : Peaks
        One for each star; those among them that lie close to each other hide one another.
    size : StarSize
        Sets the aperture, the same for every star, so that faint and bright stars are measured
        alike.
    """
    # Wide stars are measured on a binned image: it costs less, and a pixel is still small.
    bin_px = size.bin_px
    half = (bin_px - 1) / 2
    image = binned(sky.image, bin_px)
    valid = sky.valid if bin_px == 1 else binned(sky.valid.astype(np.float32), bin_px) > 0.999
    body, aperture = size.body / bin_px, size.aperture / bin_px
    x, y = (peaks.x - half) / bin_px, (peaks.y - half) / bin_px

    for _ in range(3):
        x, y = _recentred(_without_neighbours(cut_out(image, valid, x, y, body), peaks, size), body)
    cutouts = _without_neighbours(cut_out(image, valid, x, y, 1.4 * aperture + 2), peaks, size)
    growth = grow(cutouts, image, core_px=min(1.25 * size.r50 / bin_px + 1.0, 6.0))
    local_sky = _local_sky(growth, aperture)
    net = growth.light - local_sky[:, None] * growth.area
    total, r50, r90, mean_radius = _radii(net, aperture)

    radius = cutouts.radius
    within = radius <= body
    values = cutouts.values - local_sky[:, None].astype(np.float32)
    shown = within & cutouts.valid
    noise = sky.noise / bin_px
    lit = (values > 2.5 * noise) & cutouts.valid & (radius <= aperture)
    flux = total * bin_px**2
    full_x, full_y = bin_px * x + half, bin_px * y + half
    n_y, n_x = sky.image.shape
    edge = size.body - 0.5
    return Photometry(
        x=full_x,
        y=full_y,
        flux=flux,
        peak=np.where(shown, values, 0).max(axis=1, initial=0.0).astype(float),
        snr=flux / (sky.noise * np.sqrt(np.pi) * size.body),
        diameter=2.0 * bin_px * np.sqrt(lit.sum(axis=1) / np.pi),
        r50=r50 * bin_px,
        r90=r90 * bin_px,
        mean_radius=mean_radius * bin_px,
        axis_ratio=_axis_ratio(cutouts, values, within, net, growth),
        clear=shown.sum(axis=1) / np.maximum(within.sum(axis=1), 1),
        at_border=(full_x < edge)
        | (full_y < edge)
        | (full_x > n_x - 1 - edge)
        | (full_y > n_y - 1 - edge),
        saturated=_any_saturated(sky, full_x, full_y, size.body),
        blended=_blended(full_x, full_y, peaks.significance, size.body),
    )


def _without_neighbours(cutouts: Cutouts, peaks: Peaks, size: StarSize) -> Cutouts:
    """The cutouts with every neighbour that matters masked."""
    bin_px = size.bin_px
    x, y = (peaks.x - (bin_px - 1) / 2) / bin_px, (peaks.y - (bin_px - 1) / 2) / bin_px
    hidden = 1.2 * size.r90 / bin_px
    reach = float(cutouts.radius.max(initial=0.0)) + hidden
    distance = np.hypot(x[:, None] - cutouts.x, y[:, None] - cutouts.y)
    matters = (distance < reach) & (peaks.significance[:, None] > 0.03 * peaks.significance)
    np.fill_diagonal(matters, False)
    valid = cutouts.valid.copy()
    for neighbour, star in zip(*np.nonzero(matters), strict=True):
        from_x = cutouts.dx[star] - np.float32(x[neighbour] - cutouts.x[star])
        from_y = cutouts.dy[star] - np.float32(y[neighbour] - cutouts.y[star])
        valid[star] &= from_x * from_x + from_y * from_y > hidden * hidden
    return Cutouts(cutouts.x, cutouts.y, cutouts.values, valid, cutouts.dx, cutouts.dy)


def _recentred(cutouts: Cutouts, body: float) -> tuple[_FloatArray, _FloatArray]:
    """Centroids of the light; at most half a star away from where they were sought.

    A masked point takes the point opposite with it, lest the mask pull the centroid.
    """
    opposite = cutouts.opposite()
    shown = cutouts.valid & cutouts.valid[:, opposite]
    light = np.where(shown, cutouts.values, np.float32(0)).astype(float)
    total = light.sum(axis=1)
    bright = total > 0
    safe = np.where(bright, total, 1.0)
    step_x = np.where(bright, (light * cutouts.dx).sum(axis=1) / safe, 0.0)
    step_y = np.where(bright, (light * cutouts.dy).sum(axis=1) / safe, 0.0)
    most = 0.5 * body
    return (
        cutouts.x + np.clip(step_x, -most, most),
        cutouts.y + np.clip(step_y, -most, most),
    )


def _local_sky(growth: Growth, aperture: float) -> _FloatArray:
    """Median over the rings outside the aperture of each star; 0 where too few were seen."""
    first = int(np.ceil(aperture / RING_PX))
    light, area = growth.light[:, first:], growth.area[:, first:]
    # The outermost rings are cut by the corners of the pixels.
    seen = growth.seen[:, first:] & (area > 0.5 * area.max(axis=1, initial=0.0)[:, None])
    level = np.sort(np.where(seen, light / np.where(seen, area, 1.0), np.inf), axis=1)
    count = seen.sum(axis=1)
    if level.shape[1] == 0:
        return np.zeros(len(level))
    star = np.arange(len(level))
    low, high = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, level.shape[1] - 1)
    enough = count >= 2
    return np.where(enough, 0.5 * (level[star, low] + np.where(enough, level[star, high], 0)), 0.0)


def _radii(
    net: _FloatArray, aperture: float
) -> tuple[_FloatArray, _FloatArray, _FloatArray, _FloatArray]:
    """Flux in the aperture, half-flux and nine-tenths radius, mean radius; pixels of the cutouts.

    Radii are NaN where the flux is not positive.
    """
    n_rings = max(1, min(net.shape[1], round(aperture / RING_PX)))
    net = net[:, :n_rings]
    edges = RING_PX * np.arange(n_rings + 1)
    summed = np.concatenate([np.zeros((len(net), 1)), np.cumsum(net, axis=1)], axis=1)
    total = summed[:, -1]
    bright = total > 0
    safe = np.where(bright, total, 1.0)

    def radius_of(part: float) -> _FloatArray:
        wanted = part * safe
        ring = np.argmax(summed >= wanted[:, None], axis=1)  # the first crossing
        star = np.arange(len(net))
        ring = np.maximum(ring, 1)
        before, after = summed[star, ring - 1], summed[star, ring]
        rise = np.where(after > before, after - before, 1.0)
        part_of_ring = np.clip((wanted - before) / rise, 0.0, 1.0)
        # Within a ring the light is even, so it grows with the area.
        area = edges[ring - 1] ** 2 + part_of_ring * (edges[ring] ** 2 - edges[ring - 1] ** 2)
        return np.where(bright, np.sqrt(area), np.nan)

    middle = (2 / 3) * np.diff(edges**3) / np.diff(edges**2)
    mean_radius = np.where(bright, net @ middle / safe, np.nan)
    return total, radius_of(0.5), radius_of(0.9), mean_radius


def _axis_ratio(
    cutouts: Cutouts,
    values: NDArray[np.float32],
    within: _BoolArray,
    net: _FloatArray,
    growth: Growth,
) -> _FloatArray:
    """Long over short axis from the second moments inside `within`; infinite for no ellipse."""
    profile = net / np.where(growth.area > 0, growth.area, 1.0)
    ring = (cutouts.radius / RING_PX).astype(np.intp)
    filled = np.where(cutouts.valid, values, np.take_along_axis(profile, ring, axis=1))
    light = np.where(within, filled, 0.0)
    total = light.sum(axis=1)
    xx = (light * cutouts.dx**2).sum(axis=1)
    yy = (light * cutouts.dy**2).sum(axis=1)
    xy = (light * cutouts.dx * cutouts.dy).sum(axis=1)
    middle, half = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
    ellipse = (total > 0) & (middle > half)
    ratio = np.where(ellipse, middle + half, 1.0) / np.where(ellipse, middle - half, 1.0)
    return np.where(ellipse, np.sqrt(ratio), np.inf)


def _any_saturated(sky: SkySubtracted, x: _FloatArray, y: _FloatArray, body: float) -> _BoolArray:
    """Whether a saturated pixel lies in the star's body."""
    rows, columns = np.nonzero(sky.saturated)
    hit = np.zeros(len(x), bool)
    for star in range(len(x)) if len(rows) else ():
        hit[star] = bool(((columns - x[star]) ** 2 + (rows - y[star]) ** 2 <= body * body).any())
    return hit


def _blended(x: _FloatArray, y: _FloatArray, significance: _FloatArray, body: float) -> _BoolArray:
    """Whether another star that matters has its centre in the star's body, or nearly so."""
    distance = np.hypot(x[:, None] - x, y[:, None] - y)
    near = (distance < 1.2 * body) & (significance[:, None] > 0.03 * significance)
    np.fill_diagonal(near, False)
    return np.asarray(near.any(axis=0))
