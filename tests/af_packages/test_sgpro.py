"""SGPro: its logs, the export of its log viewer, and its AF packs."""

import zipfile

import pytest

from focusbench.af_packages import open_package, open_packages
from focusbench.curve import Rejected
from focusbench.errors import PackageError
from focusbench.frames import write_frame
from tests.af_packages.foreign import FSQ106, SgproLog, sgpro_frame, sgpro_pack


def fsq106(log, **more):
    """The real run, as a log holds it."""
    log.start()
    for position, hfr, stars in FSQ106:
        log.sample(position, hfr, stars)
    return log.finish(24_901, 2.64, **more)


def write(path, log):
    path.write_text(log if isinstance(log, str) else log.text(), encoding="utf-8")
    return path


# --------------------------------------------------------------------------------------- logs


@pytest.mark.parametrize("comma", [False, True], ids=["point", "comma"])
def test_a_run_of_a_log_holds_its_points_and_what_was_asked(tmp_path, comma):
    log = fsq106(SgproLog(comma=comma), temperature=4.25, validation=2.7)
    package = open_package(write(tmp_path / "sg_logfile_123.txt", log))
    assert (package.format, package.metric, package.time_ordered) == ("SGPro", "hfr", True)
    *points, last = package.focus_points
    assert [(p.position, p.metric, p.n_stars) for p in points] == list(FSQ106)
    assert (last.role, last.position, last.metric, last.n_stars) == ("validation", 24_901, 2.7, 70)
    assert package.step_size == 25
    assert package.filter == "L"
    assert package.found == {"its result": 24_901}
    assert package.settings == {
        "n_points": 9,
        "step_size": 25,
        "start_position": 24_913,
        "binning": 2,
        "exposure_s": 8.0,
    }
    assert "The temperature at the end was 4.25 °C." in package.notes
    assert "SGPro found: its result 24901." in package.notes
    assert "the zone of its times" in package.unknown
    # 2017-11-10 23:48:05, read as UTC
    assert package.started_s == 1_510_357_685
    # SGPro's own answer is 24901; its two lines and ours agree to a step.
    assert package.best("two_lines").best_position == pytest.approx(24_901, abs=1)


def test_the_position_of_a_sample_is_that_of_the_last_move_before_it(tmp_path):
    log = SgproLog().start()
    log.sample(25_013, 7.01, 12, moves=(25_113,))
    for position, hfr, stars in FSQ106[1:]:
        log.sample(position, hfr, stars)
    package = open_package(write(tmp_path / "log.txt", log))
    assert [p.position for p in package.focus_points] == [p for p, _, _ in FSQ106]


@pytest.mark.parametrize(
    ("words", "metric", "factor"),
    [
        ("Auto focus Half Flux Radius calculated at: ", "hfr", 1),
        ("Auto focus HFD calculated at: ", "hfd_astap", 1),
        ("Auto focus Half Flux Diameter calculated at: ", "hfd_astap", 1),
        ("Auto focus FWHM calculated at: ", "fwhm", 0.01),
    ],
)
def test_every_provider_keeps_its_name_and_its_unit(tmp_path, words, metric, factor):
    log = SgproLog().start()
    for position, hfr, stars in FSQ106:
        tail = f" with {stars} stars" if metric == "hfd_astap" else ""
        log.sample(position, hfr / factor, stars)
        log.lines[-1] = log.lines[-1].replace("Auto focus HFR calculated at: ", words) + tail
    package = open_package(write(tmp_path / "log.txt", log))
    assert package.metric == metric
    assert [p.metric for p in package.focus_points] == pytest.approx([h for _, h, _ in FSQ106])
    assert [p.n_stars for p in package.focus_points] == [s for _, _, s in FSQ106]
    assert "SGPro" in package.definition


