"""Whatever a file holds, opening it ends in a run or in a reason; nothing is written outside."""

import gzip
import io
import json
import os
import struct
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from focusbench.af_packages import import_runs, open_package, zip_package
from focusbench.af_packages.reader import read_runs
from focusbench.errors import PackageError
from focusbench.frames import Frame, compress_fits, write_frame
from tests.af_packages.conftest import a_run
from tests.af_packages.foreign import hocus_report, hocus_result
from tests.af_packages.test_ekos import FOCUS_LOG
from tests.af_packages.test_import import a_log, make_csv, make_ekos, make_viewer

DEEP = 100_000


# ------------------------------------------------------------------------------------- folders


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_out_of_a_package_is_refused(recorded, tmp_path):
    secret = tmp_path / "secret.fits"
    frame = recorded / "frames" / "s0_p00_f0_10220.fits"
    secret.write_bytes(frame.read_bytes())
    frame.unlink()
    frame.symlink_to(secret)
    with pytest.raises(PackageError, match="is a link that leads out of the package"):
        open_package(recorded).frames[0]
    with pytest.raises(PackageError, match="is a link that leads out of the package"):
        zip_package(recorded, tmp_path / "shared.zip")
    assert not (tmp_path / "shared.zip").exists()


@pytest.mark.parametrize("name", ["../secret.fits", "/etc/passwd", "C:\\secret.fits", ""])
@pytest.mark.parametrize("where", ["manifest", "events", "imported"])
def test_a_manifest_that_points_outside_is_refused(recorded, tmp_path, name, where):
    folder = recorded
    if where == "imported":
        (run,) = import_runs(make_csv(tmp_path), tmp_path / "out").runs
        folder = run.package
    path = folder / "manifest.json"
    if where == "events":
        path.unlink()
        path = folder / "events.jsonl"
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        next(line for line in lines if line["event"] == "PointMeasured")["frames"] = [name]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    else:
        document = json.loads(path.read_text())
        document["points"][0]["frames"] = [name]
        path.write_text(json.dumps(document))
    with pytest.raises(PackageError, match=r"is refused: .*(no name within|points outside)"):
        open_package(folder)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pipes among its files")
def test_what_is_neither_file_nor_folder_is_passed_over(tmp_path):
    os.mkfifo(tmp_path / "run.csv")
    with pytest.raises(PackageError, match="neither a file nor a folder"):
        open_package(tmp_path / "run.csv")
    with pytest.raises(PackageError):
        import_runs(tmp_path, tmp_path / "out")


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_between_folders_do_not_go_in_circles(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "again").symlink_to(tmp_path)
    make_csv(tmp_path / "a")
    done = import_runs(tmp_path, tmp_path.parent / f"{tmp_path.name}-out")
    assert len(done.runs) == 1


def test_names_from_a_file_never_leave_the_folder_of_the_import(tmp_path):
    report = hocus_report(range(10, 100, 10), Filter="../../evil/\\:*?<|>", Timestamp="")
    path = tmp_path / "..report..json"
    path.write_text(json.dumps(report))
    (run,) = import_runs(path, tmp_path / "out").runs
    assert run.package.parent == tmp_path / "out"
    assert run.package.name == "report_evil_Hocus-Focus"


# ---------------------------------------------------------------------------------------- zips


def test_members_that_lie_over_each_other_are_refused(tmp_path):
    path = tmp_path / "quine.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a_100.fits", bytes(1_000_000))
    content = path.read_bytes()
    start = content.index(b"PK\x01\x02")
    end = content.index(b"PK\x05\x06")
    entry = content[start:end]
    # The directory names one member a hundred times.
    whole = content[:start] + entry * 100
    whole += struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 100, 100, len(entry) * 100, start, 0)
    path.write_bytes(whole)
    with pytest.raises(PackageError, match="lie over each other"):
        open_package(path)


@pytest.mark.parametrize("kind", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path, kind):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", kind) as archive, archive.open("a_100.fits", "w") as member:
        for _ in range(80):
            member.write(bytes(2**20))
    with pytest.raises(PackageError, match="would unpack to 80 MB"):
        open_package(path)


