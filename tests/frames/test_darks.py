import os
import threading
import tracemalloc

import numpy as np
import pytest

from focusbench.errors import FrameError, OptionsError
from focusbench.frames import DarkLibrary, Frame, darks, saturation_level, write_frame

SHAPE = (40, 60)


def _dark(folder, name, level=300, shape=SHAPE, binning=1, dtype=np.uint16):
    pixels = np.full(shape, level, dtype)
    write_frame(Frame(pixels, binning=binning), folder / name)
    return pixels


def _light(fill, dtype=np.uint16, exposure_s=15.0, **more):
    return Frame(np.full(SHAPE, fill, dtype), exposure_s=exposure_s, **more)


@pytest.mark.parametrize(
    ("exposure_s", "name"),
    [
        (15.0, "15_dark.fits"),
        (16.4, "15_dark.fits"),
        (16.6, "018_dark.fits"),
        (20.0, "018_dark.fits"),
        (13.0, "15_dark.fits"),
        (2.4, "2.5_short.fit"),
        (4.5, "2.5_short.fit"),
        (0.5, "2.5_short.fit"),
    ],
)
def test_the_nearest_within_two_seconds_is_taken(exposure_s, name, tmp_path):
    for file in ("15_dark.fits", "018_dark.fits", "2.5_short.fit"):
        _dark(tmp_path, file)
    assert DarkLibrary(tmp_path).find(exposure_s, SHAPE, 1).path.name == name


@pytest.mark.parametrize("exposure_s", [20.01, 12.99, 60.0])
def test_beyond_two_seconds_none_is_taken(exposure_s, tmp_path):
    _dark(tmp_path, "15_dark.fits")
    _dark(tmp_path, "18_dark.fits")
    with pytest.raises(OptionsError, match=f"{exposure_s:g} s, 60 × 40 .* has darks of 15, 18 s"):
        DarkLibrary(tmp_path).find(exposure_s, SHAPE, 1)


def test_two_seconds_of_decimals_are_two_seconds(tmp_path):
    _dark(tmp_path, "2.4_dark.fits")
    assert 4.4 - 2.4 > 2.0  # as binary numbers: the bound needs a little room
    assert DarkLibrary(tmp_path).find(4.4, SHAPE, 1).exposure_s == 2.4


def test_of_equally_near_ones_the_first_by_name_is_taken(tmp_path):
    for name in ("16_b.fits", "14_z.fits", "14_a.fits"):
        _dark(tmp_path, name)
    assert DarkLibrary(tmp_path).find(15.0, SHAPE, 1).path.name == "14_a.fits"


def test_shape_and_binning_must_be_equal_and_the_next_nearest_serves(tmp_path):
    _dark(tmp_path, "15_large.fits", shape=(50, 60))
    _dark(tmp_path, "15_binned.fits", binning=2)
    _dark(tmp_path, "16_good.fits")
    library = DarkLibrary(tmp_path)
    assert library.find(15.0, SHAPE, 1).path.name == "16_good.fits"
    assert library.find(15.0, SHAPE, 2).path.name == "15_binned.fits"
    with pytest.raises(OptionsError) as caught:
        library.find(15.0, (10, 20), 1)
    assert "15 s, 20 × 10 pixels at 1×1" in str(caught.value)
    assert "15_binned.fits has 60 × 40 pixels at 2×2" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_of_other_names_and_kinds_are_left_alone(tmp_path):
    for name in ("dark_15.fits", "15dark.fits", "15_.fits", "-15_dark.fits", "15_notes.txt"):
        (tmp_path / name).write_text("no frame")
    with pytest.raises(OptionsError, match=r"no file named like 15_dark\.fits"):
        DarkLibrary(tmp_path).find(15.0, SHAPE, 1)


def test_any_frame_suffix_serves_and_a_damaged_dark_is_named(tmp_path):
    for suffix in ("FIT", "fits.gz", "xisf", "cr2"):
        path = tmp_path / f"15_dark.{suffix}"
        path.write_text("damaged")
        with pytest.raises(FrameError, match=path.name):
            DarkLibrary(tmp_path).find(15.0, SHAPE, 1)
        path.unlink()


def test_a_missing_folder_is_an_error_at_once(tmp_path):
    with pytest.raises(OptionsError, match="no folder of darks"):
        DarkLibrary(tmp_path / "nowhere")


def test_a_folder_that_goes_away_is_an_error(tmp_path):
    folder = tmp_path / "darks"
    folder.mkdir()
    library = DarkLibrary(folder)
    folder.rmdir()
    with pytest.raises(OptionsError, match="cannot be looked through"):
        library.find(15.0, SHAPE, 1)


def test_hot_pixels_vanish_and_the_sky_stays_where_it_was(tmp_path):
    rng = np.random.default_rng(1)
    dark = np.full(SHAPE, 300, np.uint16)
    hot = rng.random(SHAPE) < 0.01
    dark[hot] = 9_000
    write_frame(Frame(dark), tmp_path / "15_dark.fits")
    sky = rng.normal(500, 20, SHAPE)
    light = Frame((sky + dark).astype(np.uint16), exposure_s=15.5, position=7.0)
    clean = DarkLibrary(tmp_path).subtract(light)
    np.testing.assert_array_equal(clean.pixels, light.pixels.astype(int) - dark + 300)
    assert np.ptp(clean.pixels) < 200  # ten standard deviations of the sky
    assert clean.pixels.dtype == np.uint16
    assert (clean.position, clean.header["DARKFILE"]) == (7.0, "15_dark.fits")
    assert clean.header["PEDESTAL"] == 300
    assert light.pixels.max() > 9_000  # the frame itself is as it was


