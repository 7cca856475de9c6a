"""N.I.N.A. reports, tables and plain folders of frames open as packages, with their own words."""

import json
import math
import zipfile

import numpy as np
import pytest

from focusbench.af_packages import open_package
from focusbench.af_packages.frame_positions import positions_in_names
from focusbench.curve import Rejected
from focusbench.errors import PackageDamaged, PackageError
from focusbench.frames import Frame, write_frame


def write_report(path, points, **more):
    """Write a report in N.I.N.A.'s form; points are (position, value, error, ...)."""
    document = {
        "Filter": "L",
        "Timestamp": "2026-03-01T21:30:00.1234567+01:00",
        "Temperature": "NaN",
        "Method": "STARHFR",
        "MeasurePoints": [
            {"Position": p, "Value": v, "Error": e, **(rest[0] if rest else {})}
            for p, v, e, *rest in points
        ],
        "Intersections": None,
        "CalculatedFocusPoint": None,
        **more,
    }
    path.write_text(json.dumps(document), encoding="utf-8-sig")
    return path


V = [(1000 + 50 * i, 2.0 + abs(i - 4), 0.2) for i in range(9)]


# ----------------------------------------------------------------------------------- N.I.N.A.


def test_a_report_keeps_what_it_says_and_notes_what_it_does_not(tmp_path):
    path = write_report(
        tmp_path / "report.json",
        list(reversed(V)),
        Duration="00:04:00.0000000",
        Temperature=7.5,
        StarDetectorName="NINA",
        Intersections={
            "HyperbolicMinimum": {"Position": 1201.0, "Value": 2.0, "Error": 0.0},
            "TrendLineIntersection": None,
        },
    )
    package = open_package(path)
    assert package.format == "N.I.N.A."
    assert package.path is None
    assert package.source == path
    assert package.record is None
    assert package.metric == "hfr_mean_radius"
    assert "mean distance" in package.definition
    assert "NINA" in package.definition
    assert not package.time_ordered
    assert package.step_size == 50
    assert package.filter == "L"
    # 20:30:00 UTC less four minutes
    assert package.started_s == pytest.approx(1_772_396_760.123456)
    assert [p.position for p in package.focus_points] == [p for p, _, _ in V]
    assert [p.metric for p in package.focus_points] == [v for _, v, _ in V]
    # Star-to-star scatter, which is no standard error.
    assert {p.scatter for p in package.focus_points} == {0.2}
    assert {p.error for p in package.focus_points} == {None}
    assert {p.temperature_c for p in package.focus_points} == {7.5}
    assert "hyperbola 1201" in package.notes[-1]
    assert len(package.frames) == len(package.stars) == len(package.events) == 0


def test_frames_without_stars_and_outliers_are_red_crosses(tmp_path):
    odd = [(900, "NaN", 0.1), (920, 0.0, 1000.0), (940, 3.0, 1000), (1210, 9.0, 0.1)]
    odd[-1] = (*odd[-1], {"IsOutlier": True})
    package = open_package(write_report(tmp_path / "report.json", V + odd))
    crosses = {p.position: (p.rejected, p.reason) for p in package.focus_points if p.rejected}
    assert crosses == {
        900: (Rejected.FEW_STARS, "no stars"),
        920: (Rejected.FEW_STARS, "no stars"),
        940: (Rejected.FEW_STARS, "no stars"),
        1210: (Rejected.QUALITY, "an outlier, says the program that made the run"),
    }
    assert package.best().best_position == pytest.approx(1200, abs=5)


def test_the_literal_nan_and_bare_reports_are_read(tmp_path):
    path = tmp_path / "report.json"
    path.write_text('{"MeasurePoints": [{"Position": 10, "Value": NaN, "Error": null}]}')
    package = open_package(path)
    assert package.started_s is package.filter is package.step_size is None
    assert math.isnan(package.focus_points[0].metric)
    assert package.best().outcome == "NOT_FOCUSED"


def test_a_report_of_version_1_began_before_its_time(tmp_path):
    path = write_report(tmp_path / "report.json", V, Timestamp="2019-03-01T21:30:00.1234567")
    package = open_package(path)
    # No zone was written then, either.
    assert package.started_s == pytest.approx(1_551_475_800.123456)
    assert any("began before its time" in note for note in package.notes)
    assert "the order in which the points were taken" in package.unknown


