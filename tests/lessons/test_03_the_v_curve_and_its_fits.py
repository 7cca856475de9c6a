"""What lesson 3 claims."""

import pytest

LESSON = "03_the_v_curve_and_its_fits"


def test_all_curves_agree_on_the_real_run(lesson):
    places = lesson["places"]
    # SGPro's own answer, and the values worked out when the run was found.
    assert places["two lines"] == pytest.approx(24901, abs=1)
    assert places["parabola"] == pytest.approx(24901.7, abs=0.5)
    assert places["hyperbola"] == pytest.approx(24900, abs=1)
    assert places["auto"] == pytest.approx(24898.7, abs=2.1)
    assert lesson["spread"] < 25 / 5


def test_lines_cross_below_every_point_and_the_hyperbola_does_not(lesson):
    lowest = lesson["min(lessons.FSQ_RUN.values())"]
    assert lesson["crossing"] == pytest.approx(1.59, abs=0.01)
    assert lesson["crossing"] < 0.9 * lowest
    assert lesson["fits['hyperbola'].expected_metric"] == pytest.approx(lowest, rel=0.02)


def test_parabola_runs_close_to_the_points_and_is_two_frames_off(lesson):
    assert lesson["three_off['parabola'].r_squared"] > 0.98
    assert abs(lesson["three_off['parabola'].best_position"] - 10_250) > 2 * 60
    assert not lesson["three_off['two_lines'].ok"]
    for off in ("two_off", "three_off"):
        assert lesson[f"{off}['hyperbola'].best_position"] == pytest.approx(10_250, abs=0.1)


def test_slider_shows_how_far_off_the_curves_are(lesson):
    words = lesson["lessons.start_off()._draw(3).words"]
    assert words == (
        "Best focus: two lines none, parabola 10112, hyperbola 10250. True best focus is 10250."
    )


def test_auto_has_the_smallest_worst_case_and_the_hyperbola_wins_on_its_own_nights(lesson):
    errors, worst = lesson["errors"], lesson["worst"]
    own, _off, wings, bad = errors.values()
    assert min(worst, key=worst.get) == "auto"
    assert worst["auto"] < 0.5 * min(worst[name] for name in worst if name != "auto")
    assert own["hyperbola"] < own["auto"]
    # What the replies say of each.
    assert max(bad, key=bad.get) == "two lines"
    assert worst["two lines"] == bad["two lines"]
    assert wings["parabola"] > 3 * own["parabola"]
    assert wings["hyperbola"] > 3 * own["hyperbola"]


def test_three_lowest_points_are_ten_steps_out(lesson):
    assert lesson["fallback"] == {
        "equal weights": pytest.approx(24913, abs=0.5),
        "weights 1/HFR": pytest.approx(24911, abs=0.5),
        "weights 1/HFR²": pytest.approx(24909, abs=0.5),
    }


def test_sample_run_is_drawn_with_all_curves(lesson):
    assert lesson["lessons.positions_by_curve(package.focus_points)"]["auto"] == pytest.approx(
        10_249.9, abs=10
    )
    assert lesson.complaints == []