def test_the_own_fit_of_sgpro_is_remembered(tmp_path, shared):
    told = shared / "sgpro-log-examples" / "03_complete_messages_quoted_in_parser_verbatim.txt"
    log = SgproLog().start(centre=11_350)
    for i in range(5):
        log.sample(11_400 - 25 * i, 1 + abs(i - 2), 40)
    log.say(*told.read_text().splitlines()[:1])
    package = open_package(write(tmp_path / "log.txt", log))
    # a = 5.93598316445617, b = −134.755534876412 in thousands of steps: the vertex is 11350.7.
    assert package.found["parabola"] == pytest.approx(11_350.7, abs=0.05)
    assert package.settings["fit_quality_percent"] == 98


def test_a_rerun_by_itself_is_another_sweep_of_the_same_run(tmp_path):
    log = SgproLog().start()
    for position, _, stars in FSQ106:
        log.sample(position, 9 - position / 10_000, stars)
    log.say("Focus cannot be determined.", "Rerun auto focus (attempt 2)")
    for position, hfr, stars in FSQ106:
        log.sample(position, hfr, stars)
    log.finish(24_901, 2.64)
    package = open_package(write(tmp_path / "log.txt", log))
    assert [p.sweep for p in package.focus_points] == [0] * 9 + [1] * 9
    assert len(package.sweep()) == 9
    assert package.best("two_lines").best_position == pytest.approx(24_901, abs=1)
    assert "SGPro said: Focus cannot be determined." in package.notes


def test_run_again_after_a_result_is_another_run(tmp_path):
    log = fsq106(SgproLog())
    log.say("Rerun auto focus...")
    for position, hfr, stars in FSQ106:
        log.sample(position, hfr, stars)
    path = write(tmp_path / "log.txt", log)
    assert len(open_packages(path).run) == 2


def test_a_log_of_many_runs_says_how_to_pick_one(tmp_path):
    log = fsq106(fsq106(fsq106(SgproLog())))
    path = write(tmp_path / "log.txt", log)
    with pytest.raises(PackageError, match=r"holds 3 runs: pick one with run=0 to run=2"):
        open_package(path)
    last = open_package(path, run=-1)
    assert (last.run, last.name) == (2, "log.txt#2")
    with pytest.raises(PackageError, match="has no run 3: it holds runs 0 to 2"):
        open_package(path, run=3)


def test_failed_runs_are_read_as_failed(tmp_path):
    log = SgproLog().start()
    log.sample(25_013, 7.01, 12).sample(24_988, "NaN", 0)
    log.say("Detected focus getting worse!", "AF abort requested")
    log.start()  # without a point: no run
    package = open_package(write(tmp_path / "log.txt", log))
    assert [p.rejected for p in package.focus_points] == [Rejected.NO, Rejected.FEW_STARS]
    assert "The log tells no result: the run failed, was cancelled, or the log ends." in (
        package.notes
    )
    assert "SGPro said: AF abort requested." in package.notes
    assert package.best().outcome == "NOT_FOCUSED"


def test_a_run_that_was_closed_without_a_result_is_over(tmp_path):
    log = SgproLog().start()
    log.sample(25_013, 7.01, 12).say("Smart focus failed", "SGM_FOCUSER_AUTO_FOCUS complete")
    log.say("SGM_FOCUSER_AUTO_FOCUS message received...")  # an old version: no block of data
    log.sample(24_988, 5.81, 21)
    runs = [open_package(write(tmp_path / "log.txt", log), run=i) for i in (0, 1)]
    assert [run.focus_points[0].position for run in runs] == [25_013, 24_988]
    assert "SGPro said: Smart focus failed." in runs[0].notes


def test_a_log_without_runs_says_so(shared):
    path = shared / "sgpro-log-examples" / "01_log_line_layout_2016_verbatim.txt"
    with pytest.raises(PackageError, match="holds no auto focus run with points"):
        open_package(path)


