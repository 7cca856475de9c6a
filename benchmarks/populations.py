"""V-curves with known truth, for `focus_accuracy.py`: shapes drawn from a population, and optics.

Positions are in step sizes, in the order taken (inward). None of it uses `focusbench.curve`.
"""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from focusbench.simulator.optics import Optics

STAR_SCATTER = 0.12
GAMMA_SD, KAPPA_SD = 0.04, 0.07


@dataclass(frozen=True)
class Draw:
    """One run: positions, metrics, stated errors, truth, and the least errors possible."""

    x: np.ndarray
    y: np.ndarray
    error: np.ndarray
    truth: float
    crb3: float
    crb5: float


@dataclass(frozen=True)
class Cell:
    """What the runs of one table row have in common. A range is drawn from evenly."""

    name: str
    n: tuple[int, int] = (9, 9)
    gamma: tuple[float, float] = (0.5, 0.6)
    wings: tuple[float, float] = (-0.1, 0.1)
    ceiling: float = 1 / 3
    """Share of runs in which the HFR grows no further than 5 times its minimum."""
    scatter: tuple[float, float] = (0.01, 0.08)
    stars: tuple[float, float] = (8, 100)
    ratio: tuple[float, float] = (1.8, 5)
    centre: tuple[float, float] = (-0.5, 0.5)
    bad: tuple[int, int] = (0, 0)
    lag: tuple[float, float] = (0, 0)
    lag_share: float = 1.0
    drift: float = 0.0
    optics: bool = False


IDEAL = {
    "gamma": (0.5, 0.5),
    "wings": (0, 0),
    "ceiling": 0,
    "scatter": (0.03, 0.03),
    "ratio": (3, 3),
    "stars": (30, 30),
}
MIXES = [Cell(f"mix n {n}", n=(n, n)) for n in (5, 7, 9, 11, 15)]
DEPLOYMENT = Cell(
    "deployment", n=(7, 15), bad=(0, 2), lag=(0, 2), lag_share=0.3, drift=0.05, centre=(-1.5, 1.5)
)
OPTICS = Cell("optics", n=(7, 13), wings=(-0.08, 0.08), scatter=(0.01, 0.05), optics=True)
TWO_BAD = Cell("mix, 2 bad of 9", bad=(2, 2))
SINGLE_CAUSES = [
    Cell("ideal", **IDEAL),
    Cell("wings ± 10 %", **IDEAL | {"wings": (-0.1, 0.1)}),
    Cell("2 bad of 9", **IDEAL, bad=(2, 2)),
    Cell("mix, 0 to 2 bad", bad=(0, 2)),
    Cell("mix, 1 bad of 7", n=(7, 7), bad=(1, 1)),
    TWO_BAD,
    Cell("mix, lag 0 to 2", lag=(0, 2)),
    Cell("mix, lag 0 to 3", lag=(0, 3)),
    Cell("mix, centre ± 2", centre=(-2, 2)),
    Cell("mix, drift 5 %", drift=0.05),
    Cell("6 stars", **IDEAL | {"stars": (6, 6)}),
    Cell("very wide", n=(9, 13), **IDEAL | {"ratio": (6, 10), "gamma": (0.5, 0.55)}),
]


def draw(cell: Cell, rng: np.random.Generator, wings: float | None = None) -> Draw:
    """Draw one run of a cell; `wings` fixes the asymmetry, for runs of one rig."""
    n = int(rng.integers(cell.n[0], cell.n[1] + 1))
    half = (n - 1) / 2
    x = half - np.arange(n)
    truth = rng.uniform(*cell.centre)
    asymmetry = rng.uniform(*cell.wings) if wings is None else wings
    ceiling = 5.0 if rng.random() < cell.ceiling else math.inf
    ratio = rng.uniform(*cell.ratio)
    if cell.optics:
        even, reach = optics_curve(rng.integers(len(OPTICS_FAMILY))), None
        reach = even.reach(ratio)
    else:
        gamma = rng.uniform(*cell.gamma)
        even = functools.partial(power_curve, gamma)
        reach = math.sqrt(ratio ** (1 / gamma) - 1)
    b = half / reach

    def ln_curve(d: np.ndarray) -> np.ndarray:
        u = d / b * (1 + asymmetry * np.sign(d))
        return np.minimum(even(u), math.log(ceiling))

    at = x.copy()
    if cell.lag[1] and rng.random() < cell.lag_share:
        at = np.minimum(x, x[0] - rng.uniform(*cell.lag))
    ln_true = ln_curve(at - truth)
    frame = rng.uniform(*cell.scatter)
    stars = np.maximum(3, rng.uniform(*cell.stars) * np.exp(-0.7 * ln_true))
    error = STAR_SCATTER * 1.2533 / np.sqrt(stars)
    sigma = np.hypot(frame, error)
    y = np.exp(ln_true) * (1 + sigma * rng.normal(size=n))
    y *= 1 + cell.drift * rng.uniform(-1, 1) * np.linspace(0, 1, n)
    y = np.maximum(y, 0.05)
    bad = rng.choice(n, int(rng.integers(cell.bad[0], cell.bad[1] + 1)), replace=False)
    for i in bad:
        up = rng.uniform(0.12, 0.8)
        y[i] *= 1 + (up if rng.random() < 0.5 else rng.choice([-1, 1]) * rng.uniform(0.1, 0.4))
    stated = error * np.sqrt(rng.chisquare(np.maximum(stars - 1, 2)) / np.maximum(stars - 1, 2))
    good = at == x
    good[bad] = False
    crb3, crb5 = bounds(ln_curve, x[good] - truth, sigma[good], b)
    return Draw(x, 3 * y, 3 * stated * y, truth, crb3, crb5)


