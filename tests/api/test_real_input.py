"""Real frames and real runs that nobody of this project made give a real best focus.

The figures are those of the programs that made the runs, or of the cross-checks that came with
the data; none was computed with focusbench.
"""

import json
import subprocess
import sys

import pytest

import focusbench as fb

NINA = {
    # report, step size, N.I.N.A.'s hyperbola, N.I.N.A.'s parabola
    "2026-05-14": (75, 2204, 2206),
    "2026-06-08": (1000, 21_050, 21_075),
    "2026-07-03": (20, 2274, 2270),
}


def test_newtonian_frames_focus_where_their_wings_cross(shared_data):
    folder = shared_data / "newton-through-focus"
    command = [sys.executable, "-m", "focusbench", "analyze", str(folder), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found["outcome"] == "FOCUSED"
    assert 602.5 <= found["best_position"] <= 604.5
    assert found["n_points"] == 62


@pytest.mark.parametrize("curve", ["auto", "hyperbola", "parabola", "two_lines"])
def test_every_curve_agrees_on_the_newtonian(shared_data, curve):
    analysis = fb.analyze(shared_data / "newton-through-focus", curve=curve)
    # The 62 frames reach to nine times the minimum, where a parabola no longer follows.
    assert analysis.best.fits[curve].best_position == pytest.approx(603.5, abs=1.5)


@pytest.mark.parametrize("date", NINA)
@pytest.mark.parametrize("curve", ["hyperbola", "parabola"])
def test_nina_reports_give_ninas_own_focus(shared_data, date, curve):
    step, hyperbola, parabola = NINA[date]
    (report,) = (shared_data / "nina-reports").glob(f"{date}*.json")
    analysis = fb.analyze(report, curve=curve)
    expected = hyperbola if curve == "hyperbola" else parabola
    assert analysis.best.best_position == pytest.approx(expected, abs=0.1 * step)


@pytest.mark.parametrize(
    ("curve", "position", "tolerance"),
    [
        ("two_lines", 24_901, 1),
        ("parabola", 24_901.7, 0.5),
        ("hyperbola", 24_900, 1),
        # The reference implementation of `auto` says 24898.7 ± 2.1.
        ("auto", 24_898.7, 1),
    ],
)
def test_sgpro_run_gives_sgpros_focus(shared_data, curve, position, tolerance):
    run = shared_data / "sgpro-log-examples" / "02_af_run_2017-11-10_fsq106.csv"
    analysis = fb.analyze(run, curve=curve)
    assert analysis.outcome == "FOCUSED"
    assert analysis.best.best_position == pytest.approx(position, abs=tolerance)
    assert analysis.best.fits["parabola"].r_squared == pytest.approx(0.977, abs=0.001)