@pytest.mark.parametrize(
    ("stamp", "second_day"),
    [
        ("{d:%m/%d/%Y} {h}:{d:%M:%S} {d:%p}", False),
        ("{d:%d.%m.%Y} {d:%H:%M:%S},123", False),
        ("{d:%Y-%m-%d} {d:%H:%M:%S}.123", False),
        # Only a later date tells that the day comes first.
        ("{d:%d/%m/%Y} {d:%H:%M:%S}", True),
    ],
)
def test_dates_of_any_locale_are_read(tmp_path, stamp, second_day):
    log = fsq106(SgproLog(stamp=stamp))
    if second_day:
        log.say("Clear skies", seconds=86_400 * 5)
    package = open_package(write(tmp_path / "log.txt", log))
    assert package.started_s == pytest.approx(1_510_357_685, abs=0.2)
    assert package.focus_points[1].time_s - package.focus_points[0].time_s == 18


# ------------------------------------------------------------------------------------- viewer


def test_the_export_of_the_log_viewer_holds_many_runs(tmp_path):
    lines = []
    for number in (1, 2):
        lines.append(f"{number}\t20171110\t4,25\tL\t11/10/2017\t11:48:33 PM\tgood")
        lines += [f"{p}\t{str(h).replace('.', ',')}\t{s}" for p, h, s in FSQ106]
        lines.append("")
    path = write(tmp_path / "export.txt", "\ufeff" + "\r\n".join(lines))
    package = open_package(path, run=1)
    assert package.format == "SGPro log viewer"
    assert [(p.position, p.metric, p.n_stars) for p in package.focus_points] == list(FSQ106)
    assert {p.temperature_c for p in package.focus_points} == {4.25}
    assert (package.filter, package.step_size) == ("L", 25)
    assert "The viewer says: good." in package.notes
    assert package.started_s == 1_510_357_713
    path.write_text(path.read_text() + "\r\nwhat is this\tline\r\n")
    with pytest.raises(PackageError, match=r"damaged in line 23: 'what is this"):
        open_package(path, run=0)


# -------------------------------------------------------------------------------------- packs

SWEEP = (640, 630, 620, 610, 600, 590, 580, 570, 560)


def test_a_pack_takes_positions_from_the_headers(tmp_path):
    package = open_package(sgpro_pack(tmp_path / "pack", SWEEP))
    assert (package.format, package.time_ordered, package.rig) == ("SGPro", True, "QHY268M")
    assert [p.position for p in package.focus_points] == list(SWEEP)
    assert package.notes == ("Positions are taken from the headers.",)
    assert package.settings == {"exposure_s": 3.0}
    assert package.best("hyperbola").best_position == pytest.approx(600, abs=1.5)


def test_an_extra_validation_frame_is_no_point_of_the_curve(tmp_path):
    package = open_package(sgpro_pack(tmp_path / "pack", (*SWEEP, 601)))
    assert [p.role for p in package.focus_points] == ["sweep"] * 9 + ["validation"]
    assert len(package.sweep()) == 9
    assert "validation frame" in package.notes[-1]


def test_a_short_set_opens_and_does_not_focus(tmp_path):
    package = open_package(sgpro_pack(tmp_path / "pack", SWEEP[:2]))
    assert len(package.focus_points) == 2
    assert package.best().outcome == "NOT_FOCUSED"


def test_runs_of_one_folder_are_told_apart_by_gaps(tmp_path):
    sgpro_pack(tmp_path / "pack", SWEEP, name="a{i}.fit")
    sgpro_pack(tmp_path / "pack", SWEEP[:5], started_s=1.7e9 + 1800, name="b{i}.fit")
    with pytest.raises(PackageError, match="holds 2 runs"):
        open_package(tmp_path / "pack")
    first, second = (open_package(tmp_path / "pack", run=i) for i in (0, 1))
    assert (len(first.focus_points), len(second.focus_points)) == (9, 5)
    assert [f.source for f in second.frames[:2]] == ["b0.fit", "b1.fit"]


