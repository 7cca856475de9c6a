import pytest

from focusbench.stars import Measurement


@pytest.mark.parametrize(
    ("n_stars", "scatter", "confidence"),
    [(100, 0.2, "good"), (3, 0.2, "good"), (2, 0.2, "low"), (100, 1.6, "low"), (1, None, "low")],
)
def test_few_stars_or_stars_that_disagree_are_said(n_stars, scatter, confidence):
    measured = Measurement("hfr", "", 3.0, None, scatter, n_stars)
    assert measured.confidence == confidence
