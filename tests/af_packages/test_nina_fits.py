"""N.I.N.A.'s own fits recompute from the points of its reports: nothing was lost on the way.

Re-implemented here from what its source says: weights 1 / Error², trend lines through the points
more than 0.1 px above the lowest on either side of it (lowest by value + error), R² weighted for
lines and parabola; the hyperbola y = a cosh(asinh((x₀ − x) / b)) with weights 1 / Error.
"""

import json
import re

import numpy as np
import pytest
from scipy.optimize import least_squares

from focusbench.af_packages import import_runs, open_package

NIGHTS = ("2026-05-14", "2026-06-08", "2026-07-03")


@pytest.fixture(params=NIGHTS)
def report(request, shared, tmp_path):
    """A real report as it is written, and its points after an import."""
    (path,) = (shared / "nina-reports").glob(f"{request.param}*.json")
    (run,) = import_runs(path, tmp_path).runs
    points = open_package(run.package).focus_points
    x, y, error = np.array([(p.position, p.metric, p.scatter) for p in points]).T
    return json.loads(path.read_text()), x, y, error


def weighted(x, y, error, degree):
    """Coefficients, highest first, and weighted R² of a polynomial; by its normal equations."""
    weights = error**-2.0
    # Around the weighted mean, so that digits are not lost in 21000².
    centre = np.average(x, weights=weights)
    local = np.polynomial.Polynomial.fit(x, y, degree, w=1 / error, domain=[centre - 1, centre + 1])
    mean = np.average(y, weights=weights)
    rest = np.sum(weights * (y - local(x)) ** 2)
    total = np.sum(weights * (y - mean) ** 2)
    return local.convert().coef[::-1], 1 - rest / total


def trend_lines(x, y, error):
    low = int(np.argmin(y + error))
    high = y > y[low] + 0.1
    index = np.arange(len(x))
    return [
        weighted(x[side], y[side], error[side], 1)
        for side in (high & (index < low), high & (index > low))
    ]


def numbers(formula):
    return [float(word) for word in re.findall(r"[-+]?\d+\.?\d*(?:E[-+]\d+)?", formula)]


def test_trend_lines_recompute_to_every_digit(report):
    document, *points = report
    left, right = trend_lines(*points)
    for name, (line, r2) in (("LeftTrend", left), ("RightTrend", right)):
        slope, offset = numbers(document["Fittings"][name].replace("x", ""))[:2]
        # Sixteen digits are printed; sums in another order differ in the last few of a double.
        assert line == pytest.approx([slope, offset], rel=1e-11)
        assert r2 == pytest.approx(document["RSquares"][name], rel=1e-11)
    (m, c), (n, d) = left[0], right[0]
    crossing = document["Intersections"]["TrendLineIntersection"]
    place = (d - c) / (m - n)
    assert round(place) == crossing["Position"]
    assert m * place + c == pytest.approx(crossing["Value"], rel=1e-11)


def test_the_parabola_recomputes_to_every_digit(report):
    document, *points = report
    (a, b, c), r2 = weighted(*points, 2)
    told = numbers(document["Fittings"]["Quadratic"].replace("x^2", "").replace("x", ""))
    # c is a difference of numbers of b²/4a: up to 54 here, and 10⁻⁹ of a pixel remain.
    assert [a, b, c] == pytest.approx(told[:3], rel=1e-9)
    assert r2 == pytest.approx(document["RSquares"]["Quadratic"], rel=1e-11)
    minimum = document["Intersections"]["QuadraticMinimum"]
    place = -b / (2 * a)
    assert round(place) == minimum["Position"]
    # Its value is that at the rounded position.
    assert np.polyval([a, b, c], round(place)) == pytest.approx(minimum["Value"], rel=1e-9)


def test_the_hyperbola_recomputes_within_a_step(report):
    document, x, y, error = report
    low, width = float(x[np.argmin(y)]), float(np.ptp(x))

    def miss(p):
        return (p[1] * np.hypot(1, (x - p[0]) / p[2]) - y) / error

    fit = least_squares(miss, (low, y.min(), width / 4), x_scale=(width / 10, 1, width / 4))
    # The formula has the minimum before it was rounded. N.I.N.A. searches for it on a grid.
    told = numbers(document["Fittings"]["Hyperbolic"])[1]
    assert fit.x[0] == pytest.approx(told, abs=1.0)
    assert document["Intersections"]["HyperbolicMinimum"]["Position"] == round(told)
