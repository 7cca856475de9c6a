import json
import os
import stat
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from focusbench.errors import MeasurementError, TooFewStars
from focusbench.frames import Frame, read_frame
from focusbench.stars import STAR_FIELDS, astap_cli
from focusbench.stars.astap_cli import measure_with_astap
from focusbench.stars.ensemble import ensemble

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-in program is a Unix script")

FRAME = np.random.default_rng(1).integers(400, 600, (40, 60)).astype(np.uint16)
HEADER = "x,y,hfd,snr,flux,ra[0..360],dec[0..360]"
ROWS = (
    "11.5000,21.2500,3.4000,120,50000",
    "30.0000,5.0000,3.1000,80,30000",
    "50.7500,33.0000,3.6000,300,90000",
)


@pytest.fixture
def stand_in(tmp_path):
    """A program that behaves as ASTAP's documentation and source say, or does as told."""

    def make(body="", rows=ROWS, stars=None, name="astap_cli", folder=tmp_path):
        text = "\n".join([HEADER, *rows, "", ""])
        stars = len(rows) if stars is None else stars
        usual = f"""
            from pathlib import Path
            Path(sys.argv[2]).with_suffix(".csv").write_text({text!r})
            print("HFD_MEDIAN=3,4")
            print("STARS={stars}")
        """
        program = folder / name
        script = textwrap.dedent(body or usual)
        program.write_text(f"#!{sys.executable}\nimport sys\n{script}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        return program

    return make


def test_the_value_is_the_median_of_the_diameters_that_astap_lists(stand_in):
    measured = measure_with_astap(FRAME, executable=stand_in())
    assert measured.metric == "hfd_astap:astap_cli"
    assert "astap_cli" in measured.definition
    assert measured.n_stars == 3
    assert measured.value == 3.4
    # Deviations 0, 0.3, 0.2.
    assert measured.scatter == pytest.approx(1.4826 * 0.2)
    assert (measured.value, measured.scatter, measured.error) == ensemble(np.array([3.4, 3.1, 3.6]))


def test_stars_are_counted_from_pixel_zero_and_the_unmeasured_is_nan(stand_in):
    stars = measure_with_astap(FRAME, executable=stand_in()).stars
    assert stars.dtype == STAR_FIELDS
    assert stars["used"].all()
    assert list(stars["x"]) == [10.5, 29.0, 49.75]
    assert list(stars["y"]) == [20.25, 4.0, 32.0]
    assert list(stars["snr"]) == [120, 80, 300]
    assert list(stars["flux"]) == [50_000, 30_000, 90_000]
    assert np.isnan(stars["hfr"]).all()
    for name in {"hfd_astap"} & set(STAR_FIELDS.names):
        assert list(stars[name]) == [3.4, 3.1, 3.6]


def test_astap_is_called_as_documented_on_a_fits_file_with_these_pixels(stand_in, tmp_path):
    seen = tmp_path / "seen"
    program = stand_in(f"""
        import shutil, json
        from pathlib import Path
        Path({str(seen)!r}).write_text(json.dumps(sys.argv[1:]))
        shutil.copy(sys.argv[2], {str(tmp_path / "copy.fits")!r})
        Path(sys.argv[2]).with_suffix(".csv").write_text({HEADER + chr(10) + ROWS[0]!r})
    """)
    measure_with_astap(Frame(FRAME, header={"OBJECT": "M 31"}), executable=program)
    arguments = json.loads(seen.read_text())
    assert arguments[0] == "-f"
    assert arguments[1].endswith(".fits")
    assert arguments[2:] == ["-analyse", "30", "-extract", "30"]
    assert np.array_equal(read_frame(tmp_path / "copy.fits").pixels, FRAME)
    # Nothing is left behind.
    assert not Path(arguments[1]).exists()


def test_a_name_that_a_shell_would_execute_is_only_a_name(stand_in, tmp_path):
    folder = tmp_path / "a b; touch harm $(touch harm)"
    folder.mkdir()
    assert measure_with_astap(FRAME, executable=stand_in(folder=folder)).n_stars == 3
    assert not list(tmp_path.rglob("harm"))


def test_decimal_commas_are_read_as_points(stand_in):
    rows = ("11,5000,21,2500,3,4000,120,50000", "30,0000,5,0000,3,1000,80,30000")
    measured = measure_with_astap(FRAME, executable=stand_in(rows=rows))
    assert measured.value == pytest.approx(3.25)
    assert list(measured.stars["x"]) == [10.5, 29.0]
    assert list(measured.stars["flux"]) == [50_000, 30_000]


def test_sky_coordinates_behind_the_five_columns_do_no_harm(stand_in):
    rows = [f"{row},210.80000000,54.35000000" for row in ROWS]
    assert measure_with_astap(FRAME, executable=stand_in(rows=rows)).value == 3.4


def test_too_few_stars_is_said_with_their_number(stand_in):
    with pytest.raises(TooFewStars, match="3 stars, 5 needed"):
        measure_with_astap(FRAME, min_stars=5, executable=stand_in())
    with pytest.raises(TooFewStars, match="no stars, 1 needed"):
        measure_with_astap(FRAME, executable=stand_in(rows=()))


def test_one_star_has_no_scatter(stand_in):
    measured = measure_with_astap(FRAME, executable=stand_in(rows=ROWS[:1]))
    assert (measured.value, measured.scatter, measured.error) == (3.4, None, None)


def test_the_program_is_found_on_the_path(stand_in, tmp_path, monkeypatch):
    stand_in()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert measure_with_astap(FRAME).n_stars == 3


def test_the_program_is_found_in_its_usual_places_the_console_one_first(
    stand_in, tmp_path, monkeypatch
):
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.setattr(astap_cli, "_USUAL_PLACES", (r"C:\Program Files\astap", str(tmp_path)))
    stand_in(name="astap", rows=ROWS[:1])
    assert measure_with_astap(FRAME).n_stars == 1
    stand_in()
    assert measure_with_astap(FRAME).n_stars == 3


def test_a_relative_name_is_found_from_where_the_user_stands(stand_in, tmp_path, monkeypatch):
    stand_in()
    monkeypatch.chdir(tmp_path)
    assert measure_with_astap(FRAME, executable="./astap_cli").n_stars == 3


def test_without_astap_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(astap_cli, "_USUAL_PLACES", ())
    with pytest.raises(MeasurementError, match=r"not installed.*hnsky\.org"):
        measure_with_astap(FRAME)
    with pytest.raises(MeasurementError, match="There is no program"):
        measure_with_astap(FRAME, executable=tmp_path / "astap_cli")


def test_a_failure_is_told_in_astaps_own_words(stand_in):
    # So does astap_cli with a file that it cannot read.
    program = stand_in("""
        from pathlib import Path
        print("Error, accessing the file!")
        Path(sys.argv[2]).with_suffix(".ini").write_text(
            "PLTSOLVD=F\\nERROR=Error reading image file.\\n"
        )
        sys.exit(1)
    """)
    with pytest.raises(MeasurementError, match=r"exit code 1\): Error reading image file"):
        measure_with_astap(FRAME, executable=program)
    program = stand_in("sys.exit('Access violation')")
    with pytest.raises(MeasurementError, match="Access violation"):
        measure_with_astap(FRAME, executable=program)
    program = stand_in("pass")
    with pytest.raises(MeasurementError, match="said nothing"):
        measure_with_astap(FRAME, executable=program)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it begins with ''"),
        ("hello", "it begins with 'hello'"),
        (f"{HEADER}\n1.0,2.0,3.0", "a row is '1.0,2.0,3.0'"),
        (f"{HEADER}\n1.0,2.0,wide,30,400", "wide"),
        (f"{HEADER}\n1.0,2.0,nan,30,400", "no diameter"),
        (f"{HEADER}\n1.0,2.0,-3.0,30,400", "no diameter"),
    ],
)
def test_nonsense_is_one_clear_error(stand_in, text, says):
    program = stand_in(f"""
        from pathlib import Path
        Path(sys.argv[2]).with_suffix(".csv").write_text({text!r})
    """)
    with pytest.raises(MeasurementError, match=says):
        measure_with_astap(FRAME, executable=program)