def bounds(
    ln_curve: Callable[[np.ndarray], np.ndarray], d: np.ndarray, sigma: np.ndarray, b: float
) -> tuple[float, float]:
    """Cramér-Rao bounds of x0: with height and width free; and shape known by its prior only.

    The second is van Trees' bound with the priors of γ and κ (focus-truth, section 1).
    """
    step = 1e-4 * b
    slope = (ln_curve(d + step) - ln_curve(d - step)) / (2 * step)
    u = d / b
    even, odd = np.log1p(u * u), u * np.abs(u) / (1 + u * u)
    jacobian = np.stack([-slope, np.ones_like(d), -d * slope, even, odd], axis=1)
    fisher = (jacobian / sigma[:, None] ** 2).T @ jacobian
    ridge = 1e-9 * np.trace(fisher)
    crb3 = math.sqrt(np.linalg.inv(fisher[:3, :3] + ridge * np.eye(3))[0, 0])
    fisher[3, 3] += GAMMA_SD**-2
    fisher[4, 4] += KAPPA_SD**-2
    return crb3, math.sqrt(np.linalg.inv(fisher)[0, 0])


def power_curve(gamma: float, u: np.ndarray) -> np.ndarray:
    """Natural logarithm of (1 + u²)^γ."""
    return gamma * np.log1p(u * u)


OPTICS_FAMILY = [(hole, beta) for hole in (0.0, 0.2, 0.35, 0.5) for beta in (2.5, 3.0, 4.0)]
"""Central obstruction, and Moffat exponent of the seeing."""


@dataclass(frozen=True)
class OpticsCurve:
    """ln half-flux radius of an annulus convolved with seeing, over its value in focus."""

    radius: np.ndarray
    ln_growth: np.ndarray

    def __call__(self, u: np.ndarray) -> np.ndarray:
        """Growth at a distance from focus, in units of the seeing's own half-flux radius."""
        return np.interp(np.abs(u), self.radius, self.ln_growth)

    def reach(self, ratio: float) -> float:
        """Radius at which the curve stands `ratio` times its minimum."""
        return float(np.interp(math.log(ratio), self.ln_growth, self.radius))


@functools.cache
def optics_curve(which: int) -> OpticsCurve:
    """Curve of one telescope, from the renderer's own transfer function.

    Encircled energy is E(r) = r·∫ T(k)·J₁(kr) dk (Hankel transform of the point spread function).
    """
    from scipy.special import j1

    hole, beta = OPTICS_FAMILY[which]
    optics = Optics(7.0, hole, beta)
    fwhm = 3.0
    dk = 0.002
    k = np.arange(dk / 2, 5, dk)
    diagonal = k / math.sqrt(2)
    r = np.linspace(0.3, 40, 500)
    rings = r[:, None] * j1(k * r[:, None]) * dk
    radius = np.linspace(0, 32, 161)
    half = []
    for donut in radius:
        energy = rings @ optics.transfer(diagonal, diagonal, donut, fwhm)
        i = int(np.argmax(energy > 0.5))
        part = (0.5 - energy[i - 1]) / (energy[i] - energy[i - 1])
        half.append(r[i - 1] + part * (r[i] - r[i - 1]))
    scale = half[0] / math.sqrt((1 + hole**2) / 2)
    return OpticsCurve(radius / scale, np.log(np.array(half) / half[0]))


def nothing(kind: str, n: int, rng: np.random.Generator) -> Draw:
    """Draw a run with nothing to focus on: flat, line, two minima, outside, noise."""
    half = (n - 1) / 2
    x = half - np.arange(n)
    scatter = rng.uniform(0.01, 0.08)
    match kind:
        case "flat":
            ln_y = np.zeros(n)
        case "line":
            ln_y = rng.choice([-1, 1]) * rng.uniform(0.05, 0.3) * x
        case "two minima":
            apart = rng.uniform(0.45, 0.6) * half
            b = apart / math.sqrt(rng.uniform(2, 3) ** 2 - 1)
            near = np.minimum(np.abs(x - apart), np.abs(x + apart))
            ln_y = 0.5 * np.log1p((near / b) ** 2)
        case "outside":
            truth = rng.choice([-1, 1]) * (half + rng.uniform(0, 3))
            b = half / math.sqrt(rng.uniform(1.8, 5) ** 2 - 1)
            ln_y = 0.5 * np.log1p(((x - truth) / b) ** 2)
        case _:
            ln_y, scatter = np.zeros(n), 0.3
    error = STAR_SCATTER * 1.2533 / math.sqrt(rng.uniform(8, 100))
    y = 3 * np.exp(ln_y + math.hypot(scatter, error) * rng.normal(size=n))
    return Draw(x, y, error * y, math.nan, math.nan, math.nan)
