"""Builders of points, and V-curves with known truth."""

import math
from pathlib import Path

import numpy as np
import pytest

from focusbench.curve import FocusPoint

SHARED_DATA = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    if not SHARED_DATA.is_dir():
        pytest.skip(f"real data not found at {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture(scope="session")
def make_points():
    def build(positions, metrics, errors=None, scatters=None) -> list[FocusPoint]:
        return [
            FocusPoint(
                position=float(position),
                metric=float(metrics[i]),
                error=None if errors is None else float(errors[i]),
                scatter=None if scatters is None else float(scatters[i]),
            )
            for i, position in enumerate(positions)
        ]

    return build


@pytest.fixture(scope="session")
def sgpro_run(make_points) -> list[FocusPoint]:
    """The one complete SGPro run known: FSQ-106N, 600D, 8 s, 2×2, SGPro answered 24901."""
    hfr = [7.01, 5.81, 4.58, 3.38, 2.77, 2.64, 3.41, 4.46, 5.75]
    return make_points(range(25013, 24812, -25), hfr)


@pytest.fixture(scope="session")
def mixed_run(make_points):
    """A run drawn from the population that the estimator's figures are stated for.

    Wings that bend (γ 0.5 to 0.6) and differ by ± 10 %, a ceiling at 5 × in a third, 1 to 8 %
    frame scatter that the stated errors do not know, 8 to 100 stars that fade with defocus.
    Positions in steps of 60 around 1000; returns points and true focus.
    """

    def draw(rng, n=9):
        gamma, asymmetry = rng.uniform(0.5, 0.6), rng.uniform(-0.1, 0.1)
        ceiling = 5 if rng.random() < 1 / 3 else math.inf
        frame, stars = rng.uniform(0.01, 0.08), rng.uniform(8, 100)
        half = (n - 1) / 2
        b = half / math.sqrt(rng.uniform(1.8, 5) ** (1 / gamma) - 1)
        x = half - np.arange(n)
        truth = rng.uniform(-0.5, 0.5)
        u = (x - truth) / b
        u *= 1 + asymmetry * np.sign(u)
        ratio = np.minimum((1 + u * u) ** gamma, ceiling)
        n_stars = np.maximum(3, stars * ratio**-0.7)
        error = 0.12 * 1.2533 / np.sqrt(n_stars)
        y = 3 * ratio * (1 + frame * rng.normal(size=n) + error * rng.normal(size=n))
        stated = error * np.sqrt(rng.chisquare(n_stars - 1) / (n_stars - 1))
        return make_points(1000 + 60 * x, y, stated * y), 1000 + 60 * truth

    return draw
