"""The sensor: electrons to numbers, with all the noise that comes on the way."""

from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

FULL_SCALE_ADU = 65_535

Real = TypeVar("Real", np.float32, np.float64)


def _none() -> NDArray[np.int64]:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Sensor:
    """A monochrome CMOS sensor behind a 16-bit converter.

    Attributes
    ----------
    shape : (int, int)
        Rows and columns.
    pixel_um : float, µm
    gain_e_per_adu : float, electrons per ADU
    read_noise_e : float, electrons
        Standard deviation, each pixel.
    bias_adu : float, ADU
        What a pixel without light reads.
    hot_row, hot_column : int arrays, shape (n_hot,)
        Pixels that make electrons of their own.
    hot_e_per_s : float array, shape (n_hot,), electrons per second
    """

    shape: tuple[int, int] = (768, 1024)
    pixel_um: float = 3.76
    gain_e_per_adu: float = 0.8
    read_noise_e: float = 3.0
    bias_adu: float = 500.0
    hot_row: NDArray[np.int64] = field(default_factory=_none)
    hot_column: NDArray[np.int64] = field(default_factory=_none)
    hot_e_per_s: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))

    def expected(
        self, electrons: NDArray[np.float64], exposure_s: float, *, binning: int = 1
    ) -> NDArray[np.float64]:
        """What would be read on average if there were no full scale.

        Parameters
        ----------
        electrons : float array, shape `shape`, electrons
            Expected from the sky during the exposure; hot pixels are added here.
        exposure_s : float, seconds
        binning : int

        Returns
        -------
        float array, shape (n_y // binning, n_x // binning), ADU
        """
        return _binned(
            self.bias_adu + self._with_hot(electrons, exposure_s) / self.gain_e_per_adu, binning
        )

    def read(
        self,
        electrons: NDArray[np.float64],
        exposure_s: float,
        rng: np.random.Generator,
        *,
        binning: int = 1,
    ) -> NDArray[np.uint16]:
        """One frame: shot noise, read noise, rounding, clipping; then binning.

        Binning is done as drivers of CMOS cameras do it: the numbers of the pixels are *summed*
        after they were read, bias and read noise of each included, and clipped at full scale.

        Parameters
        ----------
        electrons : float array, shape `shape`, electrons
            Expected from the sky during the exposure; hot pixels are added here.
        exposure_s : float, seconds
        rng : numpy.random.Generator
        binning : int

        Returns
        -------
        uint16 array, shape (n_y // binning, n_x // binning), ADU
        """
        # In place and in single precision, which holds a count to a hundredth of an electron:
        # this is half of what a simulated run costs.
        adu = _counted(self._with_hot(electrons, exposure_s), rng)
        noise = rng.standard_normal(adu.shape, dtype=np.float32)
        noise *= np.float32(self.read_noise_e)
        adu += noise
        adu *= np.float32(1.0 / self.gain_e_per_adu)
        adu += np.float32(self.bias_adu)
        np.clip(np.rint(adu, out=adu), 0, FULL_SCALE_ADU, out=adu)
        return np.minimum(_binned(adu, binning), FULL_SCALE_ADU).astype(np.uint16)

    def _with_hot(self, electrons: NDArray[np.float64], exposure_s: float) -> NDArray[np.float64]:
        electrons = electrons.copy()
        electrons[self.hot_row, self.hot_column] += self.hot_e_per_s * exposure_s
        return electrons


def random_sensor(
    rng: np.random.Generator,
    shape: tuple[int, int] = (768, 1024),
    pixel_um: float = 3.76,
    *,
    hot_share: float = 3e-5,
) -> Sensor:
    """Draw a sensor whose hot pixels, a share `hot_share` of all, make 100 to 10 000 e⁻/s."""
    n_hot = round(hot_share * shape[0] * shape[1])
    return Sensor(
        shape=shape,
        pixel_um=pixel_um,
        hot_row=rng.integers(0, shape[0], n_hot),
        hot_column=rng.integers(0, shape[1], n_hot),
        hot_e_per_s=10 ** rng.uniform(2, 4, n_hot),
    )


def _counted(expected: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float32]:
    """Electrons that were counted where `expected` were to be, Poisson distributed.

    From 30 electrons on, λ + √λ·z + (z² − 1)/6 with z normal (Cornish and Fisher 1938, two
    terms): mean and skewness are those of a Poisson count and the variance is too large by 1/18
    of an electron, at a seventh of the time. It is rounded with the ADU, not before.
    """
    # A sum of cosines may fall short of zero by a millionth of a star.
    counted = np.maximum(expected, 0, dtype=np.float32)
    few = counted < 30
    faint = counted[few]
    z = rng.standard_normal(counted.shape, dtype=np.float32)
    shot = np.sqrt(counted)
    shot *= z
    counted += shot
    z *= z
    z -= np.float32(1.0)
    z *= np.float32(1.0 / 6.0)
    counted += z
    if faint.size:
        counted[few] = rng.poisson(faint)
    return counted


def _binned(pixels: NDArray[Real], binning: int) -> NDArray[Real]:
    """Sum blocks of `binning` × `binning` pixels; rows and columns left over are dropped."""
    if binning == 1:
        return pixels
    n_y, n_x = pixels.shape[0] // binning, pixels.shape[1] // binning
    whole = pixels[: n_y * binning, : n_x * binning]
    blocks: NDArray[Real] = whole.reshape(n_y, binning, n_x, binning).sum(axis=(1, 3))
    return blocks
