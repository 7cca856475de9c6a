"""Ekos: sessions (.analyze, versions 1 and 2), the focus log, and KStars' debug log."""

import pytest

from focusbench.af_packages import open_package, open_packages
from focusbench.curve import Rejected
from focusbench.errors import PackageDamaged, PackageError
from tests.af_packages.foreign import BEST, ekos_curve, ekos_samples, v

SWEEP = tuple(range(25_013, 24_800, -25))
HEAD = (
    "#KStars version 3.7.2. Analyze log version 1.0.\n\n"
    "AnalyzeStartTime,2024-09-06 20:00:00.000,CEST\n"
)


def analyze(path, *lines, head=HEAD):
    path.write_text(head + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def version_1(**more):
    return f"AutofocusComplete,1060.5,Ha,{ekos_samples(SWEEP, weights=False, **more)}"


def version_2(positions=SWEEP, *, weights=1, outliers=(), tail=""):
    samples = ekos_samples(positions, outliers=outliers)
    return f"AutofocusComplete,1060.5,4.25,4,ΔT 1.2,Ha,{samples},{weights}{tail}"


def test_version_1_holds_positions_and_values(tmp_path):
    path = analyze(
        tmp_path / "a.analyze",
        "CaptureStarting,10.0,300.000,Ha",
        "AutofocusStarting,1000.25,Ha,5.5",
        version_1(),
    )
    package = open_package(path)
    assert (package.format, package.metric, package.time_ordered) == ("Ekos", "hfr", True)
    assert [p.position for p in package.focus_points] == list(SWEEP)
    assert [p.metric for p in package.focus_points] == pytest.approx(
        [v(p) for p in SWEEP], abs=5e-4
    )
    assert {(p.scatter, p.error, p.temperature_c) for p in package.focus_points} == {
        (None, None, 5.5)
    }
    assert package.filter == "Ha"
    assert package.step_size == 25
    # 20:00:00 and 1000.25 s, the local time read as UTC
    assert package.started_s == 1_725_652_800 + 1000.25
    assert "CEST" in package.notes[0]
    assert "which of its measures Ekos used (HFR unless it was changed)" in package.unknown
    assert package.best("hyperbola").best_position == pytest.approx(BEST, abs=0.5)


@pytest.mark.parametrize("tail", ["", f",{ekos_curve()}", f",{ekos_curve()},a title,Main"])
def test_version_2_holds_weights_outliers_and_why_it_ran(tmp_path, tail):
    package = open_package(
        analyze(tmp_path / "a.analyze", version_2(outliers=SWEEP[:1], tail=tail))
    )
    first, *others = package.focus_points
    assert (first.rejected, first.reason) == (
        Rejected.QUALITY,
        "an outlier, says the program that made the run",
    )
    assert {p.scatter for p in others} == {0.25}
    assert {p.temperature_c for p in others} == {4.25}
    assert "Why it ran: temperature." in package.notes
    assert package.found == ({"its curve": BEST} if tail else {})


def test_weights_that_were_not_used_are_no_scatter(tmp_path):
    package = open_package(analyze(tmp_path / "a.analyze", version_2(weights=0)))
    assert {p.scatter for p in package.focus_points} == {None}


@pytest.mark.parametrize("title", ["", ",x|y,HFR 2.6, R²=0.99, x=5, extra"])
def test_a_title_with_commas_is_still_version_1(tmp_path, title):
    package = open_package(analyze(tmp_path / "a.analyze", version_1() + title))
    assert len(package.focus_points) == 9


def test_a_spurious_last_point_is_the_validation_frame(tmp_path):
    package = open_package(analyze(tmp_path / "a.analyze", version_2((*SWEEP, 24_901))))
    assert [p.role for p in package.focus_points] == ["sweep"] * 9 + ["validation"]
    assert len(package.sweep()) == 9


def test_aborted_runs_of_both_versions_are_read(tmp_path):
    path = analyze(
        tmp_path / "a.analyze",
        f"AutofocusAborted,90.0,L,{ekos_samples(SWEEP[:3], weights=False)}",
        f"AutofocusAborted,190.0,-1000000.0,1,,L,{ekos_samples(SWEEP[:4])},1,3,no stars",
        "AutofocusAborted,290.0,L,",  # before its first point: no run
        version_2(),
    )
    runs = [open_package(path, run=i) for i in range(3)]
    assert [len(run.focus_points) for run in runs] == [3, 4, 9]
    assert "The run failed, says Ekos: it was stopped." in runs[0].notes
    assert "The run failed, says Ekos: failure 3 no stars." in runs[1].notes
    assert runs[1].focus_points[0].temperature_c is None
    assert [run.run for run in runs] == [0, 1, 2]


def test_a_session_without_runs_says_so(tmp_path):
    with pytest.raises(PackageError, match="a session of Ekos without an auto focus run"):
        open_package(analyze(tmp_path / "a.analyze", "CaptureStarting,10.0,300.000,Ha"))


@pytest.mark.parametrize(
    ("samples", "match"),
    [("1|2|3", "groups of 2"), ("abc|2", "a position cannot be 'abc'")],
)
def test_damaged_samples_name_their_line(tmp_path, samples, match):
    path = analyze(tmp_path / "a.analyze", f"AutofocusComplete,10.0,L,{samples}")
    with pytest.raises(PackageDamaged, match=rf"damaged in line 4: .*{match}"):
        open_package(path)


# As a user of KStars published them.
FOCUS_LOG = """date, time, position, temperature, filter, HFR, altitude
2024-09-06, 00:50:20, 18700, 21.0, Ha, 0.757, 31.9
2024-09-06, 00:58:18, 18677, 19.5, L, 0.827, 33.2
2024-09-06, 01:04:34, 18703, 18.8, SII, 0.810, 34.2
"""


def test_a_focus_log_is_a_run_of_one_point_for_each_line(tmp_path):
    path = tmp_path / "autofocus-2024-09-05T22-00-00.txt"
    path.write_text(FOCUS_LOG)
    package = open_package(path, run=1)
    (point,) = package.focus_points
    assert (point.position, point.metric, point.temperature_c) == (18_677, 0.827, 19.5)
    assert package.filter == "L"
    assert package.found == {"its result": 18_677}
    assert package.settings == {"altitude_deg": 33.2}
    assert package.best().outcome == "NOT_FOCUSED"
    runs = open_packages(path)
    assert runs.found_position.values.tolist() == [18_700, 18_677, 18_703]
    assert runs.temperature.isel(point=0).values.tolist() == [21.0, 19.5, 18.8]
    path.write_text(FOCUS_LOG + "2024-09-06, 01:")
    with pytest.raises(PackageDamaged, match="damaged in line 5"):
        open_package(path, run=0)


@pytest.mark.parametrize(
    ("weights", "result"), [("", "HFR=2.6"), (", 16", "value=2.6")], ids=["old", "new"]
)
def test_the_debug_log_of_kstars_holds_the_points(tmp_path, weights, result):
    points = ", ".join(f"({p}, {v(p):.4f}{weights})" for p in SWEEP)
    path = tmp_path / "log_22-00-00.txt"
    path.write_text(
        "[2024-09-06T00:50:20.123 CEST INFO ][     org.kde.kstars.ekos.focus] - Autofocus done\n"
        "[2024-09-06T00:50:20.124 CEST DEBG ][     org.kde.kstars.ekos.focus] - "
        f'"Linear: points=[{points}];iterations=9;duration=92;solution=24901;{result};'
        "filter='Ha';temperature=4.25;focusalgorithm=3;backlash=0;curvefit=1;useweights=1\"\n"
    )
    package = open_package(path)
    assert [p.position for p in package.focus_points] == list(SWEEP)
    assert {p.scatter for p in package.focus_points} == ({0.25} if weights else {None})
    assert {p.temperature_c for p in package.focus_points} == {4.25}
    assert (package.filter, package.found) == ("Ha", {"its result": 24_901})
    assert package.started_s == pytest.approx(1_725_583_820.124)