@pytest.mark.parametrize(
    ("points", "more", "error", "match"),
    [
        ([], {}, PackageError, "holds no points"),
        (V, {"Method": "CONTRASTDETECTION"}, PackageError, "contrast detection"),
        ([("abc", 1, 1)], {}, PackageDamaged, "is no point"),
    ],
    ids=["empty", "contrast", "position"],
)
def test_reports_that_hold_no_run_say_why(tmp_path, points, more, error, match):
    path = write_report(tmp_path / "report.json", points, **more)
    with pytest.raises(error, match=match) as caught:
        open_package(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("night", "hyperbola", "parabola"),
    [("2026-05-14", 2204, 2206), ("2026-06-08", 21050, 21075), ("2026-07-03", 2274, 2270)],
)
def test_real_reports_give_the_focus_that_nina_found(shared, night, hyperbola, parabola):
    (path,) = (shared / "nina-reports").glob(f"{night}*.json")
    package = open_package(path)
    assert package.step_size
    # A tenth of a step size: ours and N.I.N.A.'s fits weight the points differently.
    tolerance = 0.1 * package.step_size
    assert package.best("hyperbola").best_position == pytest.approx(hyperbola, abs=tolerance)
    assert package.best("parabola").best_position == pytest.approx(parabola, abs=tolerance)


def test_every_made_up_report_opens_and_is_judged(shared):
    for path in sorted((shared / "nina-style-pathologies").glob("*.json")):
        package = open_package(path)
        assert package.points.sizes["point"] >= 5


# ---------------------------------------------------------------------------------------- CSV


@pytest.mark.parametrize(
    ("text", "metric"),
    [
        ("position,hfr\n10,2\n20,1.5\n30,2\n", "hfr"),
        ("\ufeffhfr_bin2_px,stars,position\n2,40,10\n1.5,41,20\n2,39,30\n", "hfr"),
        ("Position;FWHM (px);error\n10;2,0;0,1\n20;1,5;0,1\n30;2,0;\n", "fwhm"),
        ("# a comment\n\nposition\tmeasure\n10\t2\n20\t1.5\n30\t2\n", "measure"),
        ("hfr, position\n2,0, 10\n1,5, 20\n2,0, 30\n", "hfr"),
        ('"position","hfd"\r\n"10","2"\r\n"20","1.5"\r\n"30","2"\r\n', "hfd"),
        ("hfr_error,position,hfr\n9,10,2\n9,20,1.5\n9,30,2\n", "hfr"),
    ],
    ids=[
        "plain",
        "bom-suffix-order",
        "semicolons",
        "tabs",
        "blanks",
        "quotes",
        "error-is-no-metric",
    ],
)
def test_tables_of_many_kinds_hold_the_same_points(tmp_path, text, metric):
    path = tmp_path / "run.csv"
    path.write_bytes(text.encode("utf-8"))
    package = open_package(path)
    assert package.format == "CSV"
    assert package.metric == metric
    assert [(p.position, p.metric) for p in package.focus_points] == [(10, 2), (20, 1.5), (30, 2)]
    assert package.step_size == 10
    assert "column" in package.definition


def test_a_table_of_a_spreadsheet_in_utf16_is_read(tmp_path):
    path = tmp_path / "run.txt"
    path.write_bytes("position\thfr\n10\t2,5\n20\t1,5\n".encode("utf-16"))
    assert [p.metric for p in open_package(path).focus_points] == [2.5, 1.5]


def test_optional_columns_are_kept_and_empty_cells_are_unknown(tmp_path):
    path = tmp_path / "run.csv"
    path.write_text("position,hfr,fwhm,error,stars\n10,2,3,0.1,40\n20,,,,\n30,NaN,3,0,7\n")
    a, b, c = open_package(path).focus_points
    assert (a.error, a.n_stars, a.others) == (0.1, 40, {"fwhm": 3.0})
    assert b.rejected == Rejected.FEW_STARS
    assert (b.reason, b.error, b.n_stars) == ("no value", None, None)
    assert c.rejected == Rejected.FEW_STARS
    assert c.error is None


def test_times_tell_the_order_taken_through_midnight(tmp_path):
    path = tmp_path / "run.csv"
    path.write_text("time,position,hfr\n23:59:30,40,4\n23:59:50,30,3\n00:00:10,20,2\n")
    package = open_package(path)
    assert package.time_ordered
    assert [p.position for p in package.focus_points] == [40, 30, 20]
    assert [p.time_s for p in package.focus_points] == [None] * 3
    assert "no date" in package.notes[0]


