"""Points made by hand for the doctor."""

import numpy as np
import pytest

from focusbench.curve import BestFocus, FocusPoint, Outcome
from focusbench.doctor import diagnose_points

FOCUSED = BestFocus(Outcome.FOCUSED, "auto", 1000.0, 2.0, expected_metric=2.0)
NOT_FOCUSED = BestFocus(Outcome.NOT_FOCUSED, "auto")


def v_curve(n=9, step=50.0, best=1000.0, a=2.0, b=70.0, centre=1000.0, **more):
    """Points of a hyperbola, taken inward."""
    positions = centre + step * (n // 2 - np.arange(n))
    return [
        FocusPoint(float(p), float(a * np.hypot(1, (p - best) / b)), error=0.02, **more)
        for p in positions
    ]


def codes(points, best=FOCUSED, **more):
    return [finding.code for finding in diagnose_points(points, best, **more)]


@pytest.fixture
def pathology(shared_data):
    """Opens one of the made-up reports by the name of its symptom."""
    import focusbench as fb

    def analyze(name):
        return fb.analyze(shared_data / "nina-style-pathologies" / f"{name}-sample.json")

    return analyze
