import math

import numpy as np
import pytest

from focusbench.curve import warm


@pytest.fixture(scope="module")
def functions():
    warm()
    from focusbench.curve.vector_math import fast_exp, fast_log

    return fast_exp, fast_log


def test_the_exponential_is_that_of_the_library_to_a_hundred_millionth(functions):
    fast_exp, _ = functions
    # Taylor's series on ± ½ ln 2 is cut off at r⁸/8!, 5e-9; over e^r, which is 1/√2 at least.
    for x in np.linspace(-600, 600, 4001):
        assert fast_exp(x) == pytest.approx(math.exp(x), rel=1e-8)


def test_the_logarithm_is_that_of_the_library(functions):
    _, fast_log = functions
    assert fast_log(1.0) == 0
    for x in np.exp(np.linspace(-600, 600, 4001)):
        assert fast_log(x) == pytest.approx(math.log(x), rel=1e-10, abs=1e-10)


def test_a_sum_over_many_points_of_huge_odds_does_not_overflow():
    from focusbench.curve import FocusPoint, find_best_focus

    x = np.arange(40) * -60.0
    y = 2 * np.hypot(1, (x + 1170) / 300)
    y[::2] *= 1000.0
    fit = find_best_focus(
        [FocusPoint(p, m, error=0.01) for p, m in zip(x, y, strict=True)], step_size=60
    ).fits["auto"]
    assert math.isfinite(fit.parameters["gain"])
