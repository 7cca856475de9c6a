"""Made-up N.I.N.A. reports, one symptom each: the doctor says what their points show.

They carry neither star counts nor standard errors nor the order taken. The words beside each are
those that a person would say first, looking at the points alone.
"""

import pytest

SHOWN = {
    # The outer wing, 8.8 and 9.0 px at its end, lags behind the inner one, 9.5 and 13.
    "backlash": {"backlash"},
    # Ends at 4.1 times the minimum, as on the left so on the right.
    "coarse-step": {"step_too_large"},
    # One step of 4 px at the inner end, six points on the other side.
    "edge-min": {"edge"},
    # 2.10 to 2.32 px over thirteen points.
    "flat-curve": {"flat"},
    # Ends at 1.55 times the minimum.
    "step-small": {"step_too_small"},
    # 5.9 px between 2.1 and 2.2.
    "outlier": {"outlier"},
    # Seven points between 6.6 and 8.1 px, up and down, before the wing falls: the metric has
    # stopped growing. As the frames go, 5 % up and down is seeing.
    "zigzag": {"donut_plateau"},
    # 3.25 px where the wing was at 7.8 px and still rising.
    "measurement-cliff": {"donut_plateau"},
    # Four points at 7.5 px before one wing falls; the other one ends at that height, so that
    # nobody can tell a ceiling of the measurement from a drawtube that lags.
    "approach-plateau": {"backlash", "donut_plateau"},
}

NOT_SHOWN = {
    # A smooth V; only the star-to-star scatter is large, which is no error of a point.
    "noisy": {"noise", "cloud", "few_stars"},
    # A smooth V; backlash settings that its points do not show.
    "overshoot-both": {"backlash"},
    # A smooth V that reads 4.4 px at best: seeing, sampling or tilt, no word of the vocabulary.
    "high-hfr": {"noise", "flat", "step_too_small", "donut_plateau", "few_stars"},
    # R² of 0.97 and not the 0.81 of the report.
    "low-r2": {"noise", "flat", "cloud", "few_stars"},
}


@pytest.mark.parametrize("name", SHOWN)
def test_what_the_points_show_is_said_first(pathology, name):
    findings = pathology(name).findings
    assert findings[0].code in SHOWN[name]


@pytest.mark.parametrize("name", NOT_SHOWN)
def test_what_the_points_do_not_show_is_not_guessed(pathology, name):
    assert not NOT_SHOWN[name] & {finding.code for finding in pathology(name).findings}


def test_what_a_foreign_run_does_not_tell_is_never_said(pathology):
    # No star counts, no temperatures, no order: no cloud, no drift, no way.
    said = {f.code for name in SHOWN | NOT_SHOWN for f in pathology(name).findings}
    assert not said & {"cloud", "few_stars", "drift", "wrong_way", "galaxy"}
