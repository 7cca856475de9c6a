"""The image history as xarray and CSV."""

import numpy as np
import pytest

from focusbench.curve import Outcome
from focusbench.errors import PackageError
from focusbench.sequence import FocusRun, ImageHistory
from focusbench.triggers import FrameKind, LightFrame, Trigger

L = FrameKind("M 31, core", "L", 1, 300)
START_S = 1_700_000_000.0

FRAMES = (
    LightFrame(L, START_S + 150, 1, 2.1, 0.02, 80, 10.25, 10_250, 1.2, False, "lights/a.fits"),
    LightFrame(L, START_S + 450.125, 2, None, None, 0, None, None, None, None),
    LightFrame(FrameKind("M 31, core", None, 2, 60), START_S + 1000, 3, 2.5, n_stars=40, west=True),
)
RUNS = (
    FocusRun(
        Outcome.FOCUSED,
        "Best focus 10247 ± 3 steps.",
        START_S + 600,
        START_S + 700,
        triggers=(Trigger.TEMPERATURE,),
        words="temperature: 12.4 °C → 10.9 °C: 1.5 ≥ 1.0; time: 30 ≥ 30 min",
        final_position=10_247,
        best_position=10_246.8,
        metric=1.93,
        temperature_c=10.1,
        filter="L",
    ),
)
HISTORY = ImageHistory(FRAMES, RUNS)


def test_frames_are_on_one_dimension_and_runs_are_marks():
    ds = HISTORY.dataset
    assert dict(ds.sizes) == {"frame": 3, "run": 1}
    assert ds.frame.values.tolist() == [1, 2, 3]
    np.testing.assert_array_equal(ds.hfr, [2.1, np.nan, 2.5])
    assert ds.n_runs.values.tolist() == [0, 0, 1]
    assert ds.time.values[0] == np.datetime64("2023-11-14T22:15:50")
    assert ds.filter.values.tolist() == ["L", "L", ""]
    assert ds.run_outcome.item() == "FOCUSED"
    assert float(ds.run_position[0]) == 10_247
    assert all("long_name" in ds[name].attrs and "units" in ds[name].attrs for name in ds.data_vars)


def test_an_empty_history_is_a_dataset_too():
    assert dict(ImageHistory().dataset.sizes) == {"frame": 0, "run": 0}


def test_a_history_round_trips_through_csv(tmp_path):
    HISTORY.to_csv(tmp_path / "history.csv")
    back = ImageHistory.from_csv(tmp_path / "history.csv")
    assert back.frames == FRAMES
    (run,) = back.runs
    assert (run.outcome, run.final_position, run.metric) == (Outcome.FOCUSED, 10_247, 1.93)
    assert (run.words, run.ended_s, run.started_s) == (
        RUNS[0].words,
        RUNS[0].ended_s,
        RUNS[0].started_s,
    )
    lines = (tmp_path / "history.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[0] for line in lines] == ["what", "frame", "frame", "focus", "frame"]


def test_a_csv_of_another_program_is_read(tmp_path):
    # Columns as N.I.N.A.'s plugin Session Metadata writes them (names from its source).
    path = tmp_path / "ImageMetaData.csv"
    path.write_text(
        "\ufeffExposureNumber,FilePath,FilterName,ExposureStart,Duration,Binning,CameraTemp,"
        "DetectedStars,HFR,HFRStDev,FocuserPosition,FocuserTemp,Airmass,ExposureStartUTC\n"
        "0,a.xisf,L,2023-11-14 23:13,120,2x2,-10,812,2.31,0.06,10250,4.5,1.31,"
        "2023-11-14T22:13:20Z\n"
        "1,b.xisf,L,2023-11-14 23:15,120,1x1,-10,-1,0,NaN,10250,NaN,1.30,2023-11-14T22:15:30Z\n",
        encoding="utf-8",
    )
    first, second = ImageHistory.from_csv(path).frames
    assert first == LightFrame(
        FrameKind("", "L", 2, 120),
        START_S + 60,
        1,
        hfr=4.62,
        n_stars=812,
        temperature_c=4.5,
        position=10_250,
        airmass=1.31,
        file="a.xisf",
    )
    assert (second.hfr, second.n_stars, second.temperature_c) == (None, None, None)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no image history"),
        ("a,b\n1,2\n", "names no time and hfr_px"),
        ("time,hfr\n2023-11-14T22:13:20,two\n", r"line 2: hfr is a number; got 'two'"),
        ("time,hfr\n1,2\nlate,2\n", "line 3: time is ISO 8601 or Unix seconds; got 'late'"),
        ("what,time,hfr\nfocus,1,2\n", "line 2"),
    ],
)
def test_a_bad_csv_is_named_with_its_line(tmp_path, text, says):
    path = tmp_path / "history.csv"
    path.write_text(text)
    with pytest.raises(PackageError, match=says) as caught:
        ImageHistory.from_csv(path)
    assert "history.csv" in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(PackageError, match=r"nowhere\.csv cannot be read"):
        ImageHistory.from_csv(tmp_path / "nowhere.csv")