def test_a_name_of_endless_length_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "run.zip", "w") as archive:
        archive.writestr("pos" * 20_000 + "1.fits", b"")
    with pytest.raises(PackageError, match="no name within a package"):
        open_package(tmp_path / "run.zip")


# -------------------------------------------------------------------------------------- frames


def fits(**cards):
    """A FITS header without data."""
    lines = [f"{key:<8}= {value:>20}".ljust(80) for key, value in cards.items()] + ["END".ljust(80)]
    return "".join(lines).encode().ljust(2880, b" ")


LIES = {
    "too large": fits(SIMPLE="T", BITPIX=16, NAXIS=2, NAXIS1=10**9, NAXIS2=10**9),
    "negative": fits(SIMPLE="T", BITPIX=16, NAXIS=2, NAXIS1=-5, NAXIS2=7),
    "infinite": fits(SIMPLE="T", BITPIX="1E400", NAXIS=2, NAXIS1=10, NAXIS2=10),
    "many axes": fits(SIMPLE="T", BITPIX=8, NAXIS=10**9),
    "no end": b"SIMPLE  =                    T".ljust(80) + b" " * 5680,
    "compressed": fits(SIMPLE="T", BITPIX=8, NAXIS=0)
    + fits(
        XTENSION="'BINTABLE'", BITPIX=8, NAXIS=2, NAXIS1=8, NAXIS2=1, PCOUNT=0, GCOUNT=1,
        TFIELDS=1, TTYPE1="'COMPRESSED_DATA'", TFORM1="'1PB(0)'", ZIMAGE="T", ZCMPTYPE="'RICE_1'",
        ZBITPIX=16, ZNAXIS=2, ZNAXIS1=100_000, ZNAXIS2=100_000,
    ),
    "gzip bomb": b"",
}  # fmt: skip
LIES["compressed"] += bytes(2880)


@pytest.mark.parametrize("name", LIES)
def test_a_frame_that_lies_about_its_size_is_skipped_with_a_reason(tmp_path, name, monkeypatch):
    content = LIES[name]
    if name == "gzip bomb":
        monkeypatch.setattr("focusbench.frames.reading._LARGEST", 2**20)
        content = gzip.compress(bytes(2**22))
    (tmp_path / "focus_1.fits").write_bytes(content)
    with pytest.raises(PackageError, match=r"holds no readable frame: focus_1\.fits was skipped"):
        open_package(tmp_path)


