"""Backlash found from runs: truth within the interval, evidence adds up, settings are judged."""

import dataclasses

import numpy as np
import pytest

import focusbench as fb
from benchmarks.play_rig import PlayRig
from focusbench.engine import BothWays, uncompensated
from focusbench.errors import OptionsError

OPTIONS = fb.AutofocusOptions()
DIRECT = fb.AutofocusOptions(final_approach="direct")


def rig_with(play, seed=0):
    return PlayRig.draw(np.random.default_rng(seed), play)


def runs(play, options=OPTIONS, n=1, seed=0):
    rng = np.random.default_rng(seed)
    return [rig_with(play, seed).run(options, rng) for _ in range(n)]


def both_ways(play, seed=0):
    rng = np.random.default_rng(seed)
    return rig_with(play, seed).run(uncompensated(OPTIONS), rng, BothWays)


def width(found):
    return found.interval_95[1] - found.interval_95[0]


def holds(found, play):
    return found.interval_95[0] <= play <= found.interval_95[1]


def test_leading_points_of_more_runs_say_it_more_closely():
    one, six = fb.find_backlash(runs(70)), fb.find_backlash(runs(70, n=6))
    assert holds(one, 70)
    assert holds(six, 70)
    assert width(six) < 0.6 * width(one)


def test_a_validation_frame_approached_from_the_wrong_side_tells():
    found = fb.find_backlash(runs(100, DIRECT, n=4))
    low, high = found.from_evidence["validation frames"]
    assert 0 < low <= 100 <= high
    assert holds(found, 100)


def test_without_backlash_none_is_seen_and_nothing_is_warned_of():
    found = fb.find_backlash(runs(0, n=4))
    assert found.interval_95[0] == 0
    assert not found.seen
    assert not found.warning
    assert found.sentence.startswith("No backlash to be seen: at most")


def test_what_is_compensated_cannot_be_seen_but_is_enough():
    found = fb.find_backlash(runs(50, OPTIONS.replace(backlash=120), n=4))
    assert found.interval_95[0] == 0
    assert 115 <= found.interval_95[1] < 180
    assert not found.warning


def test_too_little_compensation_is_warned_of_with_the_number_to_type():
    found = fb.find_backlash(runs(90, OPTIONS.replace(backlash=20), n=6))
    assert holds(found, 90)
    assert found.warning.startswith("Configured 20 in, found ")
    assert f"type {found.advice} as backlash" in found.warning
    assert found.interval_95[1] <= found.advice < found.interval_95[1] + 10


@pytest.mark.parametrize("play", [0, 20, 150])
def test_sweeps_both_ways_say_it_closely(play):
    found = fb.find_backlash([both_ways(play, seed=play)])
    assert holds(found, play)
    assert width(found) < 40


def test_a_driver_that_takes_up_too_much_is_negative_backlash():
    record = both_ways(0)
    # It says 30 less than where it stands after a move outward.
    points = tuple(
        dataclasses.replace(p, position=p.position - 30) if p.sweep == 0 else p
        for p in record.points
    )
    found = fb.find_backlash([dataclasses.replace(record, points=points)])
    assert holds(found, -30)
    assert found.seen
    assert "the driver takes up more backlash than there is" in found.warning


def test_evidence_of_every_kind_adds_up():
    record = both_ways(45)
    alone = fb.find_backlash([record])
    together = fb.find_backlash([record, *runs(45, DIRECT, n=3)])
    assert holds(together, 45)
    assert together.n_runs == 4
    assert set(together.from_evidence) == {
        "leading points",
        "validation frames",
        "sweeps both ways",
    }
    assert width(together) < width(alone)


def test_intervals_hold_the_truth():
    # Fewer than 10 of 12 happen in 2 % of such tests where 95 % is true; the seeds are fixed.
    rng = np.random.default_rng(8)
    plays = [0 if i % 4 == 0 else round(rng.uniform(0, 180)) for i in range(12)]
    inside = [holds(fb.find_backlash(runs(b, seed=i)), b) for i, b in enumerate(plays)]
    assert sum(inside) >= 10


def test_rendered_frames_measured_on_request():
    rig = fb.simulated_rig(seed=4, backlash=40, shape=(300, 400), n_stars=90)
    found = fb.measure_backlash(rig, OPTIONS.replace(backlash=20), save_packages_to=None)
    assert holds(found, 40)
    assert found.configured == 20
    assert found.dataset.density.dims == ("evidence", "backlash")


def test_a_run_whose_order_is_not_known_is_passed_over(tmp_path):
    table = tmp_path / "run.csv"
    rows = [f"{x},{2 + abs(x - 1000) / 100}" for x in range(800, 1201, 50)]
    table.write_text("position,hfr\n" + "\n".join(rows))
    package = fb.open_package(table)
    if package.time_ordered:
        package = dataclasses.replace(package, time_ordered=False)
    with pytest.raises(OptionsError, match="order in which its points were taken is not known"):
        fb.find_backlash([package])
    assert fb.find_backlash([package, *runs(0)]).skipped


def test_a_foreign_run_with_a_first_point_that_lags_is_seen(tmp_path):
    table = tmp_path / "run.csv"
    at = [min(x, 1240 - 45) for x in range(1240, 700, -60)]
    rows = [
        f"{x},{2 * np.hypot(1, (p - 1000) / 100):.4f},0.02,{i}"
        for i, (x, p) in enumerate(zip(range(1240, 700, -60), at, strict=True))
    ]
    table.write_text("position,hfr,error,time\n" + "\n".join(rows))
    found = fb.find_backlash([table])
    assert holds(found, 45)
    assert found.configured is None
    assert not found.warning