def test_dated_times_are_unix_times_and_sort_the_points(tmp_path):
    path = tmp_path / "run.csv"
    path.write_text(
        "time,position,hfr\n2026-01-01T00:00:20,20,2\n2026-01-01T00:00:00,40,4\n"
        "2026-01-01T01:00:10+01:00,30,3\n"
    )
    package = open_package(path)
    assert package.time_ordered
    assert [p.position for p in package.focus_points] == [40, 30, 20]
    assert package.started_s == 1_767_225_600.0
    assert [p.time_s - package.started_s for p in package.focus_points] == [0, 10, 20]


def test_without_times_the_order_is_unknown(tmp_path):
    path = tmp_path / "run.csv"
    path.write_text("position,hfr\n10,2\n20,1\n")
    assert not open_package(path).time_ordered


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("position,brightness\n1,2\n", "no column of a metric: name one hfr, hfd, fwhm or measure"),
        ("position,hfr\n1,2\nabc,3\n", "row 3: a position cannot be 'abc'"),
        ("position,hfr\n", "a header and no points"),
        ("position,hfr\n10,2,5\n20,1,5\n", "row 2 has 3 cells .* export it with semicolons"),
        ('position,hfr\n"1,2\n', "no table that can be read"),
    ],
    ids=["no-metric", "position", "no-rows", "commas", "open-quote"],
)
def test_tables_that_hold_no_run_say_why(tmp_path, text, match):
    path = tmp_path / "run.csv"
    path.write_text(text)
    with pytest.raises(PackageError, match=match) as caught:
        open_package(path)
    assert str(path) in str(caught.value)


def test_the_real_sgpro_run_opens_in_the_order_taken(shared):
    package = open_package(shared / "sgpro-log-examples" / "02_af_run_2017-11-10_fsq106.csv")
    assert (package.metric, package.time_ordered, package.step_size) == ("hfr", True, 25)
    assert [p.n_stars for p in package.focus_points] == [12, 21, 26, 51, 71, 75, 46, 26, 19]
    # SGPro said 24901; focus-curve figures of the same run: hyperbola 24900.
    assert package.best("hyperbola").best_position == pytest.approx(24900, abs=1)
    assert package.best("two_lines").best_position == pytest.approx(24901, abs=1)


# ------------------------------------------------------------------------------------- frames


def star_frame(position, header_position=None, time_s=None, focus=600.0):
    """Six Gaussian stars whose width grows with the distance from focus."""
    sigma = math.hypot(1.6, 0.12 * (position - focus))
    y, x = np.mgrid[:128, :160]
    rng = np.random.default_rng(int(position))
    pixels = 500 + rng.normal(0, 3, y.shape)
    for cx, cy in [(30, 30), (80, 32), (131, 29), (28, 95), (79, 97), (130, 96)]:
        r2 = (x - cx) ** 2 + (y - cy) ** 2
        pixels += 60_000 / (2 * np.pi * sigma**2) * np.exp(-r2 / 2 / sigma**2)
    return Frame(
        np.clip(pixels, 0, 65_535).astype(np.uint16),
        exposure_s=2.0,
        position=header_position,
        time_s=time_s,
    )


POSITIONS = (560, 570, 580, 590, 600, 610, 620, 630, 640)


@pytest.fixture(scope="module")
def named_frames(tmp_path_factory):
    """A folder whose frames tell their positions in their names only."""
    folder = tmp_path_factory.mktemp("named")
    for position in POSITIONS:
        write_frame(star_frame(position), folder / f"focus_test_{position}.fit")
    return folder


def test_a_folder_of_frames_takes_positions_from_names(named_frames):
    package = open_package(named_frames)
    assert package.format == "frames"
    assert [p.position for p in package.focus_points] == list(POSITIONS)
    assert {p.n_stars for p in package.focus_points} == {6}
    assert "Positions are taken from the file names." in package.notes
    assert not package.time_ordered
    # The error of one frame is about 0.02 px, its slope 0.14 px a step.
    assert package.best("hyperbola").best_position == pytest.approx(600, abs=1.5)
    assert [f.source for f in package.frames[:2]] == ["focus_test_560.fit", "focus_test_570.fit"]
    assert set(package.stars["point"]) == set(range(9))
    assert "hfr_mean_radius" in package.focus_points[0].others