def test_a_list_shorter_than_its_count_is_not_trusted(stand_in):
    with pytest.raises(MeasurementError, match="counts 250 stars and lists 3"):
        measure_with_astap(FRAME, executable=stand_in(stars=250))
    with pytest.raises(MeasurementError, match="no list of stars"):
        measure_with_astap(FRAME, executable=stand_in(stars="many"))


def test_a_program_that_hangs_is_ended(stand_in, monkeypatch):
    monkeypatch.setattr(astap_cli, "_TIMEOUT_S", 0.3)
    program = stand_in("import time; time.sleep(60)")
    with pytest.raises(MeasurementError, match=r"did not finish within 0\.3 s"):
        measure_with_astap(FRAME, executable=program)


def test_a_file_that_is_no_program_is_one_clear_error(tmp_path):
    program = tmp_path / "astap_cli"
    program.write_bytes(b"\x00\x01 no program")
    program.chmod(0o755)
    with pytest.raises(MeasurementError, match="cannot be started"):
        measure_with_astap(FRAME, executable=program)


@pytest.mark.parametrize(
    "pixels", [np.zeros((3, 40, 40)), np.zeros((0, 40)), np.zeros((40, 40), complex)]
)
def test_what_is_no_frame_is_refused(stand_in, pixels):
    with pytest.raises(MeasurementError):
        measure_with_astap(pixels, executable=stand_in())
