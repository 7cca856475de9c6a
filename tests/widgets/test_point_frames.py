"""What is kept of each frame: small, in order, and never at the cost of the run."""

import struct
import threading
import zlib

import numpy as np
import pytest

from focusbench.curve import FocusPoint
from focusbench.engine import PointMeasured, RunProgress, RunStarted
from focusbench.frames import Frame
from focusbench.options import AutofocusOptions
from focusbench.stars import STAR_FIELDS
from focusbench.widgets.point_frames import PointFrames, png, shrink, typical_star
from focusbench.widgets.point_view import point_html
from focusbench.widgets.star_strip import columns, relative_flux, strip_html


def stars(n: int = 5, hfr: float = 3.0) -> np.ndarray:
    """Stars in a row, each fainter than the one before; the last was left out."""
    table = np.zeros(n, STAR_FIELDS)
    table["x"], table["y"] = 40 * np.arange(1, n + 1), 50
    table["hfr"], table["used"] = hfr, True
    table["flux"], table["snr"], table["peak"] = 1000.0 / np.arange(1, n + 1), 50, 900
    table[-1]["used"], table[-1]["reason"] = False, "<too> small"
    return table


def frame(shape=(100, 300), stars_at=((50, 40),)) -> Frame:
    pixels = np.random.default_rng(1).normal(100, 3, shape)
    for y, x in stars_at:
        pixels[y - 2 : y + 3, x - 2 : x + 3] += 800
    return Frame(pixels.astype(np.uint16))