def test_a_zip_of_frames_gives_the_same_numbers(named_frames, tmp_path):
    with zipfile.ZipFile(tmp_path / "run.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(named_frames.iterdir()):
            archive.write(path, f"night/{path.name}")
        archive.writestr("__MACOSX/night/._focus_test_560.fit", b"litter")
    zipped, folder = open_package(tmp_path / "run.zip"), open_package(named_frames)
    assert zipped.focus_points == folder.focus_points


def test_frames_can_be_measured_in_another_way(named_frames):
    package = open_package(named_frames, metric="hfr_mean_radius", min_stars=7)
    assert package.metric == "hfr_mean_radius"
    assert package.focus_points[0].rejected == Rejected.FEW_STARS
    assert package.focus_points[0].reason == "6 stars, 7 needed"


def test_positions_in_headers_and_times_win(tmp_path):
    for i, position in enumerate(reversed(POSITIONS)):
        frame = star_frame(position, header_position=position, time_s=1.7e9 + 20 * i)
        write_frame(frame, tmp_path / f"IMG_{i:04d}.fits")
    package = open_package(tmp_path)
    assert "Positions are taken from the headers." in package.notes
    assert package.time_ordered
    assert [p.position for p in package.focus_points] == list(reversed(POSITIONS))
    assert len(package.notes) == 1


def test_a_header_and_a_name_that_contradict_are_noted(tmp_path):
    for position in POSITIONS:
        told = 999 if position == 590 else position
        write_frame(star_frame(position, told), tmp_path / f"focus_{position}.fits")
    notes = open_package(tmp_path).notes
    assert "focus_590.fits contradicts itself: its header says 999, its name 590." in notes


def test_headers_that_never_change_lose_to_the_names(tmp_path):
    for position in POSITIONS:
        write_frame(star_frame(position, 12_345), tmp_path / f"focus_{position}.fits")
    package = open_package(tmp_path)
    assert [p.position for p in package.focus_points] == list(POSITIONS)
    assert "All headers say 12345." in package.notes


def test_unreadable_frames_are_skipped_and_named(named_frames, tmp_path):
    for position in POSITIONS[:4]:
        source = named_frames / f"focus_test_{position}.fit"
        (tmp_path / source.name).write_bytes(source.read_bytes())
    (tmp_path / "focus_test_600.fit").write_bytes(b"SIMPLE  =  torn")
    (tmp_path / "notes.txt").write_text("clear night")
    package = open_package(tmp_path)
    assert len(package.focus_points) == 4
    assert any(note.startswith("focus_test_600.fit was skipped") for note in package.notes)


def test_a_blank_frame_is_a_red_cross_and_the_rest_is_read(named_frames, tmp_path):
    for position in POSITIONS[:4]:
        source = named_frames / f"focus_test_{position}.fit"
        (tmp_path / source.name).write_bytes(source.read_bytes())
    rng = np.random.default_rng(3)
    blank = Frame(rng.normal(500, 3, (128, 160)).astype(np.float32))
    write_frame(blank, tmp_path / "focus_test_600.fit")
    package = open_package(tmp_path)
    (cross,) = (p for p in package.focus_points if p.rejected)
    assert cross.position == 600
    assert cross.reason == "no stars, 1 needed"


def test_frames_without_positions_say_how_to_name_them(named_frames, tmp_path):
    for letter, path in zip("abc", sorted(named_frames.iterdir()), strict=False):
        (tmp_path / f"frame_{letter}.fits").write_bytes(path.read_bytes())
    with pytest.raises(PackageError, match=r"put the position in each name") as caught:
        open_package(tmp_path)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize(
    ("names", "positions"),
    [
        (["focus_test_570.fit", "focus_test_571.fit"], [570, 571]),
        (["2026-01-01_pos12000_001.fit", "2026-01-01_pos12050_002.fit"], [12000, 12050]),
        (["10250_3s.fits", "10300_3s.fits"], [10250, 10300]),
        (["a/b7/foc 10.5.fits.gz", "a/b8/foc 11.5.fits.gz"], [10.5, 11.5]),
        (["one_12345.fits"], [12345]),
        (["night1.fits", "night1.fit"], None),
        (["a.fits", "b.fits"], None),
    ],
)
def test_the_number_in_a_name_that_is_the_position(names, positions):
    found = positions_in_names(names)
    assert (None if found is None else [found[name] for name in names]) == positions


def test_the_real_newtonian_focuses_where_it_should(shared):
    package = open_package(shared / "newton-through-focus")
    assert len(package.focus_points) == 62
    assert 602.5 <= package.best().best_position <= 604.5