def _bombs(folder):
    """Files of a few megabytes that would like to become gigabytes."""
    zipped = folder / "deep.zip"
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", b"[" * 2**25)
    compressed = folder / "compressed"
    compressed.mkdir()
    (compressed / "focus_1.fits").write_bytes(LIES["compressed"])
    table = folder / "rows.csv"
    table.write_bytes(b"position,hfr\n" + b"1,1\n" * 2**21)
    report = folder / "report.json"
    report.write_bytes(b'{"MeasurePoints": [' + b"[]," * 2**21 + b"1]}")
    (run,) = import_runs(make_csv(folder), folder / "out").runs
    stars = run.package
    (stars / "stars.ecsv").write_bytes(b"x\n" + b"1\n" * 2**22)
    log = folder / "endless.log"
    line = b"[12/17/2016 7:08:41 PM] [DEBUG] [M] Focuser moving to 1\n"
    log.write_bytes(b"SGM_FOCUSER_AUTO_FOCUS\n" + line * 2**17)
    return zipped, compressed, table, report, stars, log


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc to set a limit")
def test_memory_stays_bounded(tmp_path):
    """What may be opened has 1.5 GB to do it in, in a process of its own."""
    bombs = _bombs(tmp_path)
    code = (
        "import resource, sys\n"
        "from focusbench.af_packages import open_package\n"
        "from focusbench.errors import PackageError\n"
        "import focusbench.stars, numpy, xarray\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + 3 * 2**29, used + 3 * 2**29))\n"
        "for path in sys.argv[1:]:\n"
        "    try:\n"
        "        open_package(path).stars\n"
        "    except PackageError as error:\n"
        "        print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, bombs)], capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr[-500:]
    said = done.stdout.splitlines()
    assert len(said) == len(bombs)
    for path, sentence in zip(bombs, said, strict=True):
        assert str(path) in sentence


# ---------------------------------------------------------------------------------- everything


def _seeds(folder):
    """A good file of every kind that is read from one file."""
    frame = Frame(np.arange(480, dtype=np.uint16).reshape(20, 24) * 7, position=100.0)
    write_frame(frame, folder / "a_100.fits")
    packed = io.BytesIO()
    compress_fits(folder / "a_100.fits", packed)
    frames = {"a_100.fits": (folder / "a_100.fits").read_bytes(), "a_200.fits": packed.getvalue()}
    from focusbench.af_packages import PackageRecorder

    recorder = PackageRecorder(folder / "runs")
    for event in a_run().events:
        recorder.record(event)
    seeds = {
        "report.json": json.dumps(hocus_report(range(10, 100, 10))).encode(),
        "run.csv": make_csv(folder).read_bytes(),
        "session.analyze": make_ekos(folder).read_bytes(),
        "focus.txt": FOCUS_LOG.encode(),
        "kstars.txt": b'[2024-09-06T00:50:20.1 CEST DEBG ] - "Linear: points=[(1, 2), (3, 4)];'
        b"iterations=9;solution=2;filter='L';temperature=4\"\n",
        "sgpro.log": a_log().text().encode(),
        "viewer.txt": make_viewer(folder).read_bytes(),
        "manifest.json": (recorder.path / "manifest.json").read_bytes(),
        "events.jsonl": (recorder.path / "events.jsonl").read_bytes()[:4000],
        "stars.ecsv": (recorder.path / "stars.ecsv").read_bytes(),
        "00_Frame00_Region00_star_detection_result.json": json.dumps(
            hocus_result(100, n_stars=2)
        ).encode(),
        **frames,
    }
    (run,) = import_runs(folder / "run.csv", folder / "out").runs
    seeds["imported/manifest.json"] = (run.package / "manifest.json").read_bytes()
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in frames.items():
            archive.writestr(name, content)
    seeds["frames.zip"] = body.getvalue()
    return seeds


@pytest.fixture(scope="module")
def seeds(tmp_path_factory):
    return _seeds(tmp_path_factory.mktemp("seeds"))


CHUNKS = st.one_of(
    st.binary(max_size=8),
    st.sampled_from(
        [
            b"NaN", b"-1", b"0", b"1e308", b"9" * 400, b"null", b"[]", b"{}", b'"', b"\n", b",",
            b"|", b";", b"\t", b"../", b"\0", b"1e-320", b"-Infinity", b"true", b"\xff\xfe",
            b"[" * 3000, b"99999999999", b"2024-13-45", b"0.0", b"validation",
        ]
    ),
)  # fmt: skip
EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), CHUNKS), min_size=1, max_size=4)


def _edited(content, edits):
    for where, length, chunk in edits:
        at = int(where * len(content))
        content = content[:at] + chunk + content[at + length :]
    return content


NAMES = (
    "report.json", "run.csv", "session.analyze", "focus.txt", "kstars.txt", "sgpro.log",
    "viewer.txt", "manifest.json", "events.jsonl", "stars.ecsv", "a_100.fits", "a_200.fits",
    "imported/manifest.json", "frames.zip", "00_Frame00_Region00_star_detection_result.json",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(edits=EDITS)
def test_a_file_with_any_bytes_in_it_is_a_run_or_is_refused(seeds, tmp_path_factory, name, edits):
    assert set(NAMES) == set(seeds)
    folder = tmp_path_factory.mktemp("edited")
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(_edited(seeds[name], edits))
    is_tree = name.endswith((".fits", "manifest.json", "events.jsonl", ".ecsv", "result.json"))
    if name == "stars.ecsv":
        (folder / "manifest.json").write_bytes(seeds["manifest.json"])
    before, said = sorted(folder.rglob("*")), ""
    try:
        for package in read_runs(path.parent if is_tree else path):
            assert package.focus_points
            assert package.points.sizes["point"] == len(package.focus_points)
            assert len(package.stars) >= 0
            assert repr(package)
    except PackageError as error:
        said = str(error)
    assert "\n" not in said
    assert sorted(folder.rglob("*")) == before