def decoded(data: bytes) -> np.ndarray:
    """The grey levels of a PNG, read by the format's own rules."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, body = 8, b""
    while at < len(data):
        (n,) = struct.unpack(">I", data[at : at + 4])
        kind, chunk = data[at + 4 : at + 8], data[at + 8 : at + 8 + n]
        assert struct.unpack(">I", data[at + 8 + n : at + 12 + n])[0] == zlib.crc32(kind + chunk)
        if kind == b"IHDR":
            columns, rows = struct.unpack(">II", chunk[:8])
        body += chunk if kind == b"IDAT" else b""
        at += 12 + n
    lines = np.frombuffer(zlib.decompress(body), np.uint8).reshape(rows, columns + 1)
    assert not lines[:, 0].any()
    return lines[:, 1:]


def test_a_png_holds_the_levels_it_was_given():
    levels = np.arange(60, dtype=np.uint8).reshape(5, 12)
    assert np.array_equal(decoded(png(levels)), levels)


def test_the_stamp_is_cut_around_a_typical_star():
    kept = shrink(frame(), stars(), [])
    assert kept.stamp.max() == 255
    middle = kept.stamp.shape[0] // 2
    assert kept.stamp[middle, middle] == 255
    assert kept.stamp[0].max() < 128


def test_the_typical_star_is_bright_unsaturated_and_of_the_usual_size():
    table = stars()[:4]
    table["hfr"] = [9.0, 3.1, 3.0, 3.2]
    table["snr"] = [90, 80, 5, 70]
    table["saturated"] = [False, False, False, True]
    assert typical_star(table)["x"] == 80


def test_all_stamps_of_a_run_have_one_scale():
    half: list[int] = []
    first = shrink(frame(), stars(hfr=5.0), half)
    second = shrink(frame(), stars(hfr=2.0), half)
    assert half == [20]
    assert first.stamp.shape == second.stamp.shape == (41, 41)


@pytest.mark.parametrize("hfr", [2.0, 12.0, 80.0])
def test_stamps_stay_small_whatever_the_defocus(hfr):
    kept = shrink(frame((600, 800)), stars(hfr=hfr), [])
    assert max(kept.stamp.shape) <= 44
    assert len(png(kept.stamp)) < 2000


def test_a_hot_pixel_does_not_hide_the_star():
    shot = frame()
    shot.pixels[45, 33] = 60_000
    kept = shrink(shot, stars(), [])
    middle = kept.stamp.shape[0] // 2
    assert kept.stamp[middle, middle] == 255


def test_a_star_at_the_edge_and_a_frame_without_stars_are_shown_too():
    table = stars(2)
    table["x"], table["y"] = 1, 0
    assert shrink(frame(), table, []).stamp.shape == (25, 25)
    assert shrink(frame(), None, []).stamp.shape == (41, 41)


def test_the_small_picture_keeps_where_things_are():
    kept = shrink(frame((1000, 2000), [(500, 1500)]), None, [])
    assert (kept.scale, kept.picture.shape) == (4, (250, 500))
    brightest = np.unravel_index(kept.picture.argmax(), kept.picture.shape)
    assert brightest == pytest.approx((125, 375), abs=1)


def test_hearing_a_point_does_not_wait_for_its_picture(monkeypatch):
    gate = threading.Event()
    monkeypatch.setattr(
        "focusbench.widgets.point_frames.shrink", lambda *given: gate.wait(10) and "kept"
    )
    frames, told = PointFrames(), []
    frames.on_change(lambda: told.append(len(frames.kept)))
    for _ in range(3):
        frames.hear(PointMeasured(FocusPoint(10_000, 3.0), (frame(),), (None,)))
    assert frames.kept == {}
    gate.set()
    frames.wait()
    assert (list(frames.kept), told) == ([0, 1, 2], [1, 2, 3])


def test_a_new_run_begins_with_no_frames():
    frames = PointFrames()
    frames.hear(PointMeasured(FocusPoint(10_000, 3.0), (frame(),), (None,)))
    frames.wait()
    frames.hear(RunStarted(AutofocusOptions(), 1, 1, 1, 0.0))
    assert frames.kept == {}


def test_a_frame_that_cannot_be_shown_costs_its_picture_only(caplog):
    frames = PointFrames()
    frames.hear(PointMeasured(FocusPoint(10_000, 3.0), (Frame(np.zeros(3)),), (None,)))
    frames.hear(PointMeasured(FocusPoint(10_000, 3.0), (frame(),), (None,)))
    frames.wait()
    assert list(frames.kept) == [1]
    assert "A frame cannot be shown" in caplog.text


# ------------------------------------------------------------------------------ the strip


def test_flux_compares_the_same_stars_and_shows_a_cloud_but_not_lost_or_saturated_ones():
    clear, cloudy, few, full = stars(7), stars(6), stars(3), stars(7)
    cloudy["flux"] *= 0.5
    cloudy["x"] += 3
    full["saturated"][0], full["flux"][0] = True, 1.0
    frames = dict(enumerate(shrink(frame(), table, []) for table in (clear, cloudy, few, full)))
    # Two stars alone say nothing of the third frame.
    assert relative_flux(frames) == pytest.approx({0: 100.0, 1: 50.0, 3: 100.0})
    assert relative_flux({}) == {}


def progress(*points: FocusPoint) -> RunProgress:
    return RunProgress(phase="sweeping", positions=(10_060, 10_000, 9_940), points=points)


def test_columns_stand_at_the_places_of_their_points_and_validation_has_none():
    run = progress(
        FocusPoint(10_060, 5.0, n_stars=30),
        FocusPoint(10_000, 2.0, n_stars=60),
        FocusPoint(10_003, 2.0, n_stars=60, role="validation"),
    )
    shown = columns(run, {0: shrink(frame(), stars(), [])}, (9_900, 10_100))
    assert [c.share for c in shown] == pytest.approx([0.8, 0.5])
    assert [bool(c.stamp) for c in shown] == [True, False]
    html = strip_html(shown, 3)
    assert "height:14px" in html
    assert "height:7px" in html


def test_the_frame_of_a_point_shows_used_and_left_out_stars_with_the_reason():
    run = progress(FocusPoint(10_060, 5.0, error=0.1, n_stars=4))
    html = point_html(run, 0, shrink(frame(), stars(), []))
    assert html.count('class="fb-box"') == 4
    assert html.count('class="fb-boxout"') == 1
    assert "Left out: &lt;too&gt; small" in html
    assert "4 of 5" in html
    assert "Point 1 of 3" in html
    assert "Its frame was not kept." in point_html(run, 0, None)
