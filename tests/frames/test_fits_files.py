import contextlib
import gzip
import io
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from focusbench.errors import FrameError
from focusbench.frames import Frame, compress_fits, read_frame, write_frame

PIXELS = np.random.default_rng(1).integers(300, 60_000, (48, 64)).astype(np.uint16)


def _file(pixels, **header) -> bytes:
    hdu = fits.PrimaryHDU(pixels)
    for keyword, value in header.items():
        hdu.header[keyword.replace("_", "-")] = value
    body = io.BytesIO()
    hdu.writeto(body)
    return body.getvalue()


def _with_card(body: bytes, card: bytes) -> bytes:
    """The file with one more card, byte for byte as given, before END."""
    end = body.index(b"END" + b" " * 77)
    return body[:end] + card.ljust(80) + b"END".ljust(80) + body[end + 160 :]


@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", ">u2", "i4", "u4", "i8", "f4", ">f8"])
def test_pixels_of_every_type_come_back_as_they_were_written(dtype, tmp_path):
    pixels = (PIXELS // 256).astype(dtype)
    write_frame(Frame(pixels), tmp_path / "a.fits")
    read = read_frame(tmp_path / "a.fits").pixels
    np.testing.assert_array_equal(read, pixels)
    assert read.dtype == np.dtype(dtype).newbyteorder("=")


def test_what_is_known_of_a_frame_survives_the_file(tmp_path):
    frame = Frame(
        PIXELS,
        exposure_s=3.5,
        binning=2,
        position=10490.0,
        filter="H-alpha's",
        temperature_c=-4.25,
        time_s=1_795_000_000.125,
        header={"OBJECT": "M 31", "GAIN": 120, "SHUTTER": True, "BZERO": 7, "FOCPOS": 1},
    )
    write_frame(frame, tmp_path / "a.fits")
    read = read_frame(tmp_path / "a.fits")
    for name in ("exposure_s", "binning", "position", "filter", "temperature_c"):
        assert getattr(read, name) == getattr(frame, name), name
    assert read.time_s == pytest.approx(frame.time_s, abs=1e-5)  # DATE-OBS has microseconds
    assert read.source == "a.fits"
    assert (read.header["OBJECT"], read.header["GAIN"], read.header["SHUTTER"]) == (
        "M 31",
        120,
        True,
    )


def test_astropy_reads_what_we_write(tmp_path):
    write_frame(Frame(PIXELS, position=12.5, header={"NOTE": "x" * 200}), tmp_path / "a.fits")
    with fits.open(tmp_path / "a.fits") as hdus:
        hdus.verify("exception")
        np.testing.assert_array_equal(hdus[0].data, PIXELS)
        assert hdus[0].data.dtype == np.uint16
        assert hdus[0].header["FOCPOS"] == 12.5


@pytest.mark.parametrize("keyword", ["FOCPOS", "FOCUSPOS", "FOCUSER", "FOCUSERP", "FOCPOSN"])
def test_the_focuser_position_is_found_under_the_known_keywords(keyword):
    frame = read_frame(_file(PIXELS, **{keyword: 6830}))
    assert frame.position == (None if keyword == "FOCUSERP" else 6830)


def test_the_time_is_that_of_the_middle_of_the_exposure():
    frame = read_frame(_file(PIXELS, DATE_OBS="2014-01-17T20:29:04", EXPTIME=3.0))
    assert frame.time_s == 1389990544 + 1.5
    split = read_frame(_file(PIXELS, DATE_OBS="2014-01-17", TIME_OBS="20:29:04", EXPOSURE=2.0))
    assert split.time_s == 1389990544 + 1.0
    assert read_frame(_file(PIXELS, DATE_OBS="2014-01-17", EXPTIME=3.0)).time_s is None


def test_gzipped_and_compressed_files_read_like_plain_ones(tmp_path):
    plain = _file(PIXELS, FOCPOS=77, EXPTIME=2.0)
    zipped = gzip.compress(plain)
    compress_fits(plain, tmp_path / "a.fz")
    packed = (tmp_path / "a.fz").read_bytes()
    assert b"RICE_1" in packed
    for body in (plain, zipped, packed, io.BytesIO(packed)):
        frame = read_frame(body)
        np.testing.assert_array_equal(frame.pixels, PIXELS)
        assert frame.pixels.dtype == np.uint16
        assert (frame.position, frame.exposure_s) == (77, 2.0)


@pytest.mark.parametrize("dtype", ["u1", "i2", "i4", "u4", "f4", "f8"])
def test_compression_loses_nothing(dtype):
    pixels = (PIXELS[:, :50] / 300).astype(dtype)
    packed = io.BytesIO()
    compress_fits(_file(pixels), packed)
    np.testing.assert_array_equal(read_frame(packed.getvalue()).pixels, pixels)


def test_rice_makes_a_noisy_16_bit_frame_clearly_smaller():
    sky = np.random.default_rng(2).normal(400, 6, (256, 256)).astype(np.uint16)
    packed = io.BytesIO()
    compress_fits(_file(sky), packed)
    assert len(packed.getvalue()) < 0.5 * sky.nbytes  # 4 to 5 bits of noise out of 16


def test_files_compressed_by_others_are_read():
    body = io.BytesIO()
    hdu = fits.CompImageHDU(PIXELS, compression_type="GZIP_1")
    hdu.header["FOCUSPOS"] = 5
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(body)
    frame = read_frame(body.getvalue())
    np.testing.assert_array_equal(frame.pixels, PIXELS)
    assert frame.position == 5


def test_scaled_pixels_are_scaled_and_blank_ones_are_nan():
    body = _file(np.array([[1, 2], [3, -9]], np.int16))
    for card in (b"BSCALE  = 2.5", b"BZERO   = 10.0", b"BLANK   = -9"):
        body = _with_card(body, card)
    np.testing.assert_array_equal(read_frame(body).pixels, [[12.5, 15.0], [17.5, np.nan]])


def test_a_colour_image_becomes_the_mean_of_its_planes_green_counted_twice():
    planes = np.stack([PIXELS, PIXELS // 2, PIXELS // 4])
    expected = np.average(planes, axis=0, weights=[1, 2, 1])
    np.testing.assert_allclose(read_frame(_file(planes)).pixels, expected, rtol=1e-6)
    by_pixel = np.moveaxis(planes, 0, 2)
    np.testing.assert_allclose(read_frame(_file(by_pixel)).pixels, expected, rtol=1e-6)


def test_a_single_plane_of_three_axes_stays_as_it_is():
    pixels = read_frame(_file(PIXELS[None])).pixels
    np.testing.assert_array_equal(pixels, PIXELS)
    assert pixels.dtype == np.uint16


def test_the_first_image_is_taken_when_the_primary_unit_is_empty():
    body = io.BytesIO()
    primary = fits.PrimaryHDU()
    primary.header["FOCPOS"] = 41
    table = fits.BinTableHDU.from_columns([fits.Column("a", "J", array=[1, 2, 3])])
    fits.HDUList([primary, table, fits.ImageHDU(PIXELS)]).writeto(body)
    frame = read_frame(body.getvalue())
    np.testing.assert_array_equal(frame.pixels, PIXELS)
    assert frame.position == 41


@pytest.mark.parametrize(
    "card",
    [
        b"FILTER  = 'R\0\0\0'",
        b"ESO-LOG 03:04:08>-START EXPO EMMI RED          / not a keyword",
        b"BROKEN  = 'no closing quote",
        b"NOTHING =",
        b"WRONG   = 12abc",
        b"lower   = 1",
        b"UMLAUT  = 'K\xe4lte'",
        b"FOCPOS  = 'unknown'",
        b"HIERARCH ESO DET NAME = 'CCD' / long",
        b"EXPTIME = nan",
        b"XBINNING= 0",
    ],
)
def test_odd_cards_neither_crash_nor_warn(card):
    frame = read_frame(_with_card(_file(PIXELS), card))
    np.testing.assert_array_equal(frame.pixels, PIXELS)
    assert frame.binning == 1
    assert frame.exposure_s is None


def test_a_further_header_without_a_card_is_no_image():
    # Found by fuzzing: an empty primary unit, and a second one that is an END alone.
    body = _file(None) + b"END".ljust(80) + b" " * 2800
    with pytest.raises(FrameError, match="holds no image"):
        read_frame(body, "frame.fits")


def test_errors_name_the_file_and_the_cure(tmp_path):
    whole = _file(PIXELS)
    packed = io.BytesIO()
    compress_fits(whole, packed)
    broken = bytearray(packed.getvalue())
    broken[-2880:] = b"\xff" * 2880
    cases = {
        "text.fits": (b"hello, I am no picture", "not a FITS file"),
        "empty.fits": (b"", "not a FITS file"),
        "cut.fits": (whole[:5000], "ends before its last pixel"),
        "head.fits": (whole[:100], "holds no image"),
        "bare.fits": (_file(None), "holds no image"),
        "line.fits": (_file(np.arange(9)), "holds no image"),
        "cut.fits.gz": (gzip.compress(whole)[:-50], "cannot be unzipped"),
        "cut.fz": (packed.getvalue()[:6000], "ends before its last pixel"),
    }
    for name, (body, why) in cases.items():
        path = tmp_path / name
        path.write_bytes(body)
        with pytest.raises(FrameError, match=why) as caught:
            read_frame(path)
        assert name in str(caught.value)
        assert "\n" not in str(caught.value)
    with pytest.raises(FrameError, match="There is no file"):
        read_frame(tmp_path / "missing.fits")
    with pytest.raises(FrameError, match="is a folder"):
        read_frame(tmp_path)
    with pytest.raises(FrameError, match="cannot be written"):
        write_frame(Frame(PIXELS), tmp_path / "no" / "folder.fits")
    with pytest.raises(FrameError, match="complex128"):
        write_frame(Frame(PIXELS.astype(complex)), tmp_path / "c.fits")


def test_damaged_bytes_give_a_frame_or_a_frame_error():
    rng = np.random.default_rng(3)
    packed = io.BytesIO()
    compress_fits(_file(PIXELS), packed)
    for body in (_file(PIXELS), packed.getvalue()):
        for _ in range(60):
            damaged = bytearray(body[: rng.integers(80, len(body) + 1)])
            for place in rng.integers(0, min(len(damaged), 6000), 8):
                damaged[place] = rng.integers(0, 256)
            with contextlib.suppress(FrameError):
                assert isinstance(read_frame(bytes(damaged)), Frame)


def test_a_real_camera_file_reads_as_astropy_reads_it():
    folder = Path(__file__).parents[3] / "shared" / "data" / "newton-through-focus"
    if not folder.is_dir():
        pytest.skip(f"the real frames are not here: {folder}")
    frame = read_frame(folder / "focus_test_600.fit")
    with fits.open(folder / "focus_test_600.fit") as hdus:
        np.testing.assert_array_equal(frame.pixels, hdus[0].data)
    assert (frame.exposure_s, frame.filter, frame.position) == (3.0, "Position 3", None)