def test_two_rigs_and_two_filters_in_one_folder_are_runs_of_their_own(tmp_path):
    folder = tmp_path / "pack"
    sgpro_pack(folder, SWEEP, name="a{i}.fit")
    # A second telescope that focuses at the same time, then in another filter at once.
    sgpro_pack(folder, SWEEP[:5], started_s=1.7e9 + 7, name="b{i}.fit", INSTRUME="ASI533")
    sgpro_pack(folder, SWEEP[:6], started_s=1.7e9 + 107, name="c{i}.fit", INSTRUME="ASI533")
    for path in folder.glob("c*.fit"):
        path.write_bytes(path.read_bytes().replace(b"FILTER  = 'L  ", b"FILTER  = 'Ha "))
    runs = [open_package(folder, run=i) for i in range(3)]
    assert [(run.rig, run.filter, len(run.focus_points)) for run in runs] == [
        ("QHY268M", "L", 9),
        ("ASI533", "L", 5),
        ("ASI533", "Ha", 6),
    ]


def test_a_zip_of_packs_holds_a_run_for_each_folder(tmp_path):
    with zipfile.ZipFile(tmp_path / "packs.zip", "w") as archive:
        for name in ("one", "two"):
            for path in sorted(sgpro_pack(tmp_path / name, SWEEP[:5]).iterdir()):
                archive.write(path, f"{name}/{path.name}")
    assert len(open_package(tmp_path / "packs.zip", run=1).focus_points) == 5


def test_a_log_of_the_night_tells_positions_by_time(tmp_path):
    folder = sgpro_pack(tmp_path / "pack", SWEEP, header_position=None)
    log = SgproLog(stamp="{d:%Y-%m-%d} {d:%H:%M:%S}")
    # The frames are taken in the middle of these, by the clock on the wall (an hour east).
    for i, position in enumerate(SWEEP):
        from datetime import UTC, datetime, timedelta

        moved = datetime.fromtimestamp(1.7e9 + 20 * i - 8, UTC) + timedelta(hours=1)
        log.lines.append(f"[{moved:%Y-%m-%d %H:%M:%S}] [DEBUG] [AF] Focuser moving to {position}")
    package = open_package(folder, log=write(tmp_path / "log.txt", log))
    assert [p.position for p in package.focus_points] == list(SWEEP)
    assert package.notes[0] == "Positions are taken from the log, by the times of the frames."


def test_headers_one_frame_behind_lose_to_the_names(tmp_path):
    folder = tmp_path / "pack"
    folder.mkdir()
    stale = (600, *SWEEP[:-1])
    for i, (position, told) in enumerate(zip(SWEEP, stale, strict=True)):
        frame = sgpro_frame(position, 1.7e9 + 20 * i, header_position=told)
        write_frame(frame, folder / f"AF_{position}.fit")
    package = open_package(folder)
    assert [p.position for p in package.focus_points] == list(SWEEP)
    assert "Each header holds the position of the frame before." in package.notes


def test_the_same_position_everywhere_is_no_position(tmp_path):
    folder = sgpro_pack(tmp_path / "pack", SWEEP[:4], header_position=12_345, name="AF_x{i}.fit")
    for i, path in enumerate(sorted(folder.iterdir())):
        path.rename(folder / f"{'abcd'[i]}.fit")
    with pytest.raises(PackageError, match=r"All headers say 12345\. They are stale"):
        open_package(folder)


def test_changing_exposure_times_are_said(tmp_path):
    folder = sgpro_pack(tmp_path / "pack", SWEEP[:5])
    sgpro_pack(folder, SWEEP[5:], started_s=1.7e9 + 100, exposure_s=6.0, name="late{i}.fit")
    package = open_package(folder)
    assert "Exposure times differ: 3 s, 6 s." in package.notes
    assert "exposure_s" not in package.settings


def test_nul_bytes_in_headers_and_positions_taken_twice_do_no_harm(tmp_path):
    folder = sgpro_pack(tmp_path / "pack", (*SWEEP[:5], *SWEEP[4:]))
    for path in folder.iterdir():
        content = path.read_bytes()
        at = content.index(b"INSTRUME= 'QHY268M")
        path.write_bytes(content[: at + 20] + b"\0\0\0" + content[at + 23 :])
    package = open_package(folder)
    assert [p.position for p in package.focus_points] == [*SWEEP[:5], *SWEEP[4:]]
    assert package.best("hyperbola").best_position == pytest.approx(600, abs=1.5)
