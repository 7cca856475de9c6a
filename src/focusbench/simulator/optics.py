"""The telescope's picture of a star: a defocused pupil, blurred by seeing, caught by pixels.

All three have a Fourier transform in closed form, real and even, so that a star is drawn as a
sum of cosines at its exact place: nothing is oversampled or interpolated.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_WING = 10.0
"""Half a stamp is the donut plus this many Moffat radii α: beyond lie 10⁻⁴ of the light at
β = 3, which the periodic sum folds back into the stamp, so that no light is lost."""

_NEGLIGIBLE = 1e-5
"""Frequencies at which the seeing passes less than this are left out."""

_WEAK = 1e-6
"""So are terms of the sum that are weaker than this, measured by the strongest."""


@dataclass(frozen=True)
class Optics:
    """A telescope with a central obstruction.

    Attributes
    ----------
    focal_ratio : float
        Focal length over aperture.
    obstruction : float
        Diameter of the central obstruction over that of the aperture, 0 to below 1.
    beta : float
        Exponent of the Moffat profile of the seeing.
    """

    focal_ratio: float = 7.0
    obstruction: float = 0.3
    beta: float = 3.0

    def donut_radius_px(self, defocus_um: float, pixel_um: float) -> float:
        """Outer radius of the geometric donut, pixels: the cone of light cut at `defocus_um`."""
        return abs(defocus_um) / (2 * self.focal_ratio * pixel_um)

    def transfer(
        self, kx: NDArray[np.float64], ky: NDArray[np.float64], radius_px: float, fwhm_px: float
    ) -> NDArray[np.float64]:
        """Fourier transform of a star of unit flux, as integrated by pixels.

        Parameters
        ----------
        kx, ky : float arrays, radians per pixel
            Broadcast against each other.
        radius_px : float, pixels
            Outer radius of the donut.
        fwhm_px : float, pixels
            Full width at half maximum of the seeing.
        """
        k = np.hypot(kx, ky)
        pixel = np.sinc(kx / (2 * np.pi)) * np.sinc(ky / (2 * np.pi))
        hole = self.obstruction
        pupil = (_disk(k * radius_px) - hole**2 * _disk(k * radius_px * hole)) / (1 - hole**2)
        transfer: NDArray[np.float64] = (
            pixel * pupil * self.seeing_transfer(k * self.moffat_radius_px(fwhm_px))
        )
        return transfer

    def moffat_radius_px(self, fwhm_px: float) -> float:
        """Radius α of the Moffat profile (1 + r²/α²)^−β, pixels."""
        return fwhm_px / (2 * math.sqrt(2 ** (1 / self.beta) - 1))

    def seeing_transfer(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Fourier transform of the Moffat profile at u = k·α: u^ν K_ν(u) / (2^(ν−1) Γ(ν)).

        ν = β − 1; Basset's integral, for the profile normalised to (β − 1)/(π α²).
        """
        from scipy.special import kv

        nu = self.beta - 1
        safe = np.where(u > 0, u, 1.0)
        value = safe**nu * kv(nu, safe) / (2 ** (nu - 1) * math.gamma(nu))
        return np.where(u > 0, value, 1.0)


class StarShape:
    """The picture of one star, to be drawn at any place.

    The stamp is a sum of cosines that repeats itself outside. Its spectrum is taken apart into a
    short sum of products f(x)·f(y), a dozen terms instead of all pairs of frequencies, which
    leaves little work for each star.

    Parameters
    ----------
    optics : Optics
    radius_px : float, pixels
        Outer radius of the donut.
    fwhm_px : float, pixels
        Full width at half maximum of the seeing.
    """

    def __init__(self, optics: Optics, *, radius_px: float, fwhm_px: float) -> None:
        alpha = optics.moffat_radius_px(fwhm_px)
        self._half = math.ceil(radius_px + _WING * alpha) + 1
        size = 2 * self._half
        step = 2 * math.pi / size
        k = step * np.arange(1 + math.ceil(40 / (step * alpha)), dtype=np.float64)
        self._k = k = k[optics.seeing_transfer(k * alpha) > _NEGLIGIBLE]
        weight = np.sqrt(np.where(k == 0, 1.0, 2.0) / size)
        spectrum = optics.transfer(k, k[:, None], radius_px, fwhm_px) * weight * weight[:, None]
        strength, modes = np.linalg.eigh(spectrum)
        counts = np.abs(strength) > _WEAK * np.abs(strength).max()
        self._strength = strength[counts]
        self._modes = weight[:, None] * modes[:, counts]
        pixels = np.arange(-self._half, self._half)[:, None]
        self._cosine, self._sine = np.cos(pixels * k), np.sin(pixels * k)

    def add_to(self, image: NDArray[np.float64], x: float, y: float, flux: float) -> None:
        """Add a star to an image, in place.

        Parameters
        ----------
        image : float array, shape (n_y, n_x)
        x, y : float, pixels
            Column and row from the centre of the first pixel; may lie outside.
        flux : float, in units of the image
            Whole light of the star.
        """
        in_image_x, across = self._profiles(x, image.shape[1])
        in_image_y, down = self._profiles(y, image.shape[0])
        image[in_image_y, in_image_x] += (down * (flux * self._strength)) @ across.T

    def _profiles(self, place: float, n_pixels: int) -> tuple[slice, NDArray[np.float64]]:
        """Along one axis: which pixels of the image are met, and the f's there."""
        nearest = round(place)
        first = nearest - self._half
        start, stop = max(0, first), min(n_pixels, nearest + self._half)
        if start >= stop:
            return slice(0, 0), np.zeros((0, len(self._strength)))
        # cos(k·(pixel − shift)), the shift being what is left of the place below a pixel.
        shift, on = self._k * (place - nearest), slice(start - first, stop - first)
        waves = self._cosine[on] * np.cos(shift) + self._sine[on] * np.sin(shift)
        profiles: NDArray[np.float64] = waves @ self._modes
        return slice(start, stop), profiles


def _disk(u: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fourier transform of a uniform disk of unit flux, 2 J₁(u)/u, at u = k·radius."""
    from scipy.special import j1

    safe = np.where(u > 0, u, 1.0)
    return np.where(u > 0, 2 * j1(safe) / safe, 1.0)