@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", ">u2"])
def test_nothing_wraps_around(dtype, tmp_path):
    _dark(tmp_path, "15_dark.fits", level=1_000)
    clean = DarkLibrary(tmp_path).subtract(_light(50, dtype))
    np.testing.assert_array_equal(clean.pixels, 50)  # 50 − 1000 + a pedestal of 1000
    uneven = np.full(SHAPE, 1_000, np.uint16)
    uneven[0, 0], uneven[0, 1] = 60_000, 0
    write_frame(Frame(uneven), tmp_path / "15_dark.fits")
    pixels = DarkLibrary(tmp_path).subtract(_light(100, dtype)).pixels
    assert (pixels[0, 0], pixels[0, 1], pixels[1, 1]) == (0, 1_100, 100)


def test_a_sky_near_zero_keeps_its_noise(tmp_path):
    _dark(tmp_path, "15_dark.fits", level=3)
    clean = DarkLibrary(tmp_path).subtract(_light(1))
    np.testing.assert_array_equal(clean.pixels, 98)


@pytest.mark.parametrize(("full", "said"), [(65535, {}), (16_380, {}), (4_000, {"SATURATE": 4000})])
def test_what_was_saturated_is_the_top_afterwards(full, said, tmp_path):
    rng = np.random.default_rng(1)
    write_frame(Frame(rng.integers(250, 350, SHAPE).astype(np.uint16)), tmp_path / "15_d.fits")
    light = _light(900, header=said)
    light.pixels[10:14, 10:14] = full
    light.pixels[20, 20] = full - 1_000
    clean = DarkLibrary(tmp_path).subtract(light)
    top = min(full + clean.header["PEDESTAL"], 65535)
    assert np.all(clean.pixels[10:14, 10:14] == top)
    assert np.sort(clean.pixels.ravel())[-17] < top
    assert saturation_level(clean) == top


@pytest.mark.parametrize(
    ("dtype", "result"), [("i4", "f4"), ("u4", "f4"), ("f4", "f4"), (">f4", "f4"), ("f8", "f8")]
)
def test_wider_frames_become_floats_without_a_pedestal(dtype, result, tmp_path):
    _dark(tmp_path, "15_dark.fits", level=1_000)
    clean = DarkLibrary(tmp_path).subtract(_light(50, dtype))
    np.testing.assert_array_equal(clean.pixels, -950.0)
    assert clean.pixels.dtype == np.dtype(result)


def test_what_a_dark_does_not_know_is_not_subtracted(tmp_path):
    dark = np.full(SHAPE, 500.0, np.float32)
    dark[3, 3], dark[4, 4] = np.nan, np.inf
    write_frame(Frame(dark), tmp_path / "15_dark.fits")
    pixels = DarkLibrary(tmp_path).subtract(_light(900)).pixels
    assert (pixels[3, 3], pixels[4, 4], pixels[5, 5]) == (1_400, 1_400, 900)


def test_a_dark_scaled_from_0_to_1_is_not_taken_for_adu(tmp_path):
    _dark(tmp_path, "15_dark.fits", level=0.01, dtype=np.float32)
    with pytest.raises(FrameError, match=r"15_dark\.fits go from 0 to 1.*16-bit"):
        DarkLibrary(tmp_path).subtract(_light(2_000))


def test_a_frame_of_unknown_exposure_is_refused(tmp_path):
    with pytest.raises(FrameError, match="does not say its exposure"):
        DarkLibrary(tmp_path).subtract(_light(1, exposure_s=None))


def test_frames_that_lie_column_by_column_stay_so(tmp_path):
    dark = np.random.default_rng(1).integers(0, 900, SHAPE).astype(np.uint16)
    write_frame(Frame(dark), tmp_path / "15_dark.fits")
    rows = _light(2_000)
    columns = _light(2_000)
    object.__setattr__(columns, "pixels", np.asfortranarray(columns.pixels))
    library = DarkLibrary(tmp_path)
    clean = library.subtract(columns).pixels
    np.testing.assert_array_equal(clean, library.subtract(rows).pixels)
    assert clean.flags.f_contiguous


def test_a_dark_is_read_once_until_its_file_changes(tmp_path, monkeypatch):
    read = []

    def counted(path):
        read.append(path.name)
        return read_frame(path)

    read_frame = darks.read_frame
    monkeypatch.setattr(darks, "read_frame", counted)
    _dark(tmp_path, "15_dark.fits", level=300)
    library = DarkLibrary(tmp_path)
    threads = [
        threading.Thread(target=library.find, args=(15.0, SHAPE, 1), daemon=True) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read == ["15_dark.fits"]
    _dark(tmp_path, "15_dark.fits", level=700)
    os.utime(tmp_path / "15_dark.fits", ns=(1, 1))
    assert library.find(15.0, SHAPE, 1).frame.pixels[0, 0] == 700
    assert len(read) == 2


def test_one_array_is_added_that_of_the_result(tmp_path):
    _dark(tmp_path, "15_dark.fits", shape=(1024, 1024))
    library = DarkLibrary(tmp_path)
    light = Frame(np.full((1024, 1024), 900, np.uint16), exposure_s=15.0)
    library.subtract(light)
    tracemalloc.start()
    library.subtract(light)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * light.pixels.nbytes
